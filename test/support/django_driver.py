"""
Answers requests of the tests with the project's real Django: `{"method", "params"}` a line on stdin; `{"event"}`, `{"result"}` or
`{"error"}` lines on stdout. Its inspect, states and expectedTables are the least that the checks need.
"""

import json
import os
import sys
import traceback

sys.path[:0] = [os.getcwd(), os.path.join(os.path.dirname(__file__), "../../python")]

import django

django.setup()

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from db_bootstrap_host.expected_rules import expected_rules
from db_bootstrap_host.flush import flush
from db_bootstrap_host.model_catalog import model_catalog
from db_bootstrap_host.table_migrations import table_migrations

tenancy = apps.is_installed("django_tenants")
methods = {
    "flush": flush,
    "tableMigrations": table_migrations,
    "expectedRules": expected_rules,
    "modelCatalog": model_catalog,
}
if tenancy:
    from db_bootstrap_host.ensure_tenants import ensure_tenants
    from db_bootstrap_host.tenant_state import hides_tenants
    from db_bootstrap_host.tenants import tenants

    methods.update(ensureTenants=ensure_tenants, tenants=tenants)


def inspect(params, emit):
    return {
        "tenancy": tenancy,
        "publicSchema": "public",
        "settingsModule": os.environ["DJANGO_SETTINGS_MODULE"],
        "hidesTenants": tenancy and hides_tenants(),
        "tenantModel": {"table": "accounts_client"} if tenancy else None,
    }


def expected_tables(params, emit):
    tables = []
    for app in apps.get_app_configs():
        for model in app.get_models(include_auto_created=True):
            if not model._meta.managed or model._meta.proxy:
                continue
            table = {
                "table": model._meta.db_table,
                "app": app.label,
                "own": True,
                "model": model.__name__,
                "columns": [field.column for field in model._meta.local_concrete_fields],
                "shared": not tenancy or app.name in settings.SHARED_APPS,
                "tenant": tenancy and app.name in settings.TENANT_APPS,
            }
            types = getattr(settings, "TENANT_TYPES", None)
            if types:
                table["types"] = [
                    name for name, kind in types.items() if name != "public" and app.name in kind["APPS"]
                ]
            tables.append(table)
    return {"tables": tables}


def states(params, emit):
    loader = MigrationLoader(None, ignore_no_migrations=True)
    on_disk = sorted(loader.disk_migrations)
    schemas = params.get("schemas")
    if schemas is None:
        rows = tenants({}, emit)["tenants"] if tenancy else []
        schemas = ["public"] + [row["schema"] for row in rows if row["schema"] != "public"]
    found = []
    for schema in schemas:
        table = '"%s".django_migrations' % schema
        with connection.cursor() as cursor:
            cursor.execute("select to_regclass(%s)::text", [table])
            recorded = []
            if cursor.fetchone()[0] is not None:
                cursor.execute("select app, name from %s" % table)
                recorded = cursor.fetchall()
        found.append(
            {
                "schema": schema,
                "pending": [{"app": app, "name": name} for app, name in on_disk if (app, name) not in recorded],
                "unknown": [{"app": app, "name": name} for app, name in recorded if (app, name) not in on_disk],
                "applied": len(recorded),
            }
        )
    conflicts = [{"app": app, "leaves": sorted(names), "own": True} for app, names in loader.detect_conflicts().items()]
    return {"leaves": [], "conflicts": conflicts, "schemas": found}


methods.update(inspect=inspect, expectedTables=expected_tables, states=states)

answers = os.fdopen(os.dup(1), "w")
# What the project prints must not stand between the answers.
os.dup2(2, 1)


def answer(line):
    answers.write(json.dumps(line) + "\n")
    answers.flush()


for request in map(json.loads, sys.stdin):
    try:
        result = methods[request["method"]](request["params"], lambda event: answer({"event": event}))
        answer({"result": result})
    except Exception:
        answer({"error": traceback.format_exc()})
