"""In which schemas an app's tables stand: asked of the project's routers, as Django itself would."""

from django.db import router

from .project import load_project


class AppPlaces:
    """Where apps and models belong. Without django_tenants everything is shared."""

    def __init__(self, project=None):
        self._project = project or load_project()
        self.multi_type = False
        self._types = []
        self._public = self._project.public_schema
        if self._project.tenancy:
            from django_tenants.utils import get_tenant_types, has_multi_type_tenants

            self.multi_type = has_multi_type_tenants()
            types = [name for name in get_tenant_types() if name != self._public]
            self._types = types if self.multi_type else [None]

    def shared(self, label, model=None):
        """Whether it stands in the public schema (or the one that plain Django works in)."""
        return self._asked(self._public, None, label, model)

    def tenant_types(self, label, model=None):
        """The types of tenants whose schemas hold it; `[None]` where tenants have no types."""
        # Any name but the public schema's stands for "a tenant"; nothing connects.
        return [kind for kind in self._types if self._asked("a tenant", kind, label, model)]

    def _asked(self, schema, kind, label, model):
        connection = self._project.connection
        if self._project.tenancy:
            connection.set_schema(schema, tenant_type=kind)
        try:
            if model is None:
                return router.allow_migrate(connection.alias, label)
            return router.allow_migrate_model(connection.alias, model)
        finally:
            if self._project.tenancy:
                connection.set_schema_to_public()
