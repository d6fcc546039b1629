from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0001_initial")]

    operations = [
        migrations.AddField("supplier", "country", models.CharField(default="DE", max_length=2)),
        migrations.AddField("supplier", "lead_time_days", models.PositiveSmallIntegerField(default=7)),
        migrations.AlterField("supplier", "name", models.CharField(max_length=200)),
    ]
