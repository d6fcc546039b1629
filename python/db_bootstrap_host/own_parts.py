"""What is in an operation that writes SQL and is not Django's own: fields, indexes, constraints and expressions of a project may look at the schema."""

from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from types import CodeType
from uuid import UUID

from django.db.models import Field

#: Methods of a field that say what its column is.
_OF_COLUMNS = (
    "cast_db_type",
    "db_check",
    "db_parameters",
    "db_type",
    "db_type_parameters",
    "db_type_suffix",
    "generated_sql",
    "get_attname_column",
    "get_internal_type",
    "rel_db_type",
)
_PLAIN = (str, bytes, int, float, complex, Decimal, date, time, timedelta, UUID, Enum, type(None))


def own_part(operation):
    """The first class of the project's in an operation that may write SQL otherwise in each schema; None where there is none."""
    options = getattr(operation, "options", None) or {}
    fields = [field for _, field in getattr(operation, "fields", ()) if isinstance(field, Field)]
    parts = [getattr(operation, name, None) for name in ("field", "index", "constraint")]
    parts += fields + list(options.get("indexes", ())) + list(options.get("constraints", ()))
    return _first(parts, set())


def _first(values, seen):
    return next((found for found in (_own(value, seen) for value in values) if found is not None), None)


def _own(value, seen):
    if isinstance(value, _PLAIN) or id(value) in seen:
        return None
    seen.add(id(value))
    if isinstance(value, Field):
        if not all(_is_plain(getattr(type(value), name, None)) for name in _OF_COLUMNS):
            return type(value)
        return _first([getattr(value, "db_default", None), getattr(value, "expression", None)], seen)
    if isinstance(value, (list, tuple, set, frozenset)):
        return _first(value, seen)
    if isinstance(value, dict):
        return _first([*value, *value.values()], seen)
    if isinstance(value, type):
        return None if value.__module__.startswith("django.") else value
    if not type(value).__module__.startswith("django."):
        return type(value)
    return _first(list(getattr(value, "__dict__", {}).values()), seen)


def _is_plain(method):
    """Whether a method is Django's, or names nothing at which it could look: `return "text"`."""
    if method is None or getattr(method, "__module__", "").startswith("django."):
        return True
    code = getattr(method, "__code__", None)
    if not isinstance(code, CodeType):
        return False
    return not code.co_names and not code.co_freevars and not any(isinstance(one, CodeType) for one in code.co_consts)
