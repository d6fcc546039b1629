"""Which schema names a tenant may have."""

import json

from django.core.exceptions import ValidationError
from django_tenants.postgresql_backend.base import _check_schema_name

from .failure import Failure

# PostgreSQL cuts identifiers off after 63 bytes, silently: two long names would become one schema.
LONGEST = 63

# Older versions of django_tenants put names into SQL in plain quotes, and read the search path back by splitting at commas.
REFUSED = "\"'\\;,"


def require_names(names):
    """The names of tenants' rows, as a list: rows are data, and a name that the config may not hold goes into no statement of anybody's."""
    names = list(names)
    for name in names:
        fault = fault_of_schema_name(name)
        if fault is not None:
            raise Failure("schema-name", "the tenant's row with the schema name %s is not valid: %s" % (json.dumps(name), fault))
    return names


def fault_of_schema_name(name):
    """What is wrong with a schema name, as a phrase, or None where nothing is."""
    if not isinstance(name, str) or not name:
        return "it is empty"
    for character in name:
        if character in REFUSED:
            return "it contains %s, which may not stand in a tenant's schema name" % character
        if ord(character) < 32 or ord(character) == 127:
            return "it contains a control character"
    if name != name.strip():
        return "it begins or ends with a space"
    length = len(name.encode("utf-8", "surrogatepass"))
    if length > LONGEST:
        return "it is %d bytes long, and PostgreSQL keeps %d" % (length, LONGEST)
    if name.lower().startswith("pg_") or name == "information_schema":
        return "PostgreSQL keeps it for itself"
    # Quoted or not: the tables would be made in the schema of that name, which may be another tenant's.
    if name == "$user":
        return "in a search_path it stands for the schema of the role's name"
    if name == "db_bootstrap":
        return "db-bootstrap keeps its ledger there"
    try:
        _check_schema_name(name)
    except ValidationError as error:
        return "django_tenants refuses it: %s" % " ".join(error.messages)
    return None
