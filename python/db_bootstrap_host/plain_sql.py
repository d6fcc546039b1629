"""
Which SQL of a project's own can be executed again in other schemas: definitions of tables, columns, indexes, constraints, sequences and
comments, by bare names. What reads or writes rows, names a schema, or makes anything else is left to Django.
"""

import re

import sqlparse

from .concurrent_sql import index_made, index_removed

_DEFINES = re.compile(
    r"(?:create\s+(?:unique\s+)?index|drop\s+index|alter\s+index|alter\s+table|create\s+table|drop\s+table"
    r"|comment\s+on\s+(?:table|index|constraint|sequence)|(?:create|alter|drop)\s+sequence)\b(?!\s+concurrently\b)",
    re.IGNORECASE,
)
#: Rows, other schemas and temporary tables; of a statement without its literals.
_BEYOND = re.compile(r"\b(?:select|values|schema|temp|temporary|pg_temp|tablespace)\b|[\w\"]\s*\.\s*[a-z_\"]", re.IGNORECASE)
_LITERAL = re.compile(r"'(?:[^']|'')*'")


def why_not(sql, atomic):
    """Why the `sql` of a RunSQL cannot be executed again in another schema; None where it can."""
    for one in sql if isinstance(sql, (list, tuple)) else [sql]:
        if not isinstance(one, str):
            return "RunSQL has parameters"
        for statement in sqlparse.split(sqlparse.format(one, strip_comments=True)):
            text = statement.strip().rstrip(";").strip()
            if text and not (_is_definition(text) if atomic else _is_concurrent(text)):
                return "RunSQL runs SQL of the project's"
    return None


def _is_concurrent(text):
    return index_made(text) is not None or index_removed(text) is not None


def _is_definition(text):
    bare = _LITERAL.sub("''", text)
    return "$" not in bare and _DEFINES.match(bare) is not None and _BEYOND.search(bare) is None
