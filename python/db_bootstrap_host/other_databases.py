"""The databases of the project beside its main one that its routers send migrations to."""

from django.apps import apps
from django.conf import settings
from django.db import connections, router
from django.utils.module_loading import module_has_submodule

from .app_places import AppPlaces
from .project import POSTGRESQL


def other_databases(project):
    """Aliases with the apps that the routers send there. An alias of which the routers say the same as of the main database is a copy of it."""
    main = _of_main(project)
    names = sorted(alias for alias in connections if alias != project.alias and not _is_copy(alias, project.alias))
    found = []
    for alias in names:
        there = {thing for thing in _things() if _allows(alias, *thing)}
        if there and there != main:
            # Report the apps that no other database has; they are the ones that nothing migrates.
            labels = {label for label, _ in there - main} or {label for label, _ in there}
            found.append({"alias": alias, "apps": sorted(labels)})
    return found


def _things():
    """What routers are asked about: models that have a table, and apps of migrations alone."""
    for app in apps.get_app_configs():
        models = [model for model in app.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy]
        yield from ((app.label, model) for model in models)
        if not models and module_has_submodule(app.module, "migrations"):
            yield app.label, None


def _allows(alias, label, model):
    return router.allow_migrate(alias, label) if model is None else router.allow_migrate_model(alias, model)


def _of_main(project):
    places = AppPlaces(project)
    return {thing for thing in _things() if places.shared(*thing) or places.tenant_types(*thing)}


def _is_copy(alias, main):
    """A mirror of another alias, or the same database once more."""
    theirs = settings.DATABASES[alias]
    return bool((theirs.get("TEST") or {}).get("MIRROR")) or _address(settings.DATABASES[main]) == _address(theirs)


def _address(database):
    # Names of engines are free; those of Django itself say what they are not.
    engine = database["ENGINE"]
    foreign = engine.startswith("django.db.backends.") and engine not in POSTGRESQL
    parts = [str(database.get(name) or "") for name in ("HOST", "PORT", "NAME")]
    return [engine if foreign else "", *parts, (database.get("OPTIONS") or {}).get("service")]
