"""The host's method `connection`: which database Django is talking to."""

from .project import load_project


def connection(params, emit):
    """The database's oid and the server's start, which together are no other database's, and what the driver connected to."""
    wrapper = load_project().connection
    with wrapper.cursor() as cursor:
        cursor.execute(
            "select d.oid::bigint, (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint::text"
            " from pg_catalog.pg_database d where d.datname = current_database()"
        )
        oid, started = cursor.fetchone()
    info = wrapper.connection.info
    return {
        "databaseOid": oid,
        "postmasterStart": started,
        "host": info.host or "",
        "port": str(info.port or ""),
        "name": info.dbname or "",
        "user": info.user or "",
    }
