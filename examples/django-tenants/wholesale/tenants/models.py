from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):
    """A wholesaler that uses the application; its data is in a schema of its own."""

    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    paid_until = models.DateField(null=True, blank=True)
    created_on = models.DateField(auto_now_add=True)

    def __str__(self):
        return self.name


class Domain(DomainMixin):
    """A host name at which a client is reached."""
