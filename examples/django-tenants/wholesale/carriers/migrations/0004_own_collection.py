from django.db import migrations


def add(apps, schema_editor):
    """Every tenant has this carrier from the start: customers may fetch their goods themselves."""
    Carrier = apps.get_model("carriers", "Carrier")
    Carrier.objects.using(schema_editor.connection.alias).get_or_create(
        code="OWN", defaults={"name": "Collected by the customer"}
    )


def remove(apps, schema_editor):
    Carrier = apps.get_model("carriers", "Carrier")
    Carrier.objects.using(schema_editor.connection.alias).filter(code="OWN").delete()


class Migration(migrations.Migration):
    dependencies = [("carriers", "0003_rate")]

    operations = [migrations.RunPython(add, remove)]
