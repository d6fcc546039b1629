import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("contacts", "0002_contact_of_a_supplier"),
    ]

    operations = [
        migrations.AddField(
            "contact",
            "looked_after_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            "contact",
            models.UniqueConstraint(
                condition=models.Q(("customer__isnull", False)),
                fields=("customer", "name"),
                name="contacts_contact_once_a_customer",
            ),
        ),
        migrations.AddIndex("contact", models.Index(fields=["name", "email"], name="contacts_name_email")),
    ]
