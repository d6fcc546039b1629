"""
Content types and permissions that Django's own handlers of post_migrate add: all of a schema's in one statement each, by natural key.

The handlers ask for each app what is there, which is most of the work of migrating a schema that lacks one field.
"""

from contextlib import contextmanager
from weakref import WeakKeyDictionary

from django.apps import apps
from django.db import router

from .content_types import permissions_by, post_migrate_handlers

_TYPES = """insert into django_content_type (app_label, model)
select w.app_label, w.model from unnest(%s::text[], %s::text[]) with ordinality as w(app_label, model, position)
 where not exists (select from django_content_type t where (t.app_label::text, t.model::text) = (w.app_label, w.model))
 order by w.position"""

_PERMISSIONS = """insert into auth_permission (name, content_type_id, codename)
select w.name, t.id, w.codename
  from unnest(%s::text[], %s::text[], %s::text[], %s::text[]) with ordinality as w(app_label, model, codename, name, position)
  join django_content_type t on (t.app_label::text, t.model::text) = (w.app_label, w.model)
 where not exists (select from auth_permission p where (p.content_type_id, p.codename::text) = (t.id, w.codename))
 order by w.position"""

#: What is there, as lists of what stands in the statements above; "{schema}" stands for the quoted schema.
_THERE = (
    "select app_label, model from {schema}.django_content_type",
    "select t.app_label, t.model, p.codename from {schema}.auth_permission p"
    " join {schema}.django_content_type t on t.id = p.content_type_id",
)

#: The same in one text, whatever the ids are. Most of the time goes into opening the tables, so it is one where that tells enough.
_DIGEST_OF_TYPES = (
    "select pg_catalog.concat(count(*), ' ', sum(pg_catalog.hashtext(pg_catalog.concat(app_label, '.', model)))) as digest"
    " from {schema}.django_content_type"
)
_DIGEST_OF_PERMISSIONS = (
    "select pg_catalog.concat(count(*), ' ', sum(pg_catalog.hashtext(codename))) as digest from {schema}.auth_permission"
)

#: Whether a schema has such tables of its own.
_TABLES = """
select count(c.oid) = count(*) from pg_catalog.pg_namespace n cross join unnest(%s::text[]) as w(name)
  left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.name
 where n.nspname = %s"""

#: Models as migrations have left them, to the rows for all of them.
_known = WeakKeyDictionary()

_noted = None


class NaturalRows:
    """Content types as (app label, model), and permissions as (app label, model, codename, name); None where a schema has none."""

    def __init__(self, types, permissions):
        self.types, self.permissions = types, permissions
        self._script = None

    def script(self, connection):
        """The statements that add what a schema lacks; they look for tables on the search_path, as Django does."""
        if self._script is None:
            statements = []
            for statement, rows in ((_TYPES, self.types), (_PERMISSIONS, self.permissions)):
                if rows:
                    statements.append(connection.ops.compose_sql(statement, [list(column) for column in zip(*rows)]))
            self._script = ";\n".join(text.decode() if isinstance(text, bytes) else text for text in statements)
        return self._script

    def lacking(self, cursor, schema):
        """Those that a schema (a quoted name) has not."""
        there = [set(_fetched(cursor, statement, schema)) for statement in _THERE[: 1 if self.permissions is None else 2]]
        types = [row for row in self.types if row not in there[0]]
        if self.permissions is None:
            return NaturalRows(types, None)
        return NaturalRows(types, [row for row in self.permissions if row[:3] not in there[1]])

    @property
    def digest(self):
        """The statement for a digest of a schema's rows, in which any that is lost is missing."""
        if self.permissions is None:
            return _DIGEST_OF_TYPES
        # With a content type its permissions are gone, as they refer to it.
        if {row[:2] for row in self.permissions} >= set(self.types):
            return _DIGEST_OF_PERMISSIONS
        return "select pg_catalog.concat((%s), ' ', (%s)) as digest" % (_DIGEST_OF_TYPES, _DIGEST_OF_PERMISSIONS)


def rows_instead_of(emit, connection):
    """What sends post_migrate, where only Django's own handlers hear it: the rows that they would add are added without them."""

    def emit_rows(verbosity, interactive, db, apps, **kwargs):
        # With more of it, the handlers tell each row.
        rows = _demanded(apps, db) if verbosity < 2 else None
        if rows is not None:
            return _add(connection, rows)
        if _noted is not None:
            _noted.by_django = True
        return emit(verbosity, interactive, db, apps=apps, **kwargs)

    return emit_rows


def _demanded(models, using):
    """
    The rows that a schema needs which the connection is set to; None where Django's handlers have to do it. `models` are the models as
    migrations have left them.
    """
    from django.contrib.contenttypes.management import create_contenttypes

    handlers = post_migrate_handlers()
    has_types, has_permissions = _has(models, "contenttypes", "ContentType", using), _has(models, "auth", "Permission", using)
    if create_contenttypes not in handlers or (has_permissions and not has_types):
        return None
    if not has_types:
        return NaturalRows([], None)
    known = _known.setdefault(models, {})
    if has_permissions not in known:
        known[has_permissions] = _rows_for(models, permissions_by(handlers) if has_permissions else None)
    return known[has_permissions]


def _add(connection, rows):
    script = rows.script(connection)
    if script == "":
        return
    with connection.cursor() as cursor:
        if _noted is not None:
            script = _noted.take(connection, cursor, rows)
        if script != "":
            cursor.execute(script)


class NotedRows:
    """
    What was added to one schema, for others: those that had the same rows before need the same, and any other what it lacks of all that
    is demanded. `told` is None where nothing is.
    """

    def __init__(self, schema):
        self._schema = schema
        self.told = None
        #: Django's own handlers have been sent for.
        self.by_django = False

    def take(self, connection, cursor, rows):
        tables = ["django_content_type"] if rows.permissions is None else ["django_content_type", "auth_permission"]
        cursor.execute(_TABLES, [tables, self._schema])
        ((complete,),) = cursor.fetchall()
        if not complete:
            # Django would go on to the tables of another schema.
            self.by_django = True
            return rows.script(connection)
        schema = connection.ops.quote_name(self._schema)
        lacking = rows.lacking(cursor, schema).script(connection)
        ((digest,),) = _fetched(cursor, rows.digest, schema)
        self.told = {"check": rows.digest, "digest": digest, "added": lacking, "demanded": rows.script(connection)}
        return lacking


@contextmanager
def noting_rows(schema):
    """What is added inside is noted."""
    global _noted
    _noted = NotedRows(schema)
    try:
        yield _noted
    finally:
        _noted = None


def _fetched(cursor, statement, schema):
    cursor.execute(statement.replace("{schema}", schema))
    return cursor.fetchall()


def _has(models, label, name, using):
    try:
        model = models.get_model(label, name)
    except LookupError:
        return False
    return router.allow_migrate_model(using, model)


def _rows_for(models, permissions):
    """In the order in which Django adds them: its ids are the same."""
    types, granted = [], []
    for app in apps.get_app_configs():
        # The signal is sent for these alone.
        if app.models_module is None:
            continue
        try:
            found = models.get_app_config(app.label).get_models()
        except LookupError:
            continue
        for model in found:
            key = app.label, model._meta.model_name
            types.append(key)
            if permissions is not None:
                granted += [(*key, codename, str(name)) for codename, name in permissions(model._meta)]
    return NaturalRows(types, None if permissions is None else granted)
