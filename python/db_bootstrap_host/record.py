"""The host's method `record`: migrates one schema, and tells the statements, for others in the same state."""

import weakref
from contextlib import contextmanager

from django.apps import apps
from django.db import router, transaction
from django.db.models.signals import post_migrate, pre_migrate

from .migrate import migrate
from .post_migrate import active_schema, import_management_modules
from .project import load_project
from .states import read_records
from .tape import recording

#: Receivers that do in each schema what `natural_rows` tells, or nothing where nothing is renamed.
_KNOWN_RECEIVERS = {
    "django.contrib.auth.management.create_permissions",
    "django.contrib.contenttypes.management.create_contenttypes",
    "django.contrib.contenttypes.management.inject_rename_contenttypes_operations",
}

#: Adds the first site to a schema that has the table; where the app is not the tenants', it does nothing.
_DEFAULT_SITE = "django.contrib.sites.management.create_default_site"

_TYPES = "select app_label, model from {schema}.django_content_type order by id"
_PERMISSIONS = (
    "select t.app_label, t.model, p.codename, p.name from {schema}.auth_permission p"
    " join {schema}.django_content_type t on t.id = p.content_type_id order by p.id"
)


def record(params, emit):
    """
    What `migrate` answers, and the recording: statements by migration, and rows that post_migrate has added, by natural key.

    With `dry` all of it is undone at the end, and each migration tells the locks that it took.
    """
    project = load_project()
    schema = params["schema"]
    connection = project.connection
    dry = params.get("dry") is True
    with _undone(connection) if dry else _kept():
        before = _natural_rows(connection, schema)
        from_nothing = not read_records(connection, [schema])[schema]
        # Their receivers count as well.
        import_management_modules()
        # Asked before anything changes: what cannot be told afterwards would make a migrated tenant a failed one.
        why, path = _why_not(project, schema), _search_path(project)
        with recording(connection, schema, from_nothing, params["fingerprint"], locks=dry) as tape:
            result = migrate({"schema": schema, "timeouts": params.get("timeouts")}, emit)
        after = _natural_rows(connection, schema)
    return dict(
        result,
        recording={
            "why": why or tape.why,
            "searchPath": path,
            "prelude": tape.prelude,
            "segments": tape.segments,
            "contentTypes": [row for row in after[0] if row not in before[0]],
            "permissions": [row for row in after[1] if row not in before[1]],
        },
    )


@contextmanager
def _undone(connection):
    try:
        with transaction.atomic(using=connection.alias):
            yield
            transaction.set_rollback(True, using=connection.alias)
    finally:
        # The rollback has undone the search_path as well.
        connection.set_schema_to_public()


@contextmanager
def _kept():
    yield


def _natural_rows(connection, schema):
    """Content types and permissions of a schema's own tables, as lists of tuples in the order of their ids."""
    rows = []
    with connection.cursor() as cursor:
        for table, statement in (("django_content_type", _TYPES), ("auth_permission", _PERMISSIONS)):
            cursor.execute(
                "select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
                " where n.nspname = %s and c.relname = %s",
                [schema, table],
            )
            if cursor.fetchone() is None:
                rows.append([])
                continue
            cursor.execute(statement.replace("{schema}", connection.ops.quote_name(schema)).replace("%", "%%"))
            rows.append([list(row) for row in cursor.fetchall()])
    return rows


def _why_not(project, schema):
    """What makes every schema a case of its own, whatever its migrations are."""
    from django.core.management.commands.migrate import Command
    from django_tenants import signals
    from django_tenants.utils import get_tenant_base_migrate_command_class

    if get_tenant_base_migrate_command_class() is not Command:
        return "the settings name a migrate command of the project's own"
    for name in ("schema_pre_migration", "schema_migrated", "schema_migrate_message"):
        if getattr(getattr(signals, name, None), "receivers", None):
            return "the project listens to %s" % name
    for name, signal in (("pre_migrate", pre_migrate), ("post_migrate", post_migrate)):
        for entry in signal.receivers:
            receiver = entry[1]() if isinstance(entry[1], weakref.ReferenceType) else entry[1]
            label = "%s.%s" % (getattr(receiver, "__module__", "?"), getattr(receiver, "__qualname__", "?"))
            if receiver is None or label in _KNOWN_RECEIVERS:
                continue
            if label == _DEFAULT_SITE and not _has_sites(project, schema):
                continue
            return "%s listens to %s" % (label, name)
    return None


def _has_sites(project, schema):
    with active_schema(project, schema):
        return router.allow_migrate_model(project.alias, apps.get_model("sites", "Site"))


def _search_path(project):
    """The search_path of a tenant as django_tenants sets it; None stands for the tenant's own schema."""
    from django_tenants.postgresql_backend.base import EXTRA_SEARCH_PATHS

    return [None, project.public_schema, *EXTRA_SEARCH_PATHS]
