import type { TenantSpec } from '../../../config/define.js';
import type { Workflow } from '../../../config/workflow.js';
import type { ModelField, TenantModelFacts } from '../../django/index.js';
import { type Place } from '../../errors/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';
import { factsOf } from './facts.js';
import { nearest } from '../../text/index.js';

/** What the config gives to tenants and their domains are fields of the models, and none that they require is missing. */
export const tenantFields: Rule = {
  name: 'tenant-fields',
  reads: ['host', 'workflow'],
  find: async (evidence) => {
    const { workflow } = evidence;
    const project = (await factsOf(evidence))?.project;
    if (!workflow || !project || workflow.tenants.length === 0) return [];
    if (!project.tenancy) return [withoutTenancy(workflow)];
    const found = workflow.tenants.flatMap((tenant, index) => [
      ...faultsOf(tenant.fields, project.tenantModel, { tenant, index, key: 'fields', workflow }),
      ...(tenant.domain === undefined && !tenant.domains?.length && !tenant.domainFields
        ? []
        : faultsOf(tenant.domainFields, project.domainModel, {
            tenant,
            index,
            key: 'domainFields',
            workflow,
          })),
    ]);
    const lacking = found.filter(({ code }) => code === 'DBB6016').map(({ subject }) => subject.tenant ?? '');
    const existing = await existingSchemas(evidence, lacking);
    // A tenant that exists has its values: only a new row needs those that are required.
    return found.filter(({ code, subject }) => code !== 'DBB6016' || !existing.has(subject.tenant ?? ''));
  },
};

interface Given {
  readonly tenant: TenantSpec;
  readonly index: number;
  readonly key: 'fields' | 'domainFields';
  readonly workflow: Workflow;
}

function faultsOf(
  values: TenantSpec['fields'] = {},
  facts: TenantModelFacts | null,
  given: Given,
): readonly Diagnosis[] {
  // A model that is none, or not of the right kind, is a finding of its own.
  if (!facts?.model?.mixin) return [];
  const { label, fields } = facts.model;
  const names = Object.keys(values);
  // A foreign key may be given by its column as well: "plan" or "plan_id".
  const named = (field: ModelField): boolean =>
    names.includes(field.name) || names.includes(`${field.name}_id`);
  const unknown = names.filter(
    (name) => !fields.some((field) => [field.name, `${field.name}_id`].includes(name)),
  );
  const missing = fields.filter((field) => field.required && !named(field));
  return [
    ...unknown.map((name) => unknownField(name, label, fields, given)),
    ...(missing.length === 0 ? [] : [missingFields(missing, label, fields, given)]),
  ];
}

function unknownField(name: string, model: string, fields: readonly ModelField[], given: Given): Diagnosis {
  const { tenant, key } = given;
  const near = nearest(
    name,
    fields.map((field) => field.name),
  );
  return {
    code: 'DBB6015',
    message: `${model} has no field "${name}" that tenant "${tenant.schema}" could set`,
    ...placeOf(given, `.${key}.${name}`, `.${key}`, ''),
    subject: { tenant: tenant.schema, model, field: name },
    expected: `a field of ${model}`,
    actual: `"${name}"`,
    evidence: listFields(fields),
    help:
      near === undefined
        ? `use one of the fields of ${model}, or take "${name}" out`
        : `did you mean "${near}"?`,
  };
}

function missingFields(
  missing: readonly ModelField[],
  model: string,
  fields: readonly ModelField[],
  given: Given,
): Diagnosis {
  const { tenant, key } = given;
  const names = missing.map(({ name }) => `"${name}"`).join(', ');
  return {
    code: 'DBB6016',
    message: `tenant "${tenant.schema}" has no value for ${names}, which ${model} requires`,
    ...placeOf(given, `.${key}`, ''),
    subject: { tenant: tenant.schema, model, field: missing[0]?.name ?? '' },
    expected: `a value for each field that ${model} requires`,
    actual: `no value for ${names}`,
    evidence: listFields(fields),
    help: `give ${names} under "${key}" of tenant "${tenant.schema}"`,
  };
}

function withoutTenancy(workflow: Workflow): Diagnosis {
  return {
    code: 'DBB6018',
    message: 'the config has tenants, and django_tenants is not in INSTALLED_APPS',
    ...placeIn(workflow, ['tenants', 'tenants[0]', 'tenants[0].schema']),
    subject: { setting: 'INSTALLED_APPS' },
    expected: 'a project with tenants, or a config without',
    actual: `${String(workflow.tenants.length)} tenants in the config, none in the project`,
    evidence: workflow.tenants.slice(0, 5).map(({ schema }) => `tenant: ${schema}`),
    help: 'remove "tenants" from the config and use the preset "django", or name the settings module that has tenants',
  };
}

async function existingSchemas(
  { database }: Evidence,
  schemas: readonly string[],
): Promise<ReadonlySet<string>> {
  if (!database || schemas.length === 0) return new Set();
  const rows = await database.query<{ name: string }>(
    'select nspname::text as name from pg_catalog.pg_namespace where nspname = any($1)',
    [schemas],
  );
  return new Set(rows.map(({ name }) => name));
}

/** Required ones first, as they must be given. */
function listFields(fields: readonly ModelField[]): readonly string[] {
  const sorted = [...fields].sort((a, b) => Number(b.required) - Number(a.required));
  return sorted.map(({ name, type, required }) => `field: ${name} (${type}${required ? ', required' : ''})`);
}

function placeOf({ index, workflow }: Given, ...paths: readonly string[]): { readonly place?: Place } {
  return placeIn(workflow, [...paths.map((path) => `tenants[${String(index)}]${path}`), 'tenants']);
}

/** Where the config has the first of these paths; a path that holds others is where the first of those is. */
function placeIn({ origins }: Workflow, paths: readonly string[]): { readonly place?: Place } {
  for (const path of paths) {
    const exact = origins.get(path);
    const within = [...origins].find(
      ([key]) => key.startsWith(`${path}.`) || key.startsWith(`${path}[`),
    )?.[1];
    const place = exact?.place ?? within?.place;
    if (place) return { place };
  }
  return {};
}
