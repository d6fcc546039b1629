import * as z from 'zod/mini';
import { described, identifier, nonEmpty, perhapsIdentifier } from './validators.js';
import { isErrorCode } from '../lib/errors/index.js';
import type { TaskKind } from './define.js';
import { namePattern } from './names.js';
import { keysAt } from './schema-keys.js';
import { durationPattern, longestDuration, parseDuration } from '../lib/text/index.js';

// One validator: configs are checked by it and schema.json is generated from it. What a text means (durations, names of tasks)
// is read afterwards, from values that have the right types.

const json = z.json();
const texts = z.array(z.string());
// A name that cannot be used is told by unfit.ts, which sees those too that a validator of mappings passes over.
const environment = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .register(z.globalRegistry, { propertyNames: { pattern: namePattern('variable') } });
const duration = z
  .union([
    z.string().check(z.regex(durationPattern, { error: 'duration' })),
    z.number().check(z.minimum(0, { error: 'duration' }), z.maximum(0, { error: 'duration' })),
  ])
  .check(z.refine((value) => (parseDuration(value) ?? 0) <= longestDuration, { error: 'duration' }))
  .register(z.globalRegistry, { examples: ['250ms', '30s', '1.5m'] });

const failure = z.string().check(
  z.regex(/^(?:[0-9A-Z]{5}|[0-9A-Z]{2}|DBB\d{4}|connection|lock|timeout|exit)$/, {
    error: 'it must be a SQLSTATE, a class of them, an error code, or connection, lock, timeout or exit',
  }),
);

const retry = described(
  z.union([
    z.int().check(z.minimum(1)),
    z.strictObject({
      attempts: described(
        z.optional(z.int().check(z.minimum(1))),
        'How often it is tried, the first time included',
      ),
      delay: described(z.optional(duration), 'Before the second attempt'),
      factor: described(
        z.optional(z.number().check(z.minimum(1))),
        'What the delay is multiplied by each time',
      ),
      maxDelay: z.optional(duration),
      jitter: z.optional(z.boolean()),
      on: described(
        z.optional(z.union([failure, z.array(failure)])),
        'SQLSTATEs, their classes, error codes, or connection, lock, timeout, exit',
      ),
    }),
  ]),
  'When a failed attempt is tried again',
);

const condition = described(
  z.union([
    z.string(),
    z.strictObject({ command: z.string() }),
    z.strictObject({ sql: z.string() }),
    z.strictObject({ env: z.string(), equals: z.optional(z.string()) }),
    z.strictObject({ exists: z.string() }),
  ]),
  'Asked right before the task; where the answer is no, the task is skipped',
);

const missing = (words: string) => ({
  error: ({ input }: { input: unknown }) => (input === undefined ? words : undefined),
});
const reason = z.string(missing('why this failure is harmless; it is mandatory')).check(z.minLength(1));
const tolerance = z.union([
  z.strictObject({
    sqlstate: z
      .string(missing('which failure is harmless, or "code" with an error code'))
      .check(z.regex(/^[0-9A-Z]{5}$/, { error: 'a SQLSTATE has five digits or capitals, such as 23505' })),
    reason,
  }),
  z.strictObject({
    code: z
      .string()
      .check(
        z.regex(/^DBB\d{4}$/, { error: 'an error code is DBB and four digits' }),
        z.refine(isErrorCode, { error: 'there is no such error code' }),
      ),
    object: described(
      z.optional(nonEmpty),
      'The table, column, index or schema of a finding, or "table.column"; * for any characters',
    ),
    reason,
  }),
]);

const policy = z.enum(['stop', 'continue', 'warn']);

/** The fields that every task has beside its kind's options. */
export const commonTaskFields = {
  use: described(z.optional(z.string()), "The task's kind; its own name where that is a kind"),
  needs: described(z.optional(texts), 'Tasks that must have succeeded'),
  after: described(z.optional(texts), 'Tasks that must have ended, where both run'),
  enabled: z.optional(z.boolean()),
  if: z.optional(condition),
  retry: z.optional(retry),
  timeout: described(z.optional(duration), 'Of each attempt, its condition included'),
  onFailure: described(
    z.optional(policy),
    'stop: no new tasks start; continue: only dependents are blocked; warn: counted as a warning',
  ),
  tolerate: described(
    z.optional(z.array(tolerance)),
    'Failures that are harmless here, each with the reason',
  ),
  env: z.optional(environment),
};

const tenant = z.strictObject({
  schema: described(nonEmpty, 'Name of its PostgreSQL schema'),
  domain: described(z.optional(nonEmpty), 'Its primary domain'),
  domains: described(z.optional(texts), 'More domains'),
  fields: described(z.optional(z.record(z.string(), json)), 'Fields of the tenant model'),
  domainFields: described(z.optional(z.record(z.string(), json)), 'Fields of the domain model'),
});

const database = described(
  z.union([
    nonEmpty,
    z.strictObject({ url: nonEmpty }),
    z.strictObject({
      embedded: z.union([
        z.literal(true),
        z.strictObject({
          port: z.optional(z.int().check(z.minimum(1), z.maximum(65535))),
          name: z.optional(identifier),
        }),
      ]),
    }),
    z.strictObject({
      host: z.optional(z.string()),
      port: z.optional(z.int().check(z.minimum(1), z.maximum(65535))),
      name: z.optional(perhapsIdentifier),
      user: z.optional(perhapsIdentifier),
      password: z.optional(z.string()),
    }),
  ]),
  'A URL, "embedded", "none", or the parts',
);

const topLevel = {
  $schema: z.optional(z.string()),
  preset: described(z.optional(z.string()), 'django-tenants, django or sql'),
  extends: described(
    z.optional(z.union([z.string(), texts])),
    'Configs that this one builds on: paths or packages',
  ),
  plugins: described(z.optional(texts), 'Modules that bring task kinds'),
  database: z.optional(database),
  envFile: described(
    z.optional(z.union([z.string(), texts])),
    'Files of variables; they never override the environment',
  ),
  env: described(z.optional(environment), 'Variables for every task'),
  django: z.optional(
    z.strictObject({
      directory: described(z.optional(z.string()), 'Where manage.py is'),
      python: described(z.optional(z.string()), 'The interpreter: a path or a command'),
      settings: described(z.optional(z.string()), 'The settings module'),
    }),
  ),
  tenants: z.optional(z.array(tenant)),
  concurrency: described(z.optional(z.int().check(z.minimum(1))), 'How many tasks may run at once'),
  timeout: described(z.optional(duration), 'Of the whole run'),
  grace: described(z.optional(duration), 'Between SIGTERM and SIGKILL'),
  onFailure: described(z.optional(policy), 'For tasks that declare none'),
  reporter: z.optional(z.enum(['default', 'append-only', 'github', 'ndjson', 'silent'])),
  ledger: z.optional(z.union([z.enum(['file', 'off', 'database']), z.strictObject({ schema: identifier })])),
  guards: z.optional(
    z.strictObject({
      allowDestructive: z.optional(z.boolean()),
      databases: described(z.optional(texts), 'Patterns of names of databases that may be emptied'),
      hosts: described(z.optional(texts), 'Servers beside this machine whose databases may be emptied'),
    }),
  ),
};

/**
 * The validator of one task: common fields and its kind's options, nothing else. The options of a kind whose schema is no plain
 * object are checked apart, by that schema itself.
 */
export function taskSchema(kind: TaskKind): z.core.$ZodType {
  const schema = schemas.get(kind) ?? makeTaskSchema(kind);
  schemas.set(kind, schema);
  return schema;
}

// A schema compiles itself at its first use; many tasks are of one kind.
const schemas = new WeakMap<TaskKind, z.core.$ZodType>();

function makeTaskSchema(kind: TaskKind): z.core.$ZodType {
  if (!(kind.options instanceof z.core.$ZodObject)) return z.looseObject(commonTaskFields);
  const { shape, catchall } = kind.options._zod.def;
  const fields = { ...commonTaskFields, ...shape };
  return catchall === undefined ? z.strictObject(fields) : z.catchall(z.object(fields), catchall);
}

/** The names of a kind's options. */
export function optionNames(kind: TaskKind): readonly string[] {
  return keysAt(kind.options, []);
}

/** The validator of a whole config but for its tasks, whose schemas depend on their kinds. */
export const configShape = z.strictObject({
  ...topLevel,
  tasks: z.optional(z.record(z.string(), z.record(z.string(), json))),
  profiles: z.optional(z.record(z.string(), z.record(z.string(), json))),
});

/** The validator of a profile: what it may override. */
export const profileShape = z.omit(configShape, { $schema: true, extends: true, profiles: true });

/** The names of the keys at the top. */
export const topLevelKeys: readonly string[] = Object.keys(configShape.shape);
