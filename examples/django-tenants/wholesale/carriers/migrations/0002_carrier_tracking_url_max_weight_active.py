from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "0001_initial")]

    operations = [
        migrations.AddField(
            "carrier", "tracking_url", models.URLField(blank=True, default=""), preserve_default=False
        ),
        migrations.AddField("carrier", "max_weight_kg", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("carrier", "active", models.BooleanField(default=True)),
        migrations.AlterField("carrier", "name", models.CharField(max_length=200)),
        migrations.AddIndex(
            "carrier",
            models.Index(condition=models.Q(("active", True)), fields=["name"], name="carriers_active_name"),
        ),
    ]
