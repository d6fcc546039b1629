#!/bin/sh
# The same steps as teams write them by hand: one process of manage.py or psql each. $PYTHON is the project's interpreter,
# PG* and DATABASE_URL name the database.
set -e
export DJANGO_SETTINGS_MODULE=wholesale.settings.test

tries=0
until psql -X -q -c 'select 1' >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 300 ] || exit 1
  sleep 0.1
done

for file in docker-entrypoint-initdb.d/*.sql; do
  psql -X -q -v ON_ERROR_STOP=1 -f "$file"
done

"$PYTHON" manage.py makemigrations --check --dry-run
"$PYTHON" manage.py migrate --noinput
"$PYTHON" manage.py migrate_schemas --shared --noinput
"$PYTHON" manage.py shell -c '
from wholesale.tenants.models import Client, Domain
for schema, domain in (("test_tenant", "test.example.com"), ("corner_shop", "shop.example.com")):
    client, _ = Client.objects.get_or_create(schema_name=schema, defaults={"name": schema})
    Domain.objects.get_or_create(domain=domain, defaults={"tenant": client, "is_primary": True})
'
"$PYTHON" manage.py migrate_schemas --tenant --noinput

for schema in test_tenant corner_shop; do
  test "$(psql -X -A -t -c "select to_regclass('$schema.carriers_carrier') is not null")" = t
done
