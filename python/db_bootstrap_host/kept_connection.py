"""
One connection for many schemas. django_tenants closes it after each, and who connects anew pays for the password, for a new process of
the server, and for all that it has yet to learn of the catalog.
"""

from contextlib import contextmanager

from django.db import transaction
from django.db.backends.signals import connection_created

from .listeners import connection_listeners

#: Schemas after which it is closed after all: the server's process remembers every table that it has met.
LIMIT = 25

_met = 0


class _Transaction:
    """Stands for Django's `transaction`: after a commit it says what has django_tenants leave the connection open."""

    TransactionManagementError = transaction.TransactionManagementError

    @staticmethod
    def commit():
        transaction.commit()
        raise transaction.TransactionManagementError("the connection is kept")


@contextmanager
def kept_connection(base, connection):
    """While it holds, `base` (the module of django_tenants that migrates) leaves the connection open; at the end it is as good as new."""
    original = base.transaction
    base.transaction = _Transaction
    try:
        yield
    finally:
        base.transaction = original
        renew(connection)


def renew(connection):
    """Nothing that a project's code has set in the session of one schema reaches the next."""
    global _met
    if connection.connection is None or connection.in_atomic_block:
        return
    _met += 1
    try:
        # Who listens to new connections may do something else for each schema.
        if connection_listeners() or _met % LIMIT == 0 or not connection.get_autocommit() or getattr(connection, "pool", None) is not None:
            connection.close()
            return
        with connection.connection.cursor() as cursor:
            cursor.execute("discard all")
            style = connection.connection.info.parameter_status("DateStyle")
            if connection.Database.__name__ == "psycopg2" and not style.startswith("ISO"):
                # This driver sets it when it connects: it reads no other dates.
                cursor.execute("set datestyle to 'ISO'")
        connection.search_path_set_schemas = None
        connection.init_connection_state()
        connection_created.send(sender=connection.__class__, connection=connection)
    except Exception:
        # Broken, or changed beyond this.
        connection.close()
