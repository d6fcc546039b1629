"""The host's method `flush`: empties the tables of the models, in every tenant's schema and in the public one."""

from importlib import import_module

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management.sql import emit_post_migrate_signal
from django.db import transaction

from .connection import require_identity
from .data_migrations import data_migrations
from .flush_plan import hidden_schemas, read_schemas
from .flush_tables import count_rows, digests, empty_tables


def flush(params, emit):
    """
    Empties the tables and lets post_migrate fill in what the project wants to be there; with `plan` only counts.

    `remains` are the digests that an earlier flush left: such tables count as empty. `database` is the identity of the only
    database that may be emptied, asked again in each transaction: behind a pooler the next one may lead elsewhere. One transaction per schema, the
    tenants' schemas before the public one, because tables of tenants refer to tables of the public schema.
    """
    remains = params.get("remains") or {}
    schemas = read_schemas()
    blocked = [blocker for schema in schemas for blocker in schema.blockers()]
    if blocked or params.get("plan"):
        flushed = [] if blocked else [_counted(schema, remains) for schema in schemas]
        return _result(schemas, flushed, {}, blocked)
    # As Django's own flush does: an app's handlers of post_migrate may stand in its "management" module.
    for app in apps.get_app_configs():
        try:
            import_module(".management", app.name)
        except ImportError:
            pass
    flushed, left = [], {}
    for schema in schemas:
        with schema.active(), transaction.atomic(using=schema.connection.alias):
            require_identity(schema.connection, params.get("database"))
            counted = _counted(schema, remains)
            empty_tables(schema)
            ContentType.objects.clear_cache()
            if schema.emptied or schema.kept:
                # In a schema that was never migrated the handlers would reach the public schema's tables.
                emit_post_migrate_signal(verbosity=0, interactive=False, db=schema.connection.alias)
            left.update(digests(schema, schema.emptied))
        # Nothing that was cached may speak of rows that are gone.
        ContentType.objects.clear_cache()
        flushed.append(counted)
        emit(dict(counted, type="schema"))
    return _result(schemas, flushed, left, [])


def _counted(schema, remains):
    tables = {table: rows for table, rows in count_rows(schema, schema.emptied).items() if rows > 0}
    kept = {table for table in tables if schema.key(table) in remains}
    if kept:
        now = digests(schema, sorted(kept))
        for table in kept:
            if now.get(schema.key(table)) == remains[schema.key(table)]:
                del tables[table]
    return {"schema": schema.name, "tables": len(tables), "rows": sum(tables.values())}


def _result(schemas, flushed, left, blocked):
    return {
        "schemas": flushed,
        "dataMigrations": data_migrations(schemas),
        "kept": schemas[-1].kept_list(),
        "remains": left,
        "blocked": blocked,
        "hidden": hidden_schemas(schemas),
    }
