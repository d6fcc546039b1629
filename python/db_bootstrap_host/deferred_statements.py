"""
The statements that Django defers to the end of a migration, such as the foreign keys of a new table. It executes them while it leaves the
schema editor, and where one fails, the transaction is never left: a command's process ends then, but a host has more schemas to migrate.
"""

from contextlib import contextmanager


@contextmanager
def failing_inside(connection):
    """While it holds, a deferred statement that fails ends its transaction, as any other statement of a migration does."""
    editor = connection.SchemaEditorClass
    inherited = "__exit__" not in vars(editor)
    original = editor.__exit__

    def leave(self, kind, error, trace):
        if kind is None:
            try:
                for sql in self.deferred_sql:
                    self.execute(sql, None)
                self.deferred_sql = []
            except BaseException as failure:
                # With a failure of its own to tell, Django leaves out what it deferred.
                original(self, type(failure), failure, failure.__traceback__)
                raise
        return original(self, kind, error, trace)

    editor.__exit__ = leave
    try:
        yield
    finally:
        if inherited:
            del editor.__exit__
        else:
            editor.__exit__ = original
