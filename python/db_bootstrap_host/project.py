"""The project: its settings and its Django, loaded once."""

import gc
import os
import sys
from contextlib import contextmanager

from . import running
from .failure import Failure, place_of, way_into, whole_text_of
from .manage import run_manage
from .sources import settings_load

#: Django's own engine, and the name that it had once and still answers to.
POSTGRESQL = ("django.db.backends.postgresql", "django.db.backends.postgresql_psycopg2")

_project = None
_broken = None
_others = {}
_alias = None


class Project:
    """What the methods need to know of the loaded project in one of its databases: the main one, or that of another `alias`, which has no tenants."""

    def __init__(self, alias=None):
        from django.apps import apps
        from django.db import DEFAULT_DB_ALIAS, connections

        if alias is not None and alias not in connections:
            raise Failure("command", 'DATABASES has no alias "%s"' % alias, names=sorted(connections))
        self.settings_module = os.environ["DJANGO_SETTINGS_MODULE"]
        self.tenancy = alias is None and apps.is_installed("django_tenants")
        self.public_schema = "public"
        self.alias = alias or DEFAULT_DB_ALIAS
        if self.tenancy:
            from django_tenants.utils import get_public_schema_name, get_tenant_database_alias

            self.public_schema = get_public_schema_name()
            self.alias = get_tenant_database_alias()
        self.connection = connections[self.alias]
        running.watch(self.connection)

    def refresh(self):
        """Forgets a connection that the server has closed meanwhile, and returns to the public schema."""
        from django.db import connections

        for connection in connections.all(initialized_only=True):
            if connection.connection is not None and not connection.is_usable():
                connection.close()
        if self.tenancy:
            self.connection.set_schema_to_public()

    def current_schema(self):
        """The schema that plain Django works in: the first of the search path that exists."""
        if self.tenancy:
            return self.public_schema
        if self.connection.vendor != "postgresql":
            return ""
        with self.connection.cursor() as cursor:
            cursor.execute("select coalesce(current_schema(), 'public')")
            return cursor.fetchone()[0]


def load_project():
    """Loads the settings and Django at the first call."""
    global _project, _broken
    if _broken is not None:
        # Django cannot be set up twice: a second try would fail with something else.
        raise _broken
    if _project is None:
        try:
            with _without_collecting():
                _load()
                _project = Project()
        except Failure as failure:
            _broken = failure
            raise
    if _alias is None or _alias == _project.alias:
        return _project
    if _alias not in _others:
        _others[_alias] = Project(_alias)
    return _others[_alias]


def passwords():
    """Those of all databases in the settings, which the project may print; a word that names something too keeps no secret."""
    if _project is None:
        return []
    from django.conf import settings

    every = list(settings.DATABASES.values())
    names = {str(each.get(key) or "") for each in every for key in ("USER", "NAME", "HOST")} | {"postgres"}
    return sorted({str(each.get("PASSWORD") or "") for each in every} - names)


@contextmanager
def in_database(alias):
    """A context in which methods work in the database with this alias, and failures name it. With None, in the main database."""
    global _alias
    _alias = alias
    try:
        yield
    except Exception as error:
        # What keeps the project from loading has to do with no database.
        if alias is not None and error is not _broken:
            error.db_bootstrap_alias = alias
        raise
    finally:
        _alias = None


@contextmanager
def _without_collecting():
    # Modules and models stay for good: looking for garbage among them, again and again, costs a tenth of loading and of migrating.
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        gc.enable()


def _load():
    try:
        import django
    except ModuleNotFoundError as error:
        if error.name != "django":
            raise
        raise Failure("django-missing", "Django is not installed for %s" % sys.executable)
    with settings_load():
        broken = _run_manage()
    from django.conf import settings

    try:
        with settings_load():
            settings.INSTALLED_APPS
    except (Exception, SystemExit) as error:
        # What manage.py could not do, the settings lack.
        error = broken or error
        module = os.environ["DJANGO_SETTINGS_MODULE"]
        raise _told("settings-import", error, names=[module]) from error
    _require_postgresql(settings)
    try:
        django.setup()
    except (Exception, SystemExit) as error:
        error = broken or error
        raise _told("setup", error) from error
    _speak_as_written()


def _run_manage():
    """Lets manage.py prepare the project; what the config or the environment names as settings holds all the same."""
    named = os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    default = os.environ.pop("DB_BOOTSTRAP_SETTINGS", None)
    if named:
        os.environ["DJANGO_SETTINGS_MODULE"] = named
    broken = run_manage()
    if named or not os.environ.get("DJANGO_SETTINGS_MODULE"):
        os.environ["DJANGO_SETTINGS_MODULE"] = named or default or ""
    if os.environ["DJANGO_SETTINGS_MODULE"] not in ("", "manage.py"):
        return broken
    if broken is not None:
        raise _told("settings-import", broken) from broken
    raise Failure("settings-missing", "DJANGO_SETTINGS_MODULE is not set")


def _speak_as_written():
    # Texts of models are those of the code in migrations, permissions and whatever else Django's migrating commands leave.
    from django.utils.translation import deactivate_all

    deactivate_all()


def _require_postgresql(settings):
    from django.db import DEFAULT_DB_ALIAS

    engine = settings.DATABASES.get(DEFAULT_DB_ALIAS, {}).get("ENGINE") or "django.db.backends.dummy"
    # Names of engines are free; those of Django itself say what they are not.
    if engine.startswith("django.db.backends.") and engine not in POSTGRESQL:
        raise Failure("engine", "the project's database engine is %s, not PostgreSQL" % engine)
    tenancy = any(app == "django_tenants" or app.startswith("django_tenants.") for app in settings.INSTALLED_APPS)
    if tenancy and engine in POSTGRESQL:
        # Every tenant would silently be the public schema.
        raise Failure("engine", "the project's database engine is %s, which knows no tenants" % engine)


def _told(kind, error, **facts):
    ended = "it ended the process (%r)" % (error.code,) if isinstance(error, SystemExit) else whole_text_of(error)
    return Failure(kind, ended, **dict(place_of(error) or way_into(error), **facts))
