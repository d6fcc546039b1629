from django.apps import AppConfig


class SuppliersConfig(AppConfig):
    name = "wholesale.suppliers"
