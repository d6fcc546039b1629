"""Which tables a flush empties in each schema, and which it keeps and why."""

from contextlib import contextmanager

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, router

# Rows that post_migrate would only make again. Kept, so that ids in tables that are kept, too, never change their meaning.
KEPT_MODELS = (("contenttypes", "ContentType"), ("auth", "Permission"))


class Schema:
    """One schema: its tables of models, those that are kept (each with the table that needs it), and those to empty."""

    def __init__(self, connection, name, tenant=None):
        self.connection = connection
        self.name = name
        self.tenant = tenant
        self.partitioned = set()
        #: Tables of this schema that each of its tables refers to by a foreign key.
        self.references = {}
        self.kept = {}
        self.emptied = []
        #: `(referring schema, referring table, table)` of foreign keys from tables that are not emptied with the schema.
        self.referring = []
        #: Those of them that are no table of the models, in any schema.
        self.foreign = []

    def key(self, table):
        """A table's name among those of all schemas."""
        return "%s.%s" % (self.name, table)

    @contextmanager
    def active(self):
        """Django's connection is set to the schema inside, and to the public one afterwards."""
        if self.tenant is None:
            if hasattr(self.connection, "set_schema_to_public"):
                self.connection.set_schema_to_public()
            yield
            return
        self.connection.set_tenant(self.tenant)
        try:
            yield
        finally:
            self.connection.set_schema_to_public()

    def kept_list(self):
        """The kept tables with the table that needs each."""
        return [{"table": table, "neededBy": by} for table, by in sorted(self.kept.items())]

    def blockers(self):
        """Tables outside the models that hold rows and refer to a table that would be emptied."""
        found = []
        with self.connection.cursor() as cursor:
            for schema, table, target in self.foreign:
                cursor.execute("select exists (select from %s)" % qualified(schema, table))
                if cursor.fetchone()[0]:
                    found.append({"table": "%s.%s" % (schema, table), "refersTo": self.key(target)})
        return found


def read_schemas():
    """Every schema of the project, the public one last; one schema alone without django_tenants."""
    if apps.is_installed("django_tenants"):
        schemas = _tenant_schemas()
    else:
        connection = connections[DEFAULT_DB_ALIAS]
        with connection.cursor() as cursor:
            cursor.execute("select current_schema()")
            schemas = [Schema(connection, cursor.fetchone()[0])]
    edges = _foreign_keys(schemas[0].connection)
    for schema in schemas:
        with schema.active():
            _choose_tables(schema, edges)
    ours = {(schema.name, table) for schema in schemas for table in [*schema.emptied, *schema.kept]}
    for schema in schemas:
        emptied = set(schema.emptied)
        for source_schema, source, target_schema, target in edges:
            if target_schema == schema.name and target in emptied:
                if source_schema != schema.name or source not in emptied:
                    schema.referring.append((source_schema, source, target))
                if (source_schema, source) not in ours:
                    schema.foreign.append((source_schema, source, target))
    return schemas


def _tenant_schemas():
    from django_tenants.utils import get_public_schema_name

    from .tenant_names import require_names
    from .tenant_state import existing_schemas, shown_tenants, tenant_connection, what_is_missing

    connection = tenant_connection()
    public = get_public_schema_name()
    schemas = []
    if what_is_missing(connection) is None:
        existing = existing_schemas(connection)
        tenants = list(shown_tenants().order_by("pk"))
        require_names(tenant.schema_name for tenant in tenants)
        for tenant in tenants:
            if tenant.schema_name != public and tenant.schema_name in existing:
                schemas.append(Schema(connection, tenant.schema_name, tenant))
    return [*schemas, Schema(connection, public)]


def hidden_schemas(schemas):
    """Schemas of tenants that the project's manager hides: nothing of theirs is emptied."""
    if not apps.is_installed("django_tenants"):
        return []
    from django_tenants.utils import get_tenant_model

    from .tenant_state import existing_schemas, hides_tenants, rows_of, what_is_missing

    connection = schemas[-1].connection
    if not hides_tenants() or what_is_missing(connection) is not None:
        return []
    names = set(rows_of(get_tenant_model()).values_list("schema_name", flat=True))
    return sorted(names & existing_schemas(connection) - {schema.name for schema in schemas})


def _choose_tables(schema, edges):
    existing = _existing_tables(schema)
    alias = schema.connection.alias
    tables = set()
    for app in apps.get_app_configs():
        # What Django's own flush takes: the router says which app belongs to the schema that is active now.
        for model in router.get_migratable_models(app, alias, include_auto_created=True):
            if model._meta.managed and not model._meta.proxy and model._meta.db_table in existing:
                tables.add(model._meta.db_table)
    keep = dict.fromkeys(table for table in _tables_to_keep(schema) if table in tables)
    waiting = list(keep)
    for source_schema, source, target_schema, target in edges:
        if source_schema == schema.name and target_schema == schema.name:
            schema.references.setdefault(source, set()).add(target)
    needs = {source: set(targets) for source, targets in schema.references.items()}
    for source, target in _model_references():
        needs.setdefault(source, set()).add(target)
    # A kept row must not lose what it refers to, nor what that refers to.
    while waiting:
        source = waiting.pop()
        for target in sorted(needs.get(source, ())):
            if target in tables and target not in keep:
                keep[target] = source
                waiting.append(target)
    schema.kept = keep
    schema.emptied = sorted(tables - set(keep))


def _tables_to_keep(schema):
    for label, name in KEPT_MODELS:
        if apps.is_installed("django.contrib.%s" % label):
            yield apps.get_model(label, name)._meta.db_table
    if schema.tenant is None and apps.is_installed("django_tenants"):
        from django_tenants.utils import get_tenant_domain_model, get_tenant_model

        for model in (get_tenant_model(), get_tenant_domain_model()):
            for owner in [model, *model._meta.get_parent_list()]:
                yield owner._meta.db_table
                for field in owner._meta.local_many_to_many:
                    yield field.remote_field.through._meta.db_table


def _model_references():
    """`(table, table it refers to)` of every relation of the models, those without a constraint included."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            if field.remote_field is not None and field.related_model is not None:
                yield model._meta.db_table, field.related_model._meta.db_table


def _existing_tables(schema):
    with schema.connection.cursor() as cursor:
        cursor.execute(
            "select c.relname, c.relkind::text from pg_catalog.pg_class c"
            " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = %s and c.relkind in ('r', 'p')",
            [schema.name],
        )
        rows = cursor.fetchall()
    schema.partitioned = {name for name, kind in rows if kind == "p"}
    return {name for name, _ in rows}


def _foreign_keys(connection):
    """`(schema, table, schema, table)` of every foreign key of the database, from and to, without those of partitions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select sn.nspname, s.relname, tn.nspname, t.relname from pg_catalog.pg_constraint k"
            " join pg_catalog.pg_class s on s.oid = k.conrelid join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace"
            " join pg_catalog.pg_class t on t.oid = k.confrelid join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace"
            " where k.contype = 'f' and k.conparentid = '0'"
        )
        return cursor.fetchall()


def qualified(schema, table):
    """A quoted table name with its schema."""
    return '"%s"."%s"' % (schema.replace('"', '""'), table.replace('"', '""'))
