from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0003_agreement")]

    operations = [
        migrations.AddIndex(
            "supplier",
            models.Index(fields=["country", "name"], name="suppliers_country_name"),
        ),
        migrations.AddConstraint(
            "supplier",
            models.UniqueConstraint(fields=("code",), name="suppliers_supplier_code_once"),
        ),
        migrations.AddConstraint(
            "agreement",
            models.UniqueConstraint(fields=("supplier", "year"), name="suppliers_agreement_once_a_year"),
        ),
    ]
