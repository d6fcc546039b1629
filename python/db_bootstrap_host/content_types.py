"""The rows that Django's own handlers of post_migrate keep in the tables of content types and permissions."""

from django.apps import apps
from django.db.models.signals import post_migrate


def expected_content_types(where):
    """Tables, places and rows; None where the project has no content types, or has switched off what fills them."""
    if not apps.is_installed("django.contrib.contenttypes"):
        return None
    from django.contrib.contenttypes.management import create_contenttypes
    from django.contrib.contenttypes.models import ContentType

    handlers = post_migrate_handlers()
    if create_contenttypes not in handlers:
        return None
    permissions = permissions_by(handlers)
    models = []
    for app in apps.get_app_configs():
        # The signal is sent for these alone; every schema that has content types gets those of all models.
        if app.models_module is None:
            continue
        for model in app.get_models():
            models.append(
                {
                    "app": app.label,
                    "model": model._meta.model_name,
                    "permissions": [
                        {"codename": codename, "name": str(name)} for codename, name in permissions(model._meta)
                    ],
                }
            )
    told = {"table": ContentType._meta.db_table, **where(ContentType), "models": models, "permissions": None}
    if apps.is_installed("django.contrib.auth"):
        from django.contrib.auth.models import Permission

        told["permissions"] = {"table": Permission._meta.db_table, **where(Permission)}
    return told


def permissions_by(handlers):
    """What gives the permissions of a model (by its `_meta`), where these handlers are told of post_migrate."""
    if apps.is_installed("django.contrib.auth"):
        from django.contrib.auth.management import _get_all_permissions, create_permissions

        if create_permissions in handlers:
            return _get_all_permissions
    return lambda meta: []


def post_migrate_handlers():
    """The functions that are told of post_migrate; from Django 5.0 on in two lists, the second of coroutines."""
    found = post_migrate._live_receivers(sender=None)
    if isinstance(found, tuple):
        return [*found[0], *found[1]]
    return found
