from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_customer_email_credit_limit")]

    operations = [
        migrations.AlterField("customer", "number", models.CharField(max_length=20, unique=True)),
        migrations.AlterField(
            "customer", "credit_limit", models.DecimalField(decimal_places=2, default=0, max_digits=12)
        ),
        migrations.AddIndex("customer", models.Index(fields=["name"], name="customers_customer_name")),
    ]
