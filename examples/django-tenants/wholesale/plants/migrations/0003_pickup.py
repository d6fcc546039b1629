import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("plants", "0002_city_supplier_protected"),
        ("carriers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pickup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("weekdays", models.CharField(default="12345", max_length=7)),
                (
                    "carrier",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="carriers.carrier"),
                ),
                (
                    "plant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="plants.plant"),
                ),
            ],
        ),
        migrations.AddField(
            "plant",
            "carriers",
            models.ManyToManyField(related_name="plants", through="plants.Pickup", to="carriers.carrier"),
        ),
        migrations.AddConstraint(
            "pickup",
            models.UniqueConstraint(fields=("plant", "carrier"), name="plants_pickup_once"),
        ),
    ]
