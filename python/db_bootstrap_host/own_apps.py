"""Which apps are the project's own, and not an installed package's."""

from django.apps import apps
from django.conf import settings

from .failure import project_path


def is_own(label):
    """Whether the migrations of an app are the project's to write: not those of an installed package."""
    file = getattr(apps.get_app_config(label).module, "__file__", None)
    return bool(settings.MIGRATION_MODULES.get(label)) or (file is not None and project_path(file) is not None)
