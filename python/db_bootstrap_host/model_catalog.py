"""The host's method `modelCatalog`: what the catalog would hold if Django made the tables of the models now."""

import base64
import json
import re
import zlib

from django.apps import apps
from django.db import Error, transaction
from django.db.migrations.recorder import MigrationRecorder

from .app_places import AppPlaces
from .disk_graph import disk_graph
from .expected_rules import where
from .project import load_project
from .state_tables import create_statements
from .table_name import schema_and_table

FIELDS = ("schema", "kind", "table", "name", "definition", "detail", "toSchema", "toTable", "text")


class Undo(Exception):
    """Ends the transaction in which tables were made to look at them."""


def model_catalog(params, emit):
    """
    For each kind of schema its objects, as `statement` reads them. The tables are really made: as temporary ones, which lock nothing
    else, in a transaction that is undone. Tables of other schemas that foreign keys refer to are made beside them.
    """
    project = load_project()
    made = {}
    places = AppPlaces(project)
    models = [(model, where(places, model._meta.app_label, model)) for model in _models()]
    # Each schema has its own table of applied migrations.
    models.append((MigrationRecorder.Migration, {"shared": True, "tenant": True}))
    every = {id(model): _Table(project, model) for model, _ in models}
    public = next(kind["schema"] for kind in params["kinds"] if kind["kind"] == "public")
    found = []
    for kind in params["kinds"]:
        own = [every[id(model)] for model, place in models if _belongs(place, kind["kind"])]
        rows, unmade = _look(project, own, kind["schema"], params["statement"], made)
        objects = [_placed(row, {table.name: table for table in own}, kind["schema"], public) for row in rows]
        found.append({"kind": kind["kind"], "unmade": unmade, "packed": _packed(objects)})
    return {"kinds": found}


def _belongs(place, kind):
    if kind == "public":
        return place["shared"]
    return place["tenant"] if kind == "tenant" or "types" not in place else kind[len("tenant ") :] in place["types"]


def _models():
    """All managed models, as migrations leave them: that the project's own differ from that is the matter of `autodetect`."""
    loader = disk_graph().loader
    loose = {app.label for app in apps.get_app_configs()} - loader.migrated_apps
    if disk_graph().conflicts():
        loose = {app.label for app in apps.get_app_configs()}
    registries = [(apps, lambda label: label in loose)]
    if not disk_graph().conflicts():
        registries.append((loader.project_state().apps, lambda label: label not in loose))
    for registry, is_meant in registries:
        for model in registry.get_models(include_auto_created=True):
            meta = model._meta
            if meta.managed and not meta.proxy and not meta.swapped and is_meant(meta.app_label):
                yield model


class _Table:
    """A table of a model, and what makes it without the schema that its name may hold."""

    def __init__(self, project, model):
        self.model = model
        self.schema, self.table = schema_and_table(model._meta.db_table)
        self.app = model._meta.app_label
        self.name = _scratch_name(model)
        self._project = project
        self._texts = None

    def texts(self, is_key):
        if self._texts is None:
            self._texts = self._rendered()
        return [text for text in self._texts if (" FOREIGN KEY " in text) == is_key]

    def targets(self):
        """The models that its foreign keys refer to."""
        for field in self.model._meta.local_concrete_fields:
            if field.remote_field is not None and getattr(field, "db_constraint", False):
                yield field.target_field.model

    def _rendered(self):
        quote = self._project.connection.ops.quote_name
        names = {model._meta.db_table: _scratch_name(model) for model in (self.model, *self.targets())}
        texts = create_statements(self._project.connection, self.model)
        for old, new in names.items():
            if old != new:
                texts = [text.replace(quote(old), quote(new)) for text in texts]
        return texts


def _scratch_name(model):
    return ".".join(filter(None, schema_and_table(model._meta.db_table)))


def _look(project, own, sample, statement, made):
    """What one kind of schema would hold; types that only such a schema has are those of `sample`."""
    tables = {table.name: table for table in own}
    others = {_scratch_name(model): model for table in own for model in table.targets()}
    others = {
        name: made.setdefault(name, _Table(project, model)) for name, model in others.items() if name not in tables
    }
    # Before the one cursor is opened: django_tenants sets the path again for each new one, and an editor may open some.
    first = [(table, table.texts(False)) for table in (*own, *others.values())]
    keys = [(table, table.texts(True)) for table in own]
    unmade, rows = [], []
    try:
        with transaction.atomic(using=project.alias), project.connection.cursor() as cursor:
            cursor.execute(
                "select pg_catalog.set_config('search_path',"
                " pg_catalog.concat_ws(', ', 'pg_temp', pg_catalog.quote_ident(%s), pg_catalog.current_setting('search_path')), true)",
                [sample],
            )
            for table, texts in first:
                problem = _try(cursor, texts)
                if problem and table.name in tables:
                    unmade.append({"table": table.table, "why": problem})
            for table, texts in keys:
                for text in texts:
                    _try(cursor, [text])
            cursor.execute("set local search_path = pg_catalog")
            cursor.execute(statement)
            rows = [dict(zip(FIELDS, row)) for row in cursor.fetchall()]
            raise Undo()
    except Undo:
        pass
    bad = {each["table"] for each in unmade}
    own = [row for row in rows if row["table"] in tables and tables[row["table"]].table not in bad]
    return [_without_type(row, tables[row["table"]].model) for row in own], unmade


def _without_type(row, model):
    """
    The row. For the key of a hidden many-to-many table or of `django_migrations`, without the type: the table was made with the
    DEFAULT_AUTO_FIELD of that day, and no migration alters it. A definition that begins with a blank is the end of the expected one; without
    a definition, texts are compared.
    """
    if not (model._meta.auto_created or model is MigrationRecorder.Migration):
        return row
    if row["kind"] == "column" and row["name"] == model._meta.pk.column:
        return {**row, "definition": " not null"}
    if (row["text"] or "").startswith("PRIMARY KEY"):
        return {**row, "definition": ""}
    return row


def _packed(objects):
    text = json.dumps(objects, separators=(",", ":"), sort_keys=True).encode()
    return base64.b64encode(zlib.compress(text, 9)).decode()


def _try(cursor, texts):
    # Not Django's savepoints, which open a cursor each: django_tenants would set the path.
    cursor.execute("savepoint made")
    try:
        for text in texts:
            cursor.execute(text)
    except Error as error:
        cursor.execute("rollback to savepoint made")
        return str(error).strip().splitlines()[0]
    return None


def _placed(each, tables, sample, public):
    """An object as it would be described in its own schema; `schema` is the one that its table's name holds, or null."""
    table = tables[each["table"]]
    own = re.compile(r"(^|[^\w.\"$])" + _pattern(sample) + r"\.")
    for part in ("definition", "detail", "text"):
        each[part] = own.sub(r"\1", each[part] or "")
    if each["kind"] == "table":
        each["name"] = table.table
    each["table"], each["schema"] = table.table, table.schema
    if each["toTable"] is not None:
        scratch = each["toTable"]
        target = tables.get(scratch)
        named = (target.schema, target.table) if target else (None, scratch)
        if target is None and "." in scratch:
            named = tuple(scratch.split(".", 1))
        schema = named[0] or (None if target and table.schema is None else public)
        each["toSchema"], each["toTable"] = (None if schema == table.schema else schema), named[1]
        to = ".".join('"%s"' % name.replace('"', '""') for name in (each["toSchema"], named[1]) if name)
        each["text"] = re.sub(" REFERENCES %s\\(" % _pattern(scratch), lambda _: " REFERENCES %s(" % to, each["text"])
    return each


def _pattern(name):
    """A name as PostgreSQL writes it, with or without quotes."""
    return '"?%s"?' % re.escape(name.replace('"', '""'))
