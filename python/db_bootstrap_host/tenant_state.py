"""Rows, domains and schemas of tenants, as they are in the database now."""

from django.conf import settings
from django.db import connections, models
from django.utils.functional import cached_property
from django_tenants.utils import (
    get_public_schema_name,
    get_tenant_database_alias,
    get_tenant_domain_model,
    get_tenant_model,
    get_tenant_types,
    has_multi_type_tenants,
)

from .tenant_names import require_names


def tenant_connection():
    """The connection that the tenants live on, set to the public schema."""
    connection = connections[get_tenant_database_alias()]
    connection.set_schema_to_public()
    return connection


def what_is_missing(connection, columns=True):
    """The first table (or, with `columns`, column) of the tenant and the domain model that the public schema lacks, as a phrase, or None."""
    wanted = []
    for model in (get_tenant_model(), get_tenant_domain_model()):
        for field in model._meta.concrete_fields:
            wanted.append((field.model._meta.db_table, field.column))
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname, a.attname from pg_catalog.pg_class c"
            " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
            " join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
            " where n.nspname = %s and c.relname = any(%s)",
            [get_public_schema_name(), list({table for table, _ in wanted})],
        )
        present = set(cursor.fetchall())
    tables = {table for table, _ in present}
    for table, column in wanted:
        if table not in tables:
            return 'table "%s" does not exist' % table
        if columns and (table, column) not in present:
            return 'column "%s" of table "%s" does not exist' % (column, table)
    return None


def hides_tenants():
    """Whether the tenant model's own manager may hide rows: django_tenants does not migrate what it does not show."""
    return type(_manager()).get_queryset is not models.Manager.get_queryset


def shown_tenants():
    """The rows of tenants that the project shows to django_tenants."""
    return _manager().using(get_tenant_database_alias())


def rows_of(model):
    """All rows of the tenant or the domain model, from where they are written: a router may send readers to a replica."""
    return model._base_manager.using(get_tenant_database_alias())


def _manager():
    model = get_tenant_model()
    return getattr(model, "objects", model._default_manager)


class TenantState:
    """What is there of some tenants (of all where `schemas` is None): rows, domains, and schemas."""

    def __init__(self, connection, schemas=None, domains=()):
        tenant_model, domain_model = get_tenant_model(), get_tenant_domain_model()
        rows = rows_of(tenant_model).order_by("pk")
        owned = rows_of(domain_model).order_by("pk")
        #: Primary key of the row, by schema.
        self.rows = {}
        #: `(domain, is_primary)` of each tenant, by schema.
        self.domains = {}
        #: Schema of the tenant that a domain belongs to.
        self.owners = {}
        self.types = {}
        if schemas is not None:
            rows = rows.filter(schema_name__in=schemas)
            owned = owned.filter(tenant__schema_name__in=schemas)
        columns = ["schema_name", "pk"]
        if has_multi_type_tenants():
            columns.append(settings.MULTI_TYPE_DATABASE_FIELD)
        for schema, pk, *kind in rows.values_list(*columns):
            self.rows[schema] = pk
            self.types[schema] = kind[0] if kind else None
        require_names(self.rows)
        self._add_domains(owned)
        if domains:
            self._add_domains(rows_of(domain_model).filter(domain__in=list(domains)))
        self.schemas = existing_schemas(connection, schemas)
        self._rows = rows

    @cached_property
    def instances(self):
        """The rows themselves, by schema; read at the first use, since only the config's own tenants need them."""
        return {row.schema_name: row for row in self._rows}

    def _add_domains(self, rows):
        for domain, schema, primary in rows.values_list("domain", "tenant__schema_name", "is_primary"):
            if domain not in self.owners:
                self.owners[domain] = schema
                self.domains.setdefault(schema, []).append((domain, primary))


def existing_schemas(connection, names=None):
    """The names of the schemas that exist, among the given ones or of all."""
    with connection.cursor() as cursor:
        if names is None:
            cursor.execute("select nspname from pg_catalog.pg_namespace")
        else:
            cursor.execute("select nspname from pg_catalog.pg_namespace where nspname = any(%s)", [list(names)])
        return {name for (name,) in cursor.fetchall()}


def schemas_with_migrations(connection):
    """The names of the schemas that hold a django_migrations table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
            " where c.relname = 'django_migrations' and c.relkind in ('r', 'p') order by 1"
        )
        return [name for (name,) in cursor.fetchall()]


def template_schemas():
    """Schemas that new tenants may be cloned from: they need no row."""
    names = {getattr(settings, "TENANT_BASE_SCHEMA", None)}
    if has_multi_type_tenants():
        names.update(kind.get("BASE_SCHEMA") for kind in get_tenant_types().values())
    return {name for name in names if name}
