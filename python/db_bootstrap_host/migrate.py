"""The host's method `migrate`: brings one schema to the newest state, by Django's (or django_tenants') own code."""

import time

from django.core.management.base import CommandError, SystemCheckError

from .concurrent_indexes import repeatable
from .deferred_statements import deferred_inside
from .disk_graph import disk_graph
from .failed_operation import migration_failure
from .failure import Failure
from .migrate_command import run_plainly, run_schema
from .post_migrate import unsent
from .project import load_project
from .tenant_created import tell_created
from .states import read_records
from .system_checks import checks_failed
from .timeouts import timeouts


def migrate(params, emit):
    """
    Applies what is pending in a schema, or goes to one migration of an app; `schema: null` is plain Django. With `postMigrate: false`
    post_migrate is not sent; with `again` an earlier try was broken off; with `created` it is the first for a tenant.
    """
    project = load_project()
    schema = params.get("schema") if project.tenancy else None
    name = project.current_schema() if schema is None else schema
    words = [word for word in (params.get("app"), params.get("migration")) if word]
    started = time.perf_counter()
    before = read_records(project.connection, [name])[name]
    applied = []

    def on_applied(migration, ms):
        applied.append((migration.app_label, migration.name))
        emit({"type": "migration", "schema": name, "app": migration.app_label, "name": migration.name, "ms": ms})

    try:
        with timeouts(project.connection, params.get("timeouts")), unsent(params.get("postMigrate") is False), repeatable(
            project.connection, name, params.get("again") is True
        ), deferred_inside():
            if schema is None:
                run_plainly(project, words, on_applied)
            else:
                run_schema(project, schema, words, on_applied, before)
        if params.get("created") is True:
            tell_created(project, schema)
    except SystemCheckError as error:
        raise checks_failed(error) from error
    except CommandError as error:
        if str(error).startswith("Conflicting migrations"):
            told = {"app": found["app"], "own": found["own"]} if (found := next(iter(disk_graph().conflicts()), None)) else {}
            raise Failure("conflict", str(error).strip(), schema=name, **told) from error
        raise Failure("command", str(error).strip(), schema=name) from error
    except Failure:
        raise
    except (Exception, SystemExit) as error:
        raise migration_failure(error, name)
    finally:
        if project.tenancy:
            project.connection.set_schema_to_public()
    # What Django only recorded (a squashed migration whose parts are all applied) counts as well.
    recorded = read_records(project.connection, [name])[name] - before - set(applied)
    result = {
        "schema": name,
        "applied": [{"app": app, "name": migration} for app, migration in [*applied, *sorted(recorded)]],
        "ms": round((time.perf_counter() - started) * 1000),
    }
    emit(dict(result, type="schema"))
    return result
