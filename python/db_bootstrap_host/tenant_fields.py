"""Values for the fields of a tenant or a domain, as a config names them: checked and cleaned before anything changes."""

import json

from django.core.exceptions import ValidationError
from django.db import DataError, models


def settable_fields(model, reserved):
    """The model's fields that a config may set, by every name that it may use (`plan` and `plan_id`)."""
    found = {}
    for field in model._meta.concrete_fields:
        if field.name in reserved or isinstance(field, models.AutoField):
            continue
        if getattr(field, "generated", False) or getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            continue
        if field.remote_field is not None and getattr(field.remote_field, "parent_link", False):
            continue
        found[field.name] = field
        found.setdefault(field.attname, field)
    return found


def is_required(field):
    """Whether a row can only be made with a value for this field: no default, not null, not blank, and for people to set."""
    if field.has_default() or field.null or field.blank or not field.editable:
        return False
    return getattr(field, "db_default", models.NOT_PROVIDED) is models.NOT_PROVIDED


def describe_fields(model, reserved):
    """Name, type and whether it must be given, of each settable field."""
    unique = {field.name: field for field in settable_fields(model, reserved).values()}
    return [
        {"name": name, "type": type(field).__name__, "required": is_required(field)}
        for name, field in unique.items()
    ]


def missing_fields(model, reserved, given):
    """Names of required fields that have no value, in the model's order."""
    settable = settable_fields(model, reserved)
    named = {settable[name].name for name in given if name in settable}
    unique = {field.name: field for field in settable.values()}
    return [name for name, field in unique.items() if is_required(field) and name not in named]


def clean_fields(model, reserved, given, database_ready):
    """
    Cleans values by their fields.

    Returns the cleaned values by attribute name (`plan_id`), and the faults as `(name, None)` for an unknown field or
    `(name, message)` for a value that cannot be stored. Without `database_ready` foreign keys are not looked up.
    """
    settable = settable_fields(model, reserved)
    cleaned, faults = {}, []
    for name, value in given.items():
        field = settable.get(name)
        if field is None:
            faults.append((name, None))
            continue
        if field.attname in cleaned:
            faults.append((name, 'it is given twice, as "%s" and as "%s"' % (field.name, field.attname)))
            continue
        try:
            cleaned[field.attname] = _clean(field, value, database_ready)
        except ValidationError as error:
            faults.append((name, " ".join(error.messages)))
        except (TypeError, ValueError, ArithmeticError, DataError) as error:
            faults.append((name, str(error).strip() or type(error).__name__))
    return cleaned, faults


def _clean(field, value, database_ready):
    if isinstance(field, (models.CharField, models.TextField)) and value is not None:
        # Django would store str(value), "{'a': 1}" or "True", which nobody who writes a config means.
        if isinstance(value, (dict, list, bool)):
            raise ValidationError("It must be text.")
        if isinstance(value, str) and "\x00" in value:
            raise ValidationError("Null characters are not allowed.")
    if field.remote_field is not None and not database_ready:
        return field.to_python(value)
    # Validators and limits may look at the instance; an empty one is all there is before the row exists.
    return field.clean(value, field.model())


def differing_fields(row, wanted):
    """Names of the fields whose value in a row is another than the wanted one; `wanted` is by attribute name."""
    fields = {field.attname: field for field in row._meta.concrete_fields}
    return [
        fields[name].name
        for name, value in wanted.items()
        if not _same_value(fields[name], getattr(row, name), value)
    ]


def _same_value(field, stored, wanted):
    """Whether a stored value is the wanted one, as the database would see it."""
    if stored == wanted:
        return True
    try:
        return field.get_prep_value(stored) == field.get_prep_value(wanted)
    except (TypeError, ValueError):
        return False


def shown(value):
    """A value for a message: as JSON, and short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."
