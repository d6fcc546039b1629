from django.db import models


class Supplier(models.Model):
    """Who sells to us."""

    code = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2, default="DE")
    lead_time_days = models.PositiveSmallIntegerField(default=7)

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["code"], name="suppliers_supplier_code_once")]
        indexes = [models.Index(fields=["country", "name"], name="suppliers_country_name")]

    def __str__(self):
        return self.name


class Agreement(models.Model):
    """What was agreed with a supplier, year by year."""

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="agreements")
    year = models.PositiveSmallIntegerField()
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supplier", "year"], name="suppliers_agreement_once_a_year"),
        ]
