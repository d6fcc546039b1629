"""
The statements that Django defers to the end of a migration, such as the foreign keys of a new table. Django executes them while it leaves the
schema editor, and records the migration once they are committed: a process that ends in between leaves tables without their record, and a
statement that fails there leaves its transaction open.
"""

from contextlib import contextmanager

from django.db.migrations.executor import MigrationExecutor


@contextmanager
def deferred_inside():
    """While it holds, deferred statements are the last that a migration does, so Django records it in the same transaction."""
    original = MigrationExecutor.apply_migration

    def apply_migration(self, state, migration, *args, **kwargs):
        plain = migration.apply

        def apply(state, schema_editor, *args, **kwargs):
            state = plain(state, schema_editor, *args, **kwargs)
            for sql in schema_editor.deferred_sql:
                schema_editor.execute(sql, None)
            schema_editor.deferred_sql = []
            return state

        migration.apply = apply
        try:
            return original(self, state, migration, *args, **kwargs)
        finally:
            del migration.apply

    MigrationExecutor.apply_migration = apply_migration
    try:
        yield
    finally:
        MigrationExecutor.apply_migration = original
