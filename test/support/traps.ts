import { query } from './postgres.js';

/** Pairs of types for which PostgreSQL has no operator of its own, but others that it casts to. */
const pairs = [
  ['name', 'varchar'],
  ['varchar', 'name'],
  ['varchar', 'varchar'],
  ['varchar', 'text'],
  ['text', 'varchar'],
  ['oid', 'regclass'],
  ['regclass', 'oid'],
  ['oid', 'int4'],
  ['"char"', 'text'],
] as const;

/** The same for the operator || alone. */
const joined = [
  ['name', 'text'],
  ['text', 'name'],
  ['name', 'name'],
  ['int8', 'text'],
  ['text', 'int8'],
] as const;

const functions = [
  ['lower', ['name'], 'text'],
  ['md5', ['varchar'], 'text'],
  ['quote_ident', ['name'], 'text'],
  ['length', ['varchar'], 'int4'],
  ['hashtext', ['varchar'], 'int4'],
  ['hashtextextended', ['varchar', 'int4'], 'int8'],
] as const;

/**
 * Operators and functions of the role `low` in schema public. Each fits better than what PostgreSQL has, gives the same answer, and records
 * the statement that called it.
 */
export async function setTraps(url: string, low: string): Promise<void> {
  await query(
    url,
    `create role ${low}; grant create, usage on schema public to ${low}; set role ${low};
     create table public.called (query text, what text); grant all on public.called to public;
     create function public.note(text, text) returns void language sql as 'insert into public.called values ($1, $2)';
     ${functions.map(([name, types, result]) => trap(name, types, result, `${name}($1::text${types.length > 1 ? ', $2' : ''})`)).join('\n')}
     ${joined.map(([left, right]) => operator('||', left, right)).join('\n')}
     ${pairs.flatMap(([left, right]) => ['=', '<>', '||', '~', '!~'].map((name) => operator(name, left, right))).join('\n')}
     reset role`,
  );
}

/** What was called, and by which statements; those of Django itself are left out. */
export async function sprung(url: string): Promise<readonly unknown[]> {
  return query(
    url,
    `select distinct what, query from public.called where query !~ '^ *(SELECT|INSERT|UPDATE|DELETE|WITH|SET) '`,
  );
}

function trap(name: string, types: readonly string[], result: string, answer: string): string {
  const what = `${name}(${types.join(', ')})`;
  return `create function public.${name}(${types.join(', ')}) returns ${result} language plpgsql immutable set search_path = pg_catalog as
    $trap$ begin perform public.note(current_query(), '${what}'); return ${answer}; end $trap$;`;
}

function operator(name: string, left: string, right: string): string {
  const words: Readonly<Record<string, string>> = {
    '=': 'eq',
    '<>': 'ne',
    '||': 'cat',
    '~': 'like',
    '!~': 'unlike',
  };
  const own = `${words[name] ?? ''}_${left}_${right}`.replaceAll('"', '');
  const common = /oid|regclass/.test(left + right) && name !== '||' && !name.includes('~') ? 'oid' : 'text';
  return `${trap(own, [left, right], name === '||' ? 'text' : 'bool', `$1::${common} ${name} $2::${common}`)}
    create operator public.${name} (leftarg = ${left}, rightarg = ${right}, function = public.${own});`;
}
