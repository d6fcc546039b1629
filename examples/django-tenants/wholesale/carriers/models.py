from django.db import models


class Carrier(models.Model):
    """Who brings the goods."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    tracking_url = models.URLField(blank=True)
    max_weight_kg = models.PositiveIntegerField(null=True, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]
        indexes = [
            models.Index(fields=["name"], condition=models.Q(active=True), name="carriers_active_name"),
        ]

    def __str__(self):
        return self.name


class Rate(models.Model):
    """What a carrier asks for a parcel up to a weight."""

    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="rates")
    up_to_kg = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=8, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["carrier", "up_to_kg"], name="carriers_rate_once_a_weight"),
        ]
