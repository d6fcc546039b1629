from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [
        migrations.AddField(
            "customer",
            "email",
            models.EmailField(blank=True, default="", max_length=254),
            preserve_default=False,
        ),
        migrations.AddField(
            "customer", "credit_limit", models.DecimalField(decimal_places=2, default=0, max_digits=10)
        ),
    ]
