import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0001_initial"),
        ("suppliers", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            "contact",
            "customer",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="contacts",
                to="customers.customer",
            ),
        ),
        migrations.AddField(
            "contact",
            "supplier",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="contacts",
                to="suppliers.supplier",
            ),
        ),
        migrations.AddField(
            "contact",
            "phone",
            models.CharField(blank=True, default="", max_length=40),
            preserve_default=False,
        ),
    ]
