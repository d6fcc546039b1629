"""The host's method `tenants`: what there is of each tenant."""

from django_tenants.utils import get_public_schema_name

from .tenant_state import (
    TenantState,
    schemas_with_migrations,
    template_schemas,
    tenant_connection,
    what_is_missing,
)


def tenants(params, emit):
    """Every tenant's row with its domains and whether its schema exists, and the schemas with migrations but no row."""
    connection = tenant_connection()
    missing = what_is_missing(connection, columns=False)
    with_migrations = schemas_with_migrations(connection)
    if missing is not None:
        # Without the table nobody can say which schema is an orphan.
        return {"tenants": [], "orphans": [], "missing": missing}
    state = TenantState(connection)
    rows = []
    for schema in state.rows:
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
    return {"tenants": rows, "orphans": [name for name in with_migrations if name not in known]}
