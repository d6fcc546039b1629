import { z } from 'zod';
import { isErrorCode } from '../lib/errors/index.js';
import type { TaskKind } from './define.js';
import { keysAt } from './schema-keys.js';
import { durationPattern, parseDuration } from './duration.js';

// Before any schema is made: compiling one takes longer than reading the few values that a config has.
z.config({ jitless: true });

// One validator: configs are checked by it and schema.json is generated from it. What a text means (durations, names of tasks)
// is read afterwards, from values that have the right types.

const longestDuration = 24 * 86_400_000;

const json = z.json();
const texts = z.array(z.string());
const environment = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const duration = z
  .union([
    z.string().regex(durationPattern, { error: 'duration' }),
    z.number().min(0, { error: 'duration' }).max(0, { error: 'duration' }),
  ])
  // Timers of Node hold no more than 24.8 days, and fire at once beyond.
  .refine((value) => (parseDuration(value) ?? 0) <= longestDuration, { error: 'duration' })
  .meta({ examples: ['250ms', '30s', '1.5m'] });

const failure = z.string().regex(/^(?:[0-9A-Z]{5}|[0-9A-Z]{2}|DBB\d{4}|connection|lock|timeout|exit)$/, {
  error: 'it must be a SQLSTATE, a class of them, an error code, or connection, lock, timeout or exit',
});

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
        .union([failure, z.array(failure)])
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

const missing = (words: string) => ({
  error: ({ input }: { input: unknown }) => (input === undefined ? words : undefined),
});
const reason = z.string(missing('why this failure is harmless; it is mandatory')).min(1);
const tolerance = z.union([
  z.strictObject({
    sqlstate: z
      .string(missing('which failure is harmless, or "code" with an error code'))
      .regex(/^[0-9A-Z]{5}$/, { error: 'a SQLSTATE has five digits or capitals, such as 23505' }),
    reason,
  }),
  z.strictObject({
    code: z
      .string()
      .regex(/^DBB\d{4}$/, { error: 'an error code is DBB and four digits' })
      .refine(isErrorCode, { error: 'there is no such error code' }),
    reason,
  }),
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

/**
 * The validator of one task: common fields and its kind's options, nothing else. The options of a kind whose schema is no plain
 * object are checked apart, by that schema itself.
 */
export function taskSchema(kind: TaskKind): z.ZodType {
  const schema = schemas.get(kind) ?? makeTaskSchema(kind);
  schemas.set(kind, schema);
  return schema;
}

// A schema compiles itself at its first use; many tasks are of one kind.
const schemas = new WeakMap<TaskKind, z.ZodType>();

function makeTaskSchema(kind: TaskKind): z.ZodType {
  if (!(kind.options instanceof z.ZodObject)) return z.looseObject(commonTaskFields);
  const { shape, catchall } = kind.options.def;
  const task = z.object({ ...commonTaskFields, ...shape });
  return catchall === undefined ? task.strict() : task.catchall(catchall);
}

/** The names of a kind's options. */
export function optionNames(kind: TaskKind): readonly string[] {
  return keysAt(kind.options, []);
}

/** The validator of a whole config but for its tasks, whose schemas depend on their kinds. */
export const configShape = z.strictObject({
  ...topLevel,
  tasks: z.record(z.string(), z.record(z.string(), json)).optional(),
  profiles: z.record(z.string(), z.record(z.string(), json)).optional(),
});

/** The validator of a profile: what it may override. */
export const profileShape = configShape.omit({ $schema: true, extends: true, profiles: true });

/** The names of the keys at the top. */
export const topLevelKeys: readonly string[] = Object.keys(configShape.shape);
