from django.db import models

from wholesale.carriers.models import Carrier
from wholesale.suppliers.models import Supplier


class Plant(models.Model):
    """A place from which a supplier's goods leave, and who fetches them there."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="plants")
    name = models.CharField(max_length=200)
    city = models.CharField(max_length=120, blank=True)
    carriers = models.ManyToManyField(Carrier, through="Pickup", related_name="plants")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["supplier", "name"], name="plants_plant_name_once"),
        ]

    def __str__(self):
        return self.name


class Pickup(models.Model):
    """On which days a carrier fetches goods at a plant."""

    plant = models.ForeignKey(Plant, on_delete=models.CASCADE)
    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE)
    weekdays = models.CharField(max_length=7, default="12345")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plant", "carrier"], name="plants_pickup_once"),
        ]
