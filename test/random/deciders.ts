import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileWriter } from '../support/tenants-project.js';

/** What of a project does something else in each tenant. */
export const deciders = ['router', 'engine', 'manager', 'signal'] as const;
export type Decider = (typeof deciders)[number];

/** Lets a random project decide by tenant: what must be as Django leaves it then is another thing in each schema. */
export function letDecide(folder: string, decider: Decider): void {
  const { file, text, settings, models = '' } = parts[decider];
  fileWriter(folder)(file, text);
  appendFileSync(join(folder, 'project/settings.py'), settings);
  appendFileSync(join(folder, 'clients/models.py'), models);
}

interface Parts {
  readonly file: string;
  readonly text: string;
  readonly settings: string;
  readonly models?: string;
}

const parts: Readonly<Record<Decider, Parts>> = {
  router: {
    file: 'project/routers.py',
    text: `from django.db import connections
from django_tenants.routers import TenantSyncRouter


class Router(TenantSyncRouter):
    def allow_migrate(self, db, app_label, model_name=None, **hints):
        if app_label == "crm" and connections[db].schema_name in ("plain", "Later still"):
            return False
        return super().allow_migrate(db, app_label, model_name, **hints)
`,
    settings: '\nTENANT_SYNC_ROUTER = "project.routers.Router"\nDATABASE_ROUTERS = [TENANT_SYNC_ROUTER]\n',
  },
  engine: {
    file: 'project/engine/base.py',
    text: `from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django_tenants.postgresql_backend import base


class Editor(DatabaseSchemaEditor):
    def create_model(self, model):
        super().create_model(model)
        schema = self.connection.schema_name.replace("'", "''")
        self.execute("comment on table %s is 'made for %s'" % (self.quote_name(model._meta.db_table), schema), params=None)


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = Editor
`,
    settings: '\nDATABASES["default"]["ENGINE"] = "project.engine"\n',
  },
  manager: {
    file: 'clients/managers.py',
    text: `from django.db import models


class Shown(models.Manager):
    def get_queryset(self):
        return super().get_queryset().exclude(schema_name__in=["Capital", "Later still"])
`,
    settings: '',
    models: `

from .managers import Shown

Client.add_to_class("objects", Shown())
`,
  },
  signal: {
    file: 'clients/hear.py',
    text: `from django.db import connection
from django_tenants.signals import schema_migrated


def hear(schema_name, **kwargs):
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(schema_name)
        cursor.execute("comment on schema %s is 'migrated as %s'" % (name, schema_name.replace("'", "''")))


schema_migrated.connect(hear, dispatch_uid=__name__)
`,
    settings: '',
    models: '\n\nfrom . import hear\n',
  },
};
