"""Where the database is: DATABASE_URL, and libpq's PG* variables for the parts that it leaves out."""

import os
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def from_environment(environ=os.environ):
    """Return an entry for DATABASES; every part of the URL may be percent-encoded."""
    url = urlsplit(environ.get("DATABASE_URL", "postgres:"))
    if url.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or postgresql://")
    return {
        "ENGINE": "django_tenants.postgresql_backend",
        "NAME": unquote(url.path[1:]) or environ.get("PGDATABASE", "wholesale"),
        "USER": unquote(url.username or "") or environ.get("PGUSER", ""),
        "PASSWORD": unquote(url.password or "") or environ.get("PGPASSWORD", ""),
        "HOST": unquote(url.hostname or "") or environ.get("PGHOST", ""),
        "PORT": str(url.port or environ.get("PGPORT", "")),
        # ?sslmode=require and its like are libpq's own keywords, and so are the driver's.
        "OPTIONS": dict(parse_qsl(url.query)),
    }
