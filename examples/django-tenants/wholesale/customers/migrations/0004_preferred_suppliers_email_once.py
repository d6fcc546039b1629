import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_number_unique_credit_limit_wider"),
        ("suppliers", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            "customer",
            "preferred_suppliers",
            models.ManyToManyField(blank=True, related_name="preferred_by", to="suppliers.supplier"),
        ),
        migrations.AddConstraint(
            "customer",
            models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"),
                condition=models.Q(("email", ""), _negated=True),
                name="customers_customer_email_once",
            ),
        ),
    ]
