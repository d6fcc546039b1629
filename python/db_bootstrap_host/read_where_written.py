"""Reads go where writes go: a router may send readers to a replica, which does not know yet what was written just now."""

from contextlib import contextmanager

from django.db import router


class _Writer:
    def db_for_read(self, model, **hints):
        return router.db_for_write(model, **hints)


@contextmanager
def read_where_written():
    """Every query inside reads from the database that its model is written to, those of the project's own code included."""
    writer = _Writer()
    router.routers.insert(0, writer)
    try:
        yield
    finally:
        router.routers.remove(writer)
