/** A project with an app "events" that its router puts into DATABASES["analytics"], beside a file of SQLite, a mirror and a copy. */

const settings = `import os
from pathlib import Path
from urllib.parse import unquote, urlsplit


def database(url, engine="ENGINE"):
    parts = urlsplit(os.environ[url])
    return {
        "ENGINE": engine, "NAME": parts.path[1:], "USER": parts.username, "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname, "PORT": parts.port,
    }


SECRET_KEY = "test"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": database("DATABASE_URL"),
    "analytics": database("ANALYTICS_URL", "django.db.backends.postgresql"),
    "lite": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(__file__).parent.parent / "lite.sqlite3"},
    "mirror": dict(database("ANALYTICS_URL"), NAME="elsewhere", TEST={"MIRROR": "default"}),
    "copy": database("DATABASE_URL"),
    "replica": dict(database("DATABASE_URL"), HOST="replica.invalid"),
}
DATABASE_ROUTERS = ["shop.routers.AppRouter"TENANT_ROUTER]
`;

const routers = `class AppRouter:
    places = {"events": "analytics", "notes": "lite"}

    def allow_migrate(self, db, app_label, **hints):
        if app_label in self.places:
            return db == self.places[app_label]
        return False if db in self.places.values() else None
`;

const manage = `import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
`;

const model = (name: string): string => `from django.db import models


class ${name}(models.Model):
    title = models.CharField(max_length=20)
`;

const initial = (name: string): string => `from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            name="${name}",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=20)),
            ],
        )
    ]
`;

const app = (label: string, name: string): Record<string, string> => ({
  [`${label}/__init__.py`]: '',
  [`${label}/models.py`]: model(name),
  [`${label}/migrations/__init__.py`]: '',
  [`${label}/migrations/0001_initial.py`]: initial(name),
});

const common = {
  'manage.py': manage,
  'shop/__init__.py': '',
  'shop/routers.py': routers,
  ...app('stock', 'Item'),
  ...app('events', 'Hit'),
  ...app('notes', 'Note'),
};

/** Without tenants. */
export const plainFiles: Readonly<Record<string, string>> = {
  ...common,
  'shop/settings.py': `${settings
    .replace('ENGINE"):', 'django.db.backends.postgresql"):')
    .replace('TENANT_ROUTER', '')}INSTALLED_APPS = ["django.contrib.contenttypes", "stock", "events", "notes"]
`,
};

/** With tenants in the main database. */
export const tenantFiles: Readonly<Record<string, string>> = {
  ...common,
  'clients/__init__.py': '',
  'clients/models.py': `from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):
    pass


class Domain(DomainMixin):
    pass
`,
  'clients/migrations/__init__.py': '',
  'clients/migrations/0001_initial.py': `from django.db import migrations, models
import django.db.models.deletion
from django_tenants.postgresql_backend.base import _check_schema_name

key = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            name="Client",
            fields=[
                ("id", key.clone()),
                ("schema_name", models.CharField(db_index=True, max_length=63, unique=True, validators=[_check_schema_name])),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="Domain",
            fields=[
                ("id", key.clone()),
                ("domain", models.CharField(db_index=True, max_length=253, unique=True)),
                ("is_primary", models.BooleanField(db_index=True, default=True)),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="domains", to="clients.client")),
            ],
            options={"abstract": False},
        ),
    ]
`,
  'shop/settings.py': `${settings
    .replace('ENGINE"):', 'django_tenants.postgresql_backend"):')
    .replace('TENANT_ROUTER', ', "django_tenants.routers.TenantSyncRouter"')}
SHARED_APPS = ["django_tenants", "clients", "django.contrib.contenttypes"]
TENANT_APPS = ["stock"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS, "events", "notes"]
TENANT_MODEL = "clients.Client"
TENANT_DOMAIN_MODEL = "clients.Domain"
`,
};
