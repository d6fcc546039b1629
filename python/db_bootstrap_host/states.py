"""The host's method `states`: the migrations on disk against those that each schema has recorded."""

import json

from django.db.migrations.recorder import MigrationRecorder

from .disk_graph import disk_graph
from .failure import Failure
from .flush_plan import qualified
from .project import load_project

#: Schemas asked about in one statement.
BATCH = 500


def states(params, emit):
    """Leaves and conflicts of the graph on disk; for each schema what is pending and what is recorded, but unknown."""
    project = load_project()
    graph = disk_graph()
    wanted = params.get("schemas")
    if wanted is None:
        wanted = _schemas(project, params.get("scope") or "all")
    records = read_records(project.connection, wanted, params.get("digests"))
    return {
        "leaves": _keys(graph.leaves()),
        "conflicts": graph.conflicts(),
        "ordered": _is_ordered(project),
        "schemas": [_state(graph, schema, records[schema]) for schema in wanted],
    }


def _state(graph, schema, record):
    try:
        pending = graph.pending(record)
    except Failure as failure:
        failure.facts["schema"] = schema
        raise
    state = {
        "schema": schema,
        "pending": _keys(pending),
        "unknown": _keys(graph.unknown(record)),
        "applied": len(record),
    }
    partly = graph.partly(record)
    return dict(state, partly=_keys(partly)) if partly else state


def _is_ordered(project):
    """Whether the project says in which order its tenants are migrated."""
    if not project.tenancy:
        return False
    from django_tenants.utils import get_tenant_migration_order

    return bool(get_tenant_migration_order())


def _schemas(project, scope):
    if not project.tenancy:
        return [] if scope == "tenants" else [project.current_schema()]
    public = [] if scope == "tenants" else [project.public_schema]
    return public if scope == "public" else public + tenant_schemas(project)


def tenant_schemas(project):
    """The schemas of the tenant rows that the project shows, without the public one, in the project's order of migration."""
    from django_tenants.utils import get_tenant_migration_order

    from .tenant_names import require_names
    from .tenant_state import shown_tenants, what_is_missing

    # A column that is still to be migrated is no reason to know no tenants, but without the table there are none.
    if what_is_missing(project.connection, columns=False) is not None:
        return []
    order = get_tenant_migration_order() or ["pk"]
    rows = shown_tenants().exclude(schema_name=project.public_schema).order_by(*order)
    return require_names(rows.values_list("schema_name", flat=True))


def read_records(connection, schemas, digests=None):
    """
    What each schema has recorded, as a frozenset of keys; empty where there is no schema or no table. `digests` says for every
    schema that has the table what it has recorded: of those with the same, one is read.
    """
    if connection.vendor != "postgresql":
        return {schema: frozenset(MigrationRecorder(connection).applied_migrations()) for schema in schemas}
    records = dict.fromkeys(schemas, frozenset())
    if digests is None:
        alike = {schema: [schema] for schema in _recording(connection, schemas)}
    else:
        groups = {}
        for schema in schemas:
            if schema in digests:
                groups.setdefault(digests[schema], []).append(schema)
        alike = {group[0]: group for group in groups.values()}
    for schema, record in _read(connection, list(alike)):
        for other in alike[schema]:
            records[other] = record
    return records


def _recording(connection, schemas):
    """Those of the schemas that have the table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
            " where c.relname = 'django_migrations' and c.relkind in ('r', 'p') and n.nspname = any(%s)",
            [list(schemas)],
        )
        return [name for (name,) in cursor.fetchall()]


def _read(connection, schemas):
    """Yields each schema and its record."""
    known = {}
    for start in range(0, len(schemas), BATCH):
        parts, values = [], []
        for schema in schemas[start : start + BATCH]:
            parts.append(
                "select %%s, json_agg(json_build_array(app, name) order by app, name)::text from %s"
                % qualified(schema, "django_migrations").replace("%", "%%")
            )
            values.append(schema)
        with connection.cursor() as cursor:
            cursor.execute(" union all ".join(parts), values)
            rows = cursor.fetchall()
        for schema, text in rows:
            # Most schemas of a fleet have the same record: it is taken apart once.
            if text not in known:
                known[text] = frozenset(map(tuple, json.loads(text or "[]")))
            yield schema, known[text]


def _keys(nodes):
    return [{"app": app, "name": name} for app, name in nodes]
