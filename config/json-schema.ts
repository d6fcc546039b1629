import * as z from 'zod/mini';
import type { TaskKind } from './define.js';
import { namePattern } from './names.js';
import { commonTaskFields, configShape, profileShape, taskSchema, optionNames } from './schema.js';
import { kindAliases } from './tasks.js';

type Schema = Record<string, unknown>;

const variable = { $ref: '#/$defs/variable' };

/**
 * The JSON Schema of configs that may use these kinds. It checks one file, which is one layer of several: nothing is required of it that
 * another layer may bring, `null` takes a key of a lower layer away, and a text with a variable may stand for any value.
 */
export function configSchema(kinds: ReadonlyMap<string, TaskKind>): object {
  const defs: Schema = {};
  const { profiles, ...keys } = schemaOf('config', z.omit(configShape, { tasks: true }), defs)
    .properties as Record<string, Schema>;
  // What stands once is referred to elsewhere: in profiles, and in every kind.
  const overridable = Object.keys(profileShape.shape).filter((key) => key !== 'tasks');
  const fields = schemaOf('field', z.looseObject(commonTaskFields), defs).properties as Record<
    string,
    Schema
  >;
  const tasks = {
    type: 'object',
    description: 'The graph: tasks by name',
    propertyNames: { pattern: namePattern('task') },
    properties: Object.fromEntries(
      [...kinds.keys(), ...Object.keys(kindAliases)].map((name) => [name, taskRef(kinds, name)]),
    ),
    additionalProperties: taskRef(kinds, undefined),
  };
  const kindSchemas = Object.fromEntries(
    [...kinds.values()].map((kind) => [`task-${kind.kind}`, kindSchema(kind, defs)]),
  );
  const changed = {
    type: 'object',
    description: 'A change to a task',
    properties: fieldReferences(Object.keys(fields)),
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'db-bootstrap',
    description: 'A workflow that brings a PostgreSQL database to verified ready.',
    type: 'object',
    properties: {
      ...keys,
      tasks: { $ref: '#/$defs/tasks' },
      profiles: {
        ...profiles,
        propertyNames: { pattern: namePattern('profile') },
        additionalProperties: { $ref: '#/$defs/profile' },
      },
    },
    additionalProperties: false,
    $defs: {
      variable: { type: 'string', pattern: '\\$\\{', description: 'A text with a variable' },
      profile: {
        type: 'object',
        properties: {
          ...Object.fromEntries(overridable.map((key) => [key, { $ref: `#/properties/${key}` }])),
          tasks: { $ref: '#/$defs/tasks' },
        },
        additionalProperties: false,
      },
      tasks,
      task: chosenByUse(kinds),
      'changed-task': changed,
      ...kindSchemas,
      ...Object.fromEntries(Object.entries(fields).map(([name, field]) => [`field-${name}`, field])),
      ...defs,
    },
  };
}

/** A task of a kind: its own options, and the common fields by reference. */
function kindSchema(kind: TaskKind, defs: Schema): Schema {
  const own = optionNames(kind);
  const common = Object.keys(commonTaskFields).filter((name) => !own.includes(name));
  const whole = schemaOf(`task-${kind.kind}`, taskSchema(kind), defs);
  return {
    ...whole,
    description: kind.description,
    properties: { ...(whole.properties as Schema), ...fieldReferences(common) },
  };
}

function fieldReferences(names: readonly string[]): Schema {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/field-${name}` }]));
}

/** A task by its `use`; without one, the kind of its name, or a change to a task of another layer. */
function taskRef(kinds: ReadonlyMap<string, TaskKind>, name: string | undefined): Schema {
  const kind = name === undefined ? undefined : kinds.get(kindAliases[name] ?? name)?.kind;
  return {
    if: { type: 'object', required: ['use'] },
    then: { $ref: '#/$defs/task' },
    else: {
      anyOf: [
        { $ref: kind === undefined ? '#/$defs/changed-task' : `#/$defs/task-${kind}` },
        { type: 'null' },
      ],
    },
  };
}

function chosenByUse(kinds: ReadonlyMap<string, TaskKind>): Schema {
  const names = [...kinds.keys(), ...Object.keys(kindAliases)];
  return {
    type: 'object',
    properties: { use: { enum: names } },
    allOf: names.map((name) => ({
      if: { properties: { use: { const: name } } },
      then: { $ref: `#/$defs/task-${kindAliases[name] ?? name}` },
    })),
  };
}

/** One layer's part of a validator: what is required may stand in another layer. What it refers to goes to `defs`, under its name. */
function schemaOf(name: string, validator: z.core.$ZodType, defs: Schema): Schema {
  const text = JSON.stringify(z.toJSONSchema(validator, { io: 'input', unrepresentable: 'any' }));
  const own = JSON.parse(text.replaceAll('"#/$defs/', `"#/$defs/${name}-`)) as Schema;
  const { $defs, ...schema } = withVariables(own) as Schema;
  for (const [key, value] of Object.entries($defs ?? {})) defs[`${name}-${key}`] = value;
  return Object.fromEntries(
    Object.entries(schema).filter(([key]) => key !== '$schema' && key !== 'required'),
  );
}

/** Lets a text with a variable stand wherever a text may not already. */
function withVariables(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withVariables);
  if (value === null || typeof value !== 'object') return value;
  const schema: Schema = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withVariables(item)]),
  );
  const plain = schema.type === 'string' && !('pattern' in schema) && !('enum' in schema);
  const scalar = ['number', 'integer', 'boolean', 'string'].includes(String(schema.type));
  if (!scalar || plain || typeof schema.type !== 'string') return schema;
  const { description, examples, ...constraint } = schema;
  return {
    ...(description === undefined ? {} : { description }),
    ...(examples === undefined ? {} : { examples }),
    anyOf: [constraint, variable],
  };
}
