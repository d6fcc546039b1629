/** Files of small, healthy Django projects, by path from the folder of manage.py. */
type Files = Readonly<Record<string, string>>;

const manage = `import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.test")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
`;

const database = `import os
from urllib.parse import urlsplit

_url = urlsplit(os.environ["DATABASE_URL"])
SECRET_KEY = "test"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "shop.urls"
DATABASES = {
    "default": {
        "ENGINE": "ENGINE_HERE",
        "NAME": _url.path[1:],
        "USER": _url.username,
        "PASSWORD": _url.password,
        "HOST": _url.hostname,
        "PORT": _url.port,
    }
}
`;

const migration = (dependencies: string, operations: string): string => `from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):
    initial = True
    dependencies = [${dependencies}]
    operations = [
${operations}    ]
`;

const create = (model: string, fields: string): string => `        migrations.CreateModel(
            name="${model}",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
${fields}            ],
        ),
`;

const apps: Files = {
  'carriers/__init__.py': '',
  'carriers/models.py': `from django.db import models


class Carrier(models.Model):
    name = models.CharField(max_length=40)
`,
  'carriers/migrations/__init__.py': '',
  'carriers/migrations/0001_initial.py': migration(
    '',
    create('Carrier', '                ("name", models.CharField(max_length=40)),\n'),
  ),
  'orders/__init__.py': '',
  'orders/models.py': `from django.conf import settings
from django.db import models


class Order(models.Model):
    carrier = models.ForeignKey("carriers.Carrier", on_delete=models.CASCADE)
    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE)
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
`,
  'orders/migrations/__init__.py': '',
  'orders/migrations/0001_initial.py': migration(
    '("carriers", "0001_initial"), ("catalog", "0001_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)',
    create(
      'Order',
      `                ("buyer", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                ("carrier", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="carriers.carrier")),
                ("product", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="catalog.product")),
`,
    ),
  ),
  'catalog/__init__.py': '',
  'catalog/models.py': `from django.db import models


class Product(models.Model):
    title = models.CharField(max_length=40)
`,
  'catalog/migrations/__init__.py': '',
  'catalog/migrations/0001_initial.py': migration(
    '',
    create('Product', '                ("title", models.CharField(max_length=40)),\n'),
  ),
};

const project: Files = {
  'manage.py': manage,
  'shop/__init__.py': '',
  'shop/urls.py': 'urlpatterns = []\n',
  'shop/settings/__init__.py': '',
  'shop/settings/test.py':
    'from .base import *\n\nPASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]\n',
  'shop/settings/production.py': 'from .base import *\n\nDEBUG = False\n',
};

/** Without tenants. */
export const plainFiles: Files = {
  ...project,
  ...apps,
  'shop/settings/base.py': `${database.replace('ENGINE_HERE', 'django.db.backends.postgresql')}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "catalog", "carriers", "orders"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
`,
};

const accounts = (field: string, column: string): Files => ({
  'accounts/__init__.py': '',
  'accounts/models.py': `from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):
    name = models.CharField(max_length=100)
    notes = models.TextField(blank=True)
${field}

class Domain(DomainMixin):
    pass
`,
  'accounts/migrations/__init__.py': '',
  'accounts/migrations/0001_initial.py': migration(
    '',
    `${create(
      'Client',
      `                ("schema_name", models.CharField(db_index=True, max_length=63, unique=True, validators=[django_tenants.postgresql_backend.base._check_schema_name])),
                ("name", models.CharField(max_length=100)),
                ("notes", models.TextField(blank=True)),
${column}`,
    ).replace('            ],\n', '            ],\n            options={"abstract": False},\n')}${create(
      'Domain',
      `                ("domain", models.CharField(db_index=True, max_length=253, unique=True)),
                ("is_primary", models.BooleanField(db_index=True, default=True)),
                ("tenant", models.ForeignKey(db_index=True, on_delete=django.db.models.deletion.CASCADE, related_name="domains", to="accounts.client")),
`,
    ).replace('            ],\n', '            ],\n            options={"abstract": False},\n')}`,
  ).replace(
    'import django.db.models.deletion\n',
    'import django.db.models.deletion\nimport django_tenants.postgresql_backend.base\n',
  ),
});

const engine = database.replace('ENGINE_HERE', 'django_tenants.postgresql_backend');
const middleware = `MIDDLEWARE = [
    "django_tenants.middleware.main.TenantMainMiddleware",
    "django.middleware.common.CommonMiddleware",
]
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_MODEL = "accounts.Client"
TENANT_DOMAIN_MODEL = "accounts.Domain"
`;

/** With tenants, one schema each. */
export const tenantFiles: Files = {
  ...project,
  ...apps,
  ...accounts('', ''),
  'shop/settings/base.py': `${engine}
SHARED_APPS = [
    "django_tenants",
    "accounts",
    "catalog",
    "django.contrib.contenttypes",
    "django.contrib.auth",
]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "carriers",
    "orders",
]
INSTALLED_APPS = SHARED_APPS + [app for app in TENANT_APPS if app not in SHARED_APPS]
${middleware}`,
};

/** With two types of tenants, of which one has all apps. */
export const typedFiles: Files = {
  ...project,
  ...apps,
  ...accounts(
    '    kind = models.CharField(max_length=20, default="small")\n',
    '                ("kind", models.CharField(default="small", max_length=20)),\n',
  ),
  'shop/settings/base.py': `${engine}
HAS_MULTI_TYPE_TENANTS = True
MULTI_TYPE_DATABASE_FIELD = "kind"
TENANT_TYPES = {
    "public": {
        "APPS": ["django_tenants", "accounts", "catalog", "django.contrib.contenttypes", "django.contrib.auth"],
        "URLCONF": "shop.urls",
    },
    "small": {
        "APPS": ["django.contrib.contenttypes", "django.contrib.auth", "carriers"],
        "URLCONF": "shop.urls",
    },
    "large": {
        "APPS": ["django.contrib.contenttypes", "django.contrib.auth", "carriers", "orders"],
        "URLCONF": "shop.urls",
    },
}
INSTALLED_APPS = []
for _type in TENANT_TYPES.values():
    INSTALLED_APPS += [app for app in _type["APPS"] if app not in INSTALLED_APPS]
${middleware}`,
};
