from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.AddField(
            "client", "description", models.TextField(blank=True, default=""), preserve_default=False
        ),
        migrations.AddField("client", "paid_until", models.DateField(blank=True, null=True)),
    ]
