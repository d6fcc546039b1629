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

const functions = [
  ['lower', ['varchar'], 'text'],
  ['lower', ['name'], 'text'],
  ['md5', ['varchar'], 'text'],
  ['quote_ident', ['name'], 'text'],
  ['length', ['varchar'], 'int4'],
  ['hashtextextended', ['varchar', 'int4'], 'int8'],
] as const;

/**
 * Operators and functions of the role `low` in schema public, each of which fits better than what PostgreSQL has, gives a wrong answer, and
 * writes down the statement that called it.
 */
export async function setTraps(url: string, low: string): Promise<void> {
  await query(
    url,
    `create role ${low}; grant create, usage on schema public to ${low}; set role ${low};
     create table public.called (query text, what text); grant all on public.called to public;
     ${functions.map(([name, types, result]) => trap(name, types, result)).join('\n')}
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

function trap(name: string, types: readonly string[], result: string): string {
  const what = `${name}(${types.join(', ')})`;
  return `create function public.${name}(${types.join(', ')}) returns ${result} language plpgsql set search_path = pg_catalog as
    $trap$ begin insert into public.called values (current_query(), '${what}'); return null; end $trap$;`;
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
  return `${trap(own, [left, right], name === '||' ? 'text' : 'bool')}
    create operator public.${name} (leftarg = ${left}, rightarg = ${right}, function = public.${own});`;
}
