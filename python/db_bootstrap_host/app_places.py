"""In which schemas an app's tables stand: asked of the project's routers, as Django itself would."""

from contextlib import contextmanager

from django.db import router

from .project import load_project

#: A schema name that represents any tenant: routers only compare it with the name of the public schema.
ANY = "a tenant"


def own_router():
    """The first router that decides what is migrated and is not TenantSyncRouter itself: its answers may differ between schemas."""
    from django_tenants.routers import TenantSyncRouter

    # Others say where rows are read and written.
    own = (one for one in router.routers if type(one) is not TenantSyncRouter and hasattr(one, "allow_migrate"))
    return next(own, None)


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
        return [kind for kind in self._types if self._asked(ANY, kind, label, model)]

    def held(self, schema, kind, models):
        """The models whose tables the routers allow in a schema, or in any tenant of this type if `schema` is None."""
        with self._set_to(schema or ANY, kind):
            return [model for model in models if router.allow_migrate_model(self._project.alias, model)]

    def _asked(self, schema, kind, label, model):
        with self._set_to(schema, kind):
            if model is None:
                return router.allow_migrate(self._project.alias, label)
            return router.allow_migrate_model(self._project.alias, model)

    @contextmanager
    def _set_to(self, schema, kind):
        if not self._project.tenancy:
            yield
            return
        self._project.connection.set_schema(schema, tenant_type=kind)
        try:
            yield
        finally:
            self._project.connection.set_schema_to_public()
