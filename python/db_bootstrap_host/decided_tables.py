"""The host's method `decidedTables`: which tables a router of the project's allows in a tenant, where they are not those of other tenants."""

from django.apps import apps

from .app_places import AppPlaces


def decided_tables(params, emit):
    """For each of `places` in which the answers are not those for tenants of its type in general: the tables of the models that belong there."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy]
    places = AppPlaces()
    usual = {}
    found = {}
    for place in params["places"]:
        kind = place["kind"][len("tenant ") :] or None
        if kind not in usual:
            usual[kind] = places.held(None, kind, models)
        held = places.held(place["schema"], kind, models)
        if held != usual[kind]:
            found[place["schema"]] = [model._meta.db_table for model in held if not model._meta.swapped]
    return {"schemas": found}
