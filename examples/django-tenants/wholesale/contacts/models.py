from django.conf import settings
from django.db import models

from wholesale.customers.models import Customer
from wholesale.suppliers.models import Supplier


class Contact(models.Model):
    """A person at a customer or at a supplier."""

    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="contacts"
    )
    supplier = models.ForeignKey(
        Supplier, null=True, blank=True, on_delete=models.CASCADE, related_name="contacts"
    )
    looked_after_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "name"],
                condition=models.Q(customer__isnull=False),
                name="contacts_contact_once_a_customer",
            ),
        ]
        indexes = [models.Index(fields=["name", "email"], name="contacts_name_email")]

    def __str__(self):
        return self.name
