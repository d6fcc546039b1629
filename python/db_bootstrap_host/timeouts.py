"""How long statements of a migration may wait for locks, and how long they may take, on Django's own connection."""

from contextlib import contextmanager


@contextmanager
def timeouts(connection, limits):
    """`limits` has milliseconds by setting (`lock_timeout`, `statement_timeout`); what is not in it stays as it is."""
    if not limits:
        yield
        return
    before = {}
    with connection.cursor() as cursor:
        for name, value in limits.items():
            cursor.execute("select current_setting(%s)", [name])
            before[name] = cursor.fetchone()[0]
            # For the session: a rollback of one migration must not lift it for the next.
            cursor.execute("select set_config(%s, %s, false)", [name, str(value)])
    try:
        yield
    finally:
        # A lost connection has lost its settings as well, and one that is broken off cannot be asked.
        if connection.connection is not None and not connection.in_atomic_block and connection.is_usable():
            with connection.cursor() as cursor:
                for name, value in before.items():
                    cursor.execute("select set_config(%s, %s, false)", [name, value])
