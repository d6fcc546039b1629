import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "0002_carrier_tracking_url_max_weight_active")]

    operations = [
        migrations.CreateModel(
            name="Rate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("up_to_kg", models.PositiveIntegerField()),
                ("price", models.DecimalField(decimal_places=2, max_digits=8)),
                (
                    "carrier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rates",
                        to="carriers.carrier",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            "rate",
            models.UniqueConstraint(fields=("carrier", "up_to_kg"), name="carriers_rate_once_a_weight"),
        ),
    ]
