import { z } from 'zod';
import type { TaskKind } from './define.js';
import { durationPattern } from './duration.js';

// One validator: configs are checked by it and schema.json is generated from it. What a text means (durations, names of tasks)
// is read afterwards, from values that have the right types.

const json = z.json();
const texts = z.array(z.string());
const environment = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const duration = z
  .union([z.string().regex(durationPattern, { error: 'duration' }), z.number().min(0)])
  .meta({ examples: ['250ms', '30s', '1.5m', 2000] });

const retry = z
  .union([
    z.int().min(1),
    z.strictObject({
      attempts: z.int().min(1).optional().describe('How often it is tried, the first time included'),
      delay: duration.optional().describe('Before the second attempt'),
      factor: z.number().min(1).optional().describe('What the delay is multiplied by each time'),
      maxDelay: duration.optional(),
      jitter: z.boolean().optional(),
      on: z
        .union([z.string(), texts])
        .optional()
        .describe('SQLSTATEs, their classes, error codes, or connection, lock, timeout, exit'),
    }),
  ])
  .describe('When a failed attempt is tried again');

const condition = z
  .union([
    z.string(),
    z.strictObject({ command: z.string() }),
    z.strictObject({ sql: z.string() }),
    z.strictObject({ env: z.string(), equals: z.string().optional() }),
    z.strictObject({ exists: z.string() }),
  ])
  .describe('Asked right before the task; where the answer is no, the task is skipped');

const tolerance = z.union([
  z.strictObject({ sqlstate: z.string().regex(/^[0-9A-Z]{5}$/), reason: z.string().min(1) }),
  z.strictObject({ code: z.string().regex(/^DBB\d{4}$/), reason: z.string().min(1) }),
]);

const policy = z.enum(['stop', 'continue', 'warn']);

/** The fields that every task has beside its kind's options. */
export const commonTaskFields = {
  use: z.string().optional().describe("The task's kind; its own name where that is a kind"),
  needs: texts.optional().describe('Tasks that must have succeeded'),
  after: texts.optional().describe('Tasks that must have ended, where both run'),
  enabled: z.boolean().optional(),
  if: condition.optional(),
  retry: retry.optional(),
  timeout: duration.optional().describe('Of each attempt, its condition included'),
  onFailure: policy
    .optional()
    .describe('stop: no new tasks start; continue: only dependents are blocked; warn: counted as a warning'),
  tolerate: z.array(tolerance).optional().describe('Failures that are harmless here, each with the reason'),
  env: environment.optional(),
};

const tenant = z.strictObject({
  schema: z.string().min(1).describe('Name of its PostgreSQL schema'),
  domain: z.string().min(1).optional().describe('Its primary domain'),
  domains: texts.optional().describe('More domains'),
  fields: z.record(z.string(), json).optional().describe('Fields of the tenant model'),
  domainFields: z.record(z.string(), json).optional().describe('Fields of the domain model'),
});

const database = z
  .union([
    z.string().min(1),
    z.strictObject({ url: z.string().min(1) }),
    z.strictObject({
      embedded: z.union([
        z.literal(true),
        z.strictObject({ port: z.int().min(1).max(65535).optional(), name: z.string().min(1).optional() }),
      ]),
    }),
    z.strictObject({
      host: z.string().optional(),
      port: z.int().min(1).max(65535).optional(),
      name: z.string().optional(),
      user: z.string().optional(),
      password: z.string().optional(),
    }),
  ])
  .describe('A URL, "embedded", "none", or the parts');

const topLevel = {
  $schema: z.string().optional(),
  preset: z.string().optional().describe('django-tenants, django or sql'),
  extends: z
    .union([z.string(), texts])
    .optional()
    .describe('Configs that this one builds on: paths or packages'),
  plugins: texts.optional().describe('Modules that bring task kinds'),
  database: database.optional(),
  envFile: z
    .union([z.string(), texts])
    .optional()
    .describe('Files of variables; they never override the environment'),
  env: environment.optional().describe('Variables for every task'),
  django: z
    .strictObject({
      directory: z.string().optional().describe('Where manage.py is'),
      python: z.string().optional().describe('The interpreter: a path or a command'),
      settings: z.string().optional().describe('The settings module'),
    })
    .optional(),
  tenants: z.array(tenant).optional(),
  concurrency: z.int().min(1).optional().describe('How many tasks may run at once'),
  timeout: duration.optional().describe('Of the whole run'),
  grace: duration.optional().describe('Between SIGTERM and SIGKILL'),
  onFailure: policy.optional().describe('For tasks that declare none'),
  reporter: z.enum(['default', 'append-only', 'github', 'ndjson', 'silent']).optional(),
  ledger: z
    .union([z.enum(['file', 'off', 'database']), z.strictObject({ schema: z.string().min(1) })])
    .optional(),
  guards: z
    .strictObject({
      allowDestructive: z.boolean().optional(),
      databases: texts.optional().describe('Patterns of names of databases that may be emptied'),
      hosts: texts.optional().describe('Servers beside this machine whose databases may be emptied'),
    })
    .optional(),
};

/** The validator of one task: common fields and its kind's options, nothing else. */
export function taskSchema(kind: TaskKind): z.ZodType {
  return z.strictObject({ ...commonTaskFields, ...optionShape(kind) });
}

/** The options of a kind, by name; empty where its schema is no plain object. */
export function optionShape(kind: TaskKind): Record<string, z.ZodType> {
  return kind.options instanceof z.ZodObject ? (kind.options.shape as Record<string, z.ZodType>) : {};
}

/** The validator of a whole config but for its tasks, whose schemas depend on their kinds. */
export const configShape = z.strictObject({
  ...topLevel,
  tasks: z.record(z.string(), z.record(z.string(), json)).optional(),
  profiles: z.record(z.string(), z.record(z.string(), json)).optional(),
});

/** The names of the keys at the top. */
export const topLevelKeys: readonly string[] = Object.keys(configShape.shape);

/** The JSON Schema of configs that may use these kinds. */
export function configSchema(kinds: ReadonlyMap<string, TaskKind>): object {
  const tasks: Record<string, z.ZodType> = {};
  for (const kind of kinds.values()) {
    tasks[kind.kind] = z
      .strictObject({ ...commonTaskFields, ...optionShape(kind) })
      .describe(kind.description);
  }
  const named = Object.fromEntries(Object.entries(tasks).map(([name, schema]) => [name, schema.optional()]));
  const others = z.union(
    [...kinds.values()].map((kind) =>
      z
        .strictObject({ ...commonTaskFields, use: z.literal(kind.kind), ...optionShape(kind) })
        .describe(kind.description),
    ),
  );
  // A task may also be one of the preset under a name of its own, changed in common fields only.
  const changed = z.strictObject({ ...commonTaskFields, use: z.never().optional() });
  const all = z.object(named).catchall(z.union([others, changed]));
  const whole = z.strictObject({ ...topLevel, tasks: all.optional() });
  const profile = z.toJSONSchema(whole.partial(), { io: 'input', unrepresentable: 'any' });
  const schema = z.toJSONSchema(whole, { io: 'input', unrepresentable: 'any' }) as {
    properties: Record<string, unknown>;
  };
  const { $schema: _, ...part } = profile;
  return {
    title: 'db-bootstrap',
    description: 'A workflow that brings a PostgreSQL database to verified ready.',
    ...schema,
    properties: {
      ...schema.properties,
      profiles: { type: 'object', additionalProperties: { $ref: '#/$defs/profile' } },
    },
    $defs: { profile: part },
  };
}
