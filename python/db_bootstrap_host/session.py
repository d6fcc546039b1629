"""What a statement's effect may depend on beside the statement: the role and the settings of the session that executes it."""

#: What only says how a session talks, waits and watches; and the search_path, which is each schema's own.
_WITHOUT_EFFECT = (
    "application_name",
    "client_encoding",
    "client_min_messages",
    "search_path",
    "%_timeout",
    "debug\\_%",
    "default\\_transaction\\_%",
    "log\\_%",
    "tcp\\_%",
    "track\\_%",
    "transaction\\_%",
)

# The time zone in any case: Django sets it unless the server has the same, and dates are converted by it.
_SESSION = """
select current_user::text, name, pg_catalog.current_setting(name) from pg_catalog.pg_settings
 where name = 'TimeZone'
    or context in ('user', 'superuser') and source in ('client', 'session') and not name like any(%s)
 order by name"""


def session_settings(connection):
    """Settings of Django's session by name, the role among them as the last: objects are owned by it."""
    with connection.cursor() as cursor:
        cursor.execute(_SESSION, [list(_WITHOUT_EFFECT)])
        rows = cursor.fetchall()
    return {**{name: value for _, name, value in rows}, "role": rows[0][0]}
