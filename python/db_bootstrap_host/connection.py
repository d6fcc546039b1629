"""The host's method `connection`: which database Django is talking to."""

from urllib.parse import quote, urlencode

from .failure import Failure
from .project import load_project

#: What a connection of our own has to know as well, beside where the database is.
_TOLD = ("sslmode", "sslrootcert", "sslcert", "sslkey", "options", "connect_timeout")


def identity(wrapper):
    """The database's oid and the server's start, which together are no other database's: a copy of a server shares all else with it."""
    with wrapper.cursor() as cursor:
        cursor.execute(
            "select d.oid::pg_catalog.int8,"
            " (extract(epoch from pg_catalog.pg_postmaster_start_time()) * 1000000)::pg_catalog.int8::pg_catalog.text"
            " from pg_catalog.pg_database d where d.datname operator(pg_catalog.=) pg_catalog.current_database()"
        )
        return cursor.fetchone()


def require_identity(wrapper, expected):
    """Raises where a connection leads to another database than the one that was proven to be the workflow's."""
    oid, started = identity(wrapper)
    if expected is not None and [str(oid), started] != [expected["oid"], expected["started"]]:
        raise Failure("other-database", "Django is connected to another database than the workflow, and deletes nothing there")


def connection(params, emit):
    """The database that Django is talking to, and what the driver connected to."""
    wrapper = load_project().connection
    oid, started = identity(wrapper)
    info = wrapper.connection.info
    return {
        "databaseOid": oid,
        "postmasterStart": started,
        "host": info.host or "",
        "port": str(info.port or ""),
        "name": info.dbname or "",
        "user": info.user or "",
    }


def other_connection(params, emit):
    """What Django is connected to in another of its databases: the kind of server, and a URL of PostgreSQL's with the password."""
    wrapper = load_project().connection
    wrapper.ensure_connection()
    if wrapper.vendor != "postgresql":
        return {"vendor": wrapper.vendor, "url": None}
    info = wrapper.connection.info
    known = info.get_parameters() if hasattr(info, "get_parameters") else info.dsn_parameters
    query = {name: value for name, value in known.items() if name in _TOLD}
    query.update(host=info.host, port=info.port, user=info.user, dbname=info.dbname)
    login = ":%s@" % quote(info.password, safe="") if info.password else ""
    return {"vendor": wrapper.vendor, "url": "postgres://%s?%s" % (login, urlencode(query, quote_via=quote))}
