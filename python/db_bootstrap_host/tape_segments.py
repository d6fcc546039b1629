"""What a schema's migrations execute, by migration, as text that can be executed again in another schema."""

import re
from contextlib import contextmanager

from django.db import DatabaseError
from django.db.backends.utils import truncate_name

from .concurrent_sql import index_in
from .replayable import runs_sql, stands_alone, why_not
from .session import session_settings
from .table_locks import held_locks, referred_tables

#: Statements that change nothing: introspection, and what every session does for itself.
_IDLE = re.compile(r"\s*(?:with\s+s\s+as|select|show|set\s+search_path|savepoint|release\s+savepoint)\b", re.IGNORECASE)
_OWN_RECORD = re.compile(r'\s*(?:insert\s+into|select\b.*\bfrom)\s+"django_migrations"', re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"]|"")+)"')
#: Names that are written without quotes, by a project's own SQL.
_WORD = re.compile(r"\b[a-z_][\w$]*", re.IGNORECASE)
_REFERS = re.compile(r"\breferences\b", re.IGNORECASE)
#: Ways in which statements are executed again.
_REPLAYED = ("replay", "steps")
_WRITES = re.compile(r"\s*(?:insert|update|delete|merge|with|copy|truncate)\b", re.IGNORECASE)


class Tape:
    """
    The statements of one schema's migrations, in order, in segments that are done in one way in the other schemas.

    `by` is "replay" (the statements), "steps" (the same outside of transactions), "alone" (Django, one migration at a time) or "django"
    (Django's whole command). At the end of each replayable segment the schema's fingerprint is taken, of all relations that the
    statements name.
    """

    def __init__(self, connection, schema, from_nothing, fingerprint, session, locks=False):
        self._connection = connection
        self._schema = schema
        self._from_nothing = from_nothing
        self._fingerprint = fingerprint
        self._session = session
        # Only inside one transaction do the locks of a migration outlive it.
        self._locks = set() if locks else None
        # As part of a name, or as a value: then the statement means this schema and no other.
        self._named = re.compile(r"""(?:"%s"|\b%s)\s*\.|'%s'""" % ((re.escape(schema),) * 3))
        self._statements = self.prelude = []
        self._migration = None
        #: (app, name) of a migration to the tables of the models that its operations name.
        self._touched = {}
        self.segments = []
        self.why = None
        self.muted = False
        self._words = set()

    def begin(self, migration):
        self._finish()
        self._statements = []
        self._migration = {
            "app": migration.app_label,
            "name": migration.name,
            "atomic": migration.atomic,
            "statements": self._statements,
            "records": [],
            "writes": False,
        }
        self._why = why_not(migration, self._from_nothing)
        self._how = "replay" if migration.atomic else "steps"
        self._alone = stands_alone(migration)
        self._sql = runs_sql(migration)
        if self._why is not None or (self.segments and self.segments[-1]["by"] != self._how):
            # Before it starts: what was replayable, in that way, ends here.
            self._close()

    def end(self):
        self._finish()
        self._close()
        with self._not_failing():
            if session_settings(self._connection) != self._session:
                # What came after it relied on it, perhaps, and is done in other sessions elsewhere.
                self.why = "a migration changes the settings of its session"
        self._migration = None
        self._statements = []

    def touches(self, migration, operation, states):
        """
        Its models' tables are compared as well, whether or not a statement names them: what Django did not find here, because this
        schema was changed by hand, it did not drop, and the others may have it.
        """
        words = {getattr(operation, word, None) for word in ("model_name", "name", "old_name", "new_name")}
        found = self._touched.setdefault((migration.app_label, migration.name), set())
        for state in states:
            for word in words:
                model = state.models.get((migration.app_label, str(word).lower()))
                if model is not None:
                    found.add(self._table_of(model))

    def _table_of(self, model):
        name = model.options.get("db_table") or "%s_%s" % (model.app_label, model.name_lower)
        return truncate_name(name, self._connection.ops.max_name_length()).strip('"')

    def recorded(self, app, name):
        if self._migration is not None:
            self._migration["records"].append({"app": app, "name": name})
        else:
            self._recorded_alone({"app": app, "name": name})

    def _recorded_alone(self, key):
        """Django recorded a squashed migration whose parts are all applied; its whole command does so by itself."""
        # What follows is done by whoever listens to post_migrate.
        self._statements = []
        if self.segments and self.segments[-1]["by"] == "django":
            return
        if not self.segments or self.segments[-1]["by"] != "replay":
            self.segments.append(_segment("replay"))
        self.segments[-1]["migrations"].append(
            dict(key, atomic=True, statements=[], records=[key], writes=False, onlyRecorded=True)
        )
        self._close()

    def execute(self, execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if self.muted:
            return result
        for values in params if many else (params,):
            self.note(self._bound(sql, values))
        return result

    def _bound(self, sql, params):
        text = str(sql) if params is None else self._connection.ops.compose_sql(sql, params)
        return text.decode() if isinstance(text, bytes) else text

    def note(self, text):
        if _IDLE.match(text) or _OWN_RECORD.match(text):
            return
        self._statements.append(text)
        if self._migration is not None:
            self._migration["writes"] = self._migration["writes"] or _WRITES.match(text) is not None
            if self._sql and self._why is None:
                self._words.update(word.lower() for word in _WORD.findall(text))
            if self._why is None and self._named.search(text):
                self._why = "a statement names the schema"

    def _finish(self):
        """The migration that ran has ended: it joins its segment."""
        if self._migration is None:
            return
        if not self._migration["atomic"]:
            self._migration["indexes"] = [index_in(text) for text in self._statements]
        if self._locks is not None:
            locks = self._new_locks()
            # Indexes that are made concurrently keep nobody from writing; what stood for them here does.
            self._migration["locks"] = locks if self._migration["atomic"] else []
        last = self.segments[-1] if self.segments else None
        if last is not None and last["by"] == "django":
            by = "django"
        elif self._why is None:
            by = self._how
        else:
            by = "alone" if self._alone else "django"
        if last is None or last["by"] != by:
            if last is not None and last["by"] in _REPLAYED and last["digest"] is None:
                # Only its statements have shown that it cannot be replayed: too late for a fingerprint of what came before.
                by = last["by"] = "django"
                last["why"] = self._told()
            else:
                last = _segment(by)
                self.segments.append(last)
        if by not in _REPLAYED:
            last["why"] = last["why"] or self._told()
        last["migrations"].append(self._migration)

    def _told(self):
        return "%s.%s: %s" % (self._migration["app"], self._migration["name"], self._why)

    def _close(self):
        """Takes the fingerprint of the segment that ends."""
        last = self.segments[-1] if self.segments else None
        if last is None or last["by"] not in _REPLAYED or last["digest"] is not None:
            return
        texts = [text for migration in last["migrations"] for text in migration["statements"]]
        if last is self.segments[0]:
            texts += self.prelude
        names = {name.replace('""', '"') for text in texts for name in _QUOTED.findall(text)} | self._words
        self._words = set()
        for migration in last["migrations"]:
            names |= self._touched.get((migration["app"], migration["name"]), set())
        last["names"] = sorted(names)
        with self._not_failing(), self._connection.cursor() as cursor:
            cursor.execute(self._fingerprint, [[self._schema], last["names"]])
            last["digest"] = cursor.fetchone()[1]
            if any(_REFERS.search(text) for text in texts):
                last["shared"] = referred_tables(cursor, self._schema, last["names"])

    @contextmanager
    def _not_failing(self):
        """What cannot be told of a schema (the lock table is full, say) is no failure of its migrations: others do without the recording."""
        try:
            yield
        except DatabaseError as error:
            if self._connection.in_atomic_block:
                raise
            self.why = "what was recorded could not be read: %s" % str(error).strip().split("\n")[0]

    def _new_locks(self):
        with self._connection.cursor() as cursor:
            held = held_locks(cursor)
        new, self._locks = held - self._locks, held
        return [{"schema": schema, "relation": relation, "mode": mode} for schema, relation, mode in sorted(new)]


def _segment(by):
    return {"by": by, "why": None, "migrations": [], "names": [], "digest": None, "shared": []}
