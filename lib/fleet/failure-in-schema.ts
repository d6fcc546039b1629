import { BootstrapError, type Problem } from '../errors/index.js';

/** A tenant's failure, which names its schema, and the indexes that were left invalid (quoted names). */
export function inSchema(schema: string, error: BootstrapError, left: readonly string[]): BootstrapError {
  const [first, ...rest] = error.problems;
  const { notes = [], facts = {} } = first;
  const named = facts.schema === undefined ? [{ label: 'schema', text: schema }] : [];
  const text = `${left.join(', ')}: the next run removes ${left.length === 1 ? 'it' : 'them'} and goes on`;
  const invalid = left.length === 0 ? [] : [{ label: 'left invalid', text }];
  if (named.length + invalid.length === 0) return error;
  const noted: Problem = { ...first, notes: [...named, ...notes, ...invalid], facts: { ...facts, schema } };
  return new BootstrapError([noted, ...rest], { cause: error });
}

/** The failure of a statement that replays a migration ("app.name"). */
export function inMigration(migration: string, error: BootstrapError): BootstrapError {
  const [first, ...rest] = error.problems;
  // Of a lost connection no migration is the cause.
  if (first.code !== 'DBB5004' && first.code !== 'DBB4014') return error;
  const { notes = [], facts = {} } = first;
  const noted: Problem = {
    ...first,
    code: 'DBB6011',
    notes: [{ label: 'migration', text: migration }, ...notes],
    facts: { ...facts, migration },
  };
  return new BootstrapError([noted, ...rest], { cause: error });
}
