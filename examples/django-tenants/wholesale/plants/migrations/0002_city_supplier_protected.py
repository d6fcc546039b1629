import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plants", "0001_initial")]

    operations = [
        migrations.AddField(
            "plant", "city", models.CharField(blank=True, default="", max_length=120), preserve_default=False
        ),
        migrations.AlterField(
            "plant",
            "supplier",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="plants", to="suppliers.supplier"
            ),
        ),
        migrations.AddConstraint(
            "plant",
            models.UniqueConstraint(fields=("supplier", "name"), name="plants_plant_name_once"),
        ),
    ]
