"""Applied migrations that may have put rows into tables."""

import re

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState

from .flush_plan import qualified

WRITES = re.compile(r"\b(insert|update|copy|merge|select|call|do)\b", re.IGNORECASE)


def data_migrations(schemas):
    """
    The migrations that are applied in any of the schemas and run Python, or SQL that may write rows.

    Those of Django's own apps are left out: what they write is made again by post_migrate, or is not about rows.
    """
    applied = set()
    for schema in schemas:
        with schema.connection.cursor() as cursor:
            cursor.execute("select pg_catalog.to_regclass(%s)", [qualified(schema.name, "django_migrations")])
            if cursor.fetchone()[0] is not None:
                cursor.execute("select app, name from %s" % qualified(schema.name, "django_migrations"))
                applied.update(cursor.fetchall())
    on_disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return [
        {"app": app, "name": name}
        for (app, name), migration in sorted(on_disk.items())
        if (app, name) in applied and not _is_djangos_own(app) and any(map(_writes_rows, migration.operations))
    ]


def _is_djangos_own(label):
    return apps.get_app_config(label).name.startswith("django.contrib.")


def _writes_rows(operation):
    if isinstance(operation, SeparateDatabaseAndState):
        return any(map(_writes_rows, operation.database_operations))
    if isinstance(operation, RunSQL):
        return WRITES.search(_text(operation.sql)) is not None
    return isinstance(operation, RunPython)


def _text(sql):
    if isinstance(sql, str):
        return sql
    if isinstance(sql, (list, tuple)):
        return "\n".join(_text(part[0] if isinstance(part, (list, tuple)) else part) for part in sql)
    return ""
