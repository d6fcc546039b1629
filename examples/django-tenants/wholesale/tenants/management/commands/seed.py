"""manage.py seed: rows to start with, in every tenant. It may run again at any moment."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand
from django.db import transaction
from django_tenants.utils import get_public_schema_name, get_tenant_model, tenant_context

from wholesale.carriers.models import Carrier, Rate
from wholesale.contacts.models import Contact
from wholesale.customers.models import Customer
from wholesale.plants.models import Pickup, Plant
from wholesale.suppliers.models import Supplier

ROWS = Path(__file__).resolve().parents[4] / "seed" / "wholesale.json"


class Command(BaseCommand):
    help = "Add the rows of seed/wholesale.json to each tenant that lacks them."

    def handle(self, *args, **options):
        rows = json.loads(ROWS.read_text(encoding="utf-8"))
        tenants = get_tenant_model().objects.exclude(schema_name=get_public_schema_name())
        for tenant in tenants.order_by("schema_name"):
            with tenant_context(tenant), transaction.atomic():
                self.stdout.write(f"{tenant.schema_name}: {seed(rows)} rows added")


def seed(rows):
    """Add what is missing to the current schema; return how many rows that were."""
    added = 0

    def ensure(model, defaults=None, **key):
        nonlocal added
        row, created = model.objects.get_or_create(defaults=defaults or {}, **key)
        added += created
        return row

    for item in rows["carriers"]:
        carrier = ensure(Carrier, code=item["code"], defaults={"name": item["name"]})
        for up_to_kg, price in item["rates"].items():
            ensure(Rate, carrier=carrier, up_to_kg=int(up_to_kg), defaults={"price": price})
    for item in rows["suppliers"]:
        supplier = ensure(Supplier, code=item["code"], defaults={"name": item["name"]})
        for plant_name, codes in item["plants"].items():
            plant = ensure(Plant, supplier=supplier, name=plant_name)
            for carrier in Carrier.objects.filter(code__in=codes):
                ensure(Pickup, plant=plant, carrier=carrier)
    for item in rows["customers"]:
        customer = ensure(Customer, number=item["number"], defaults={"name": item["name"]})
        customer.preferred_suppliers.add(*Supplier.objects.filter(code__in=item["prefers"]))
        for name in item["contacts"]:
            ensure(Contact, customer=customer, name=name)
    return added
