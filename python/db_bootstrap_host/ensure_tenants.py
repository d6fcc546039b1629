"""The host's method `ensureTenants`: row, domains and an empty schema of each tenant exist afterwards."""

import os
import traceback

from django.db import InterfaceError, OperationalError, transaction
from django_tenants.utils import get_tenant_database_alias, get_tenant_domain_model, get_tenant_model

from .project import load_project
from .read_where_written import read_where_written
from .states import read_records
from .tenant_created import tell_created
from .tenant_fields import differing_fields
from .tenant_specs import check_against, check_specs, read_specs
from .tenant_state import TenantState, tenant_connection, what_is_missing
from .tenant_steps import phrase, status_of, steps_of


def ensure_tenants(params, emit):
    """
    Ensures the wanted tenants, or with `plan` says what would be done.

    Nothing changes where `problems` come from the models or from what others hold. After that each tenant is a
    transaction of its own: one that fails is a problem of kind "failed", and the others go on.
    """
    with read_where_written():
        return _ensure(params, emit)


def _ensure(params, emit):
    connection = tenant_connection()
    update, plan = bool(params.get("update")), bool(params.get("plan"))
    specs = read_specs(params)
    missing = what_is_missing(connection)
    problems = check_specs(specs, missing is None)
    if missing is not None:
        return {"tenants": [], "problems": problems, "missing": missing}
    askable = [spec for spec in specs if spec.askable]
    state = _read_state(connection, askable)
    problems += check_against(askable, state)
    if problems:
        return {"tenants": [], "problems": problems}
    ended = []
    for spec in specs:
        row = state.instances.get(spec.schema)
        kept = differing_fields(row, spec.fields) if row is not None and not update else []
        steps = steps_of(spec, state, update)
        if steps and not plan:
            try:
                steps = _apply(connection, spec, update)
            except (OperationalError, InterfaceError):
                # The connection, a lock or a cancellation: nothing that the next tenant would be spared.
                raise
            except Exception as error:  # save() and signals are the project's own code: anything may come out of them
                problem = _failure(spec, error)
                problems.append(problem)
                emit({"type": "tenant", "schema": spec.schema, "status": "failed", "problem": problem})
                continue
            finally:
                connection.set_schema_to_public()
        end = {"schema": spec.schema, "status": status_of(steps), "done": [phrase(step) for step in steps], "kept": kept}
        ended.append(end)
        if not plan:
            emit(dict(end, type="tenant"))
    return {"tenants": ended, "problems": problems}


def _read_state(connection, specs):
    domains = [domain for spec in specs for domain in spec.domains]
    return TenantState(connection, [spec.schema for spec in specs], domains)


def _apply(connection, spec, update):
    """Does what is missing for one tenant, in one transaction; returns the steps that were done."""
    with transaction.atomic(using=get_tenant_database_alias()):
        with connection.cursor() as cursor:
            # Two runs side by side: the second waits here, then finds the first one's work done.
            cursor.execute("select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('db_bootstrap tenants', 0))")
        state = _read_state(connection, [spec])
        steps = steps_of(spec, state, update)
        kinds = {step.what for step in steps}
        if "schema" in kinds:
            # Before the row: TenantMixin.save() and listeners to its signals create only what is not there.
            with connection.cursor() as cursor:
                cursor.execute('create schema "%s"' % spec.schema)
        unchanged = set()
        if "row" in kinds:
            row = get_tenant_model()(schema_name=spec.schema, **spec.fields)
            _save_tenant(row)
            if read_records(connection, [spec.schema])[spec.schema]:
                # The schema is migrated already: django_tenants sends post_schema_sync when it saves the row.
                tell_created(load_project(), spec.schema)
        else:
            row = state.instances[spec.schema]
            if "field" in kinds:
                unchanged = {("field", name) for name in _set_fields(row, spec.fields, _save_tenant)}
        left = steps
        if "row" in kinds:
            # Listeners to the signals of a new row make domains too, in their own way.
            left = steps_of(spec, _read_state(connection, [spec]), True)
        unchanged |= _apply_domains(spec, row, left)
        # The project's save() may have done something else than it was asked for.
        left = steps_of(spec, _read_state(connection, [spec]), False)
        if left:
            raise RuntimeError("after save() this is still missing: %s" % ", ".join(phrase(step) for step in left))
    return [step for step in steps if step.key() not in unchanged]


def _apply_domains(spec, row, steps):
    """Does what is missing for a tenant's domains; returns the keys of steps whose fields save() left as they were."""
    for step in steps:
        if step.what == "domain":
            primary = step.domain == spec.primary
            get_tenant_domain_model()(domain=step.domain, tenant=row, is_primary=primary, **spec.domain_fields).save()
        elif step.what == "primary":
            # DomainMixin.save() takes the mark from the tenant's other domains.
            domain = _domain(step.domain)
            domain.is_primary = True
            domain.save()
    unchanged = set()
    for name in {step.domain for step in steps if step.what == "domain-field"}:
        same = _set_fields(_domain(name), spec.domain_fields, lambda domain: domain.save())
        unchanged |= {("domain-field", field, name) for field in same}
    return unchanged


def _domain(name):
    return get_tenant_domain_model()._base_manager.get(domain=name)


def _save_tenant(row):
    # TenantMixin.save() would migrate the new schema, and drop it where that fails.
    row.auto_create_schema = False
    row.save()


def _set_fields(row, wanted, save):
    """Sets values; returns the names of fields that save() left, or made again, as they were."""
    before = {name: getattr(row, name) for name in wanted}
    for name, value in wanted.items():
        setattr(row, name, value)
    save(row)
    stored = type(row)._base_manager.get(pk=row.pk)
    changed = differing_fields(stored, before)
    return [name for name in differing_fields(row, before) if name not in changed]


def _failure(spec, error):
    cause = error.__cause__
    return {
        "kind": "failed",
        "schema": spec.schema,
        "message": str(error).strip() or type(error).__name__,
        "exception": type(error).__name__,
        "sqlstate": getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None),
        "at": _place_in_project(error),
    }


def _place_in_project(error):
    """The innermost line of the project itself, as "file:line" relative to the working directory, or None."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = os.path.relpath(frame.filename)
        if not path.startswith("..") and "site-packages" not in path:
            return "%s:%d" % (path, frame.lineno)
    return None
