"""The host's method `tenants`: what there is of each tenant."""

from django.conf import settings
from django.utils.module_loading import import_string
from django_tenants.middleware.main import TenantMainMiddleware
from django_tenants.utils import get_public_schema_name

from .tenant_state import (
    TenantState,
    hides_tenants,
    schemas_with_migrations,
    shown_tenants,
    template_schemas,
    tenant_connection,
    what_is_missing,
)


def tenants(params, emit):
    """The row of every tenant that the project shows, with its domains and whether its schema exists, and the schemas with migrations but no row."""
    connection = tenant_connection()
    missing = what_is_missing(connection, columns=False)
    with_migrations = schemas_with_migrations(connection)
    if missing is not None:
        # Without the table nobody can say which schema is an orphan.
        return {"tenants": [], "orphans": [], "missing": missing}
    state = TenantState(connection)
    shown = set(shown_tenants().values_list("schema_name", flat=True)) if hides_tenants() else state.rows
    rows = []
    for schema in (schema for schema in state.rows if schema in shown):
        domains = state.domains.get(schema, [])
        primary = [domain for domain, is_primary in domains if is_primary]
        rows.append(
            {
                "schema": schema,
                "domains": [domain for domain, _ in domains],
                "primary": primary[0] if primary else None,
                "schemaExists": schema in state.schemas,
                "type": state.types[schema],
            }
        )
    known = set(state.rows) | template_schemas() | {get_public_schema_name()}
    return {
        "tenants": rows,
        "orphans": [name for name in with_migrations if name not in known],
        "publicSought": get_public_schema_name() not in state.rows and _public_is_sought(),
    }


def _public_is_sought():
    """Whether the project's middleware looks for a row of the public tenant, and answers 404 where there is none."""
    if getattr(settings, "SHOW_PUBLIC_IF_NO_TENANT_FOUND", False):
        return False
    return any(_finds_tenants(name) for name in settings.MIDDLEWARE)


def _finds_tenants(name):
    try:
        middleware = import_string(name)
    except ImportError:
        return False
    return isinstance(middleware, type) and issubclass(middleware, TenantMainMiddleware)
