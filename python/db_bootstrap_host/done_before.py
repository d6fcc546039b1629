"""Recognises statements of a migration with `atomic = False` that an interrupted run has already executed."""

import re

_NAME = r'(?:"(?:[^"]|"")+"|[a-z_][\w$]*)'
_TABLE = r"alter\s+table\s+(?P<table>%s)\s+" % _NAME
_NOT = r"(?!if\b)"

#: The effect of a statement that changes one object: its catalog, and whether the object exists afterwards.
_KINDS = [
    (re.compile(pattern % {"name": r"(?P<name>%s)" % _NAME}, re.IGNORECASE | re.DOTALL), what, there)
    for pattern, what, there in (
        (r"\s*create\s+table\s+" + _NOT + r"%(name)s\s*\(", "relation", True),
        (r"\s*create\s+(?:unique\s+)?index\s+(?!concurrently\b)" + _NOT + r"%(name)s\s+on\b", "relation", True),
        (r"\s*drop\s+(?:table|index)\s+(?!concurrently\b)" + _NOT + r"%(name)s(?:\s+cascade)?\s*;?\s*$", "relation", False),
        (r"\s*" + _TABLE + r"add\s+column\s+" + _NOT + r"%(name)s\s", "column", True),
        (r"\s*" + _TABLE + r"drop\s+column\s+" + _NOT + r"%(name)s(?:\s+cascade)?\s*;?\s*$", "column", False),
        (r"\s*" + _TABLE + r"rename\s+column\s+(?P<old>" + _NAME + r")\s+to\s+%(name)s\s*;?\s*$", "column", True),
        (r"\s*" + _TABLE + r"add\s+constraint\s+%(name)s\s", "constraint", True),
        (r"\s*" + _TABLE + r"drop\s+constraint\s+" + _NOT + r"%(name)s\s*;?\s*$", "constraint", False),
    )
]
_QUERIES = {
    "relation": "select from pg_catalog.pg_class c where c.relnamespace = s.oid and c.relname = %s",
    "column": "select from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
    " and not a.attisdropped where c.relnamespace = s.oid and a.attname = %s and c.relname = %s",
    "constraint": "select from pg_catalog.pg_class c join pg_catalog.pg_constraint k on k.conrelid = c.oid"
    " where c.relnamespace = s.oid and k.conname = %s and c.relname = %s",
}
#: Matches SQL with several changes or several statements, whose effects cannot be checked one by one.
_MORE = re.compile(r",\s*(?:add|drop|alter|rename)\b|;\s*\S", re.IGNORECASE)


def is_done(connection, schema, sql):
    """Whether the catalog already shows the effect of the statement."""
    if _MORE.search(sql):
        return False
    for pattern, what, there in _KINDS:
        match = pattern.match(sql)
        if match:
            old = match.groupdict().get("old")
            if old and _exists(connection, schema, what, [_plain(old), _plain(match.group("table"))]):
                return False
            names = [match.group("name")] + ([match.group("table")] if what != "relation" else [])
            return _exists(connection, schema, what, [_plain(name) for name in names]) is there
    return False


def _exists(connection, schema, what, names):
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_catalog.pg_namespace s where s.nspname = %%s and exists (%s))" % _QUERIES[what], [schema, *names]
        )
        return cursor.fetchone()[0]


def _plain(name):
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
