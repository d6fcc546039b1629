"""Settings that hold everywhere."""

import os

from .database import from_environment

SECRET_KEY = os.environ.get("SECRET_KEY", "only-for-development")
DEBUG = False
ALLOWED_HOSTS = ["*"]

# In the public schema: who the tenants are, and who may sign in there.
SHARED_APPS = [
    "django_tenants",
    "wholesale.tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
]

# In the schema of every tenant. contenttypes and auth stand in both lists, so that each tenant has users of its own.
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "wholesale.suppliers",
    "wholesale.customers",
    "wholesale.carriers",
    "wholesale.plants",
    "wholesale.contacts",
]

INSTALLED_APPS = SHARED_APPS + [app for app in TENANT_APPS if app not in SHARED_APPS]

TENANT_MODEL = "tenants.Client"
TENANT_DOMAIN_MODEL = "tenants.Domain"

DATABASES = {"default": from_environment()}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django_tenants.middleware.main.TenantMainMiddleware",
    "django.middleware.common.CommonMiddleware",
]

# The public schema is what a host without a tenant sees, so it needs no row and no domain.
SHOW_PUBLIC_IF_NO_TENANT_FOUND = True

ROOT_URLCONF = "wholesale.urls"
USE_TZ = True
TIME_ZONE = "UTC"
