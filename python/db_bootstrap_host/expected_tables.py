"""The host's method `expectedTables`: the tables that the models of the project expect, and where."""

from django.apps import apps

from .app_places import AppPlaces
from .own_apps import is_own
from .table_name import named


def expected_tables(params, emit):
    """Every managed model's table with its columns, those of many-to-many relations included."""
    places = AppPlaces()
    tables = []
    for app in apps.get_app_configs():
        for model in app.get_models(include_auto_created=True):
            meta = model._meta
            if not meta.managed or meta.proxy or meta.swapped:
                continue
            types = places.tenant_types(app.label, model)
            table = {
                **named(meta.db_table),
                "app": app.label,
                "own": is_own(app.label),
                "model": model.__name__,
                # Composite keys and relations without a column have none.
                "columns": [field.column for field in meta.local_concrete_fields if field.column],
                "shared": places.shared(app.label, model),
                "tenant": bool(types),
            }
            if places.multi_type:
                table["types"] = types
            tables.append(table)
    return {"tables": tables}
