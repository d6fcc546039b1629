from django.db import models
from django.db.models.functions import Lower

from wholesale.suppliers.models import Supplier


class Customer(models.Model):
    """Who buys from us."""

    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    credit_limit = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    preferred_suppliers = models.ManyToManyField(Supplier, blank=True, related_name="preferred_by")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=~models.Q(email=""),
                name="customers_customer_email_once",
            ),
        ]
        indexes = [models.Index(fields=["name"], name="customers_customer_name")]

    def __str__(self):
        return self.name
