import type { SoughtObject } from '../../django/index.js';
import { parseStatement, tablesIn, type ParsedStatement } from './statement.js';
import type { Symptom } from './symptom.js';

const name = '(?:"(.+?)"|([\\w.$]+))';

/** How PostgreSQL says that something does not exist, with the kind that it names. */
const sentences: readonly (readonly [RegExp, string | undefined])[] = [
  [new RegExp(`^column ${name} of relation ${name} does not exist`), 'column'],
  [
    new RegExp(`^column ${name}(?: named in key| referenced in foreign key constraint)? does not exist`),
    'column',
  ],
  [
    new RegExp(
      `^(constraint|trigger|rule|policy) ${name} (?:of relation|for table|for relation) ${name} does not exist`,
    ),
    undefined,
  ],
  [
    new RegExp(
      `^(relation|table|view|materialized view|sequence|index|type|schema|collation|extension) ${name}`,
    ),
    undefined,
  ],
  [new RegExp(`^(function|procedure|aggregate) ${name}(?:\\(.*\\))? does not exist`), undefined],
  [new RegExp(`^could not find a (function|procedure|aggregate) named ${name}`), undefined],
];

/** What a statement names and the database lacks, the likeliest first: a column may be one of several tables. */
export interface MissingObject {
  readonly objects: readonly SoughtObject[];
  readonly statement: ParsedStatement | undefined;
}

/** The object that "does not exist", read from the sentence and from the statement at the error's position. */
export async function missingObject(symptom: Symptom): Promise<MissingObject | undefined> {
  const { message, position } = symptom;
  for (const [pattern, kind] of sentences) {
    const match = pattern.exec(message);
    if (!match) continue;
    const [said = '', ...rest] = match.slice(1).filter(Boolean);
    const [first = '', second] = kind === undefined ? rest : [said, ...rest];
    const what = kind ?? said;
    const at = position === undefined ? {} : { position };
    const statement = await parseStatement(symptom.statement, { ...at, name: second ?? plain(first) });
    if (what === 'column') return { objects: columns(first, second, symptom, statement), statement };
    const relation = { kind: what === 'relation' ? (statement?.kind ?? what) : what, name: plain(first) };
    return {
      objects: [{ ...relation, ...(second === undefined ? {} : { table: plain(second) }) }],
      statement,
    };
  }
  return undefined;
}

/** The column in the table that the sentence names, or the alias stands for; else in each table of the statement. */
function columns(
  column: string,
  table: string | undefined,
  symptom: Symptom,
  statement: ParsedStatement | undefined,
): readonly SoughtObject[] {
  const [own, alias] = column.split('.').reverse();
  const named = table ?? alias;
  const relations = statement?.relations ?? tablesIn(symptom.statement).map((each) => ({ name: each }));
  const meant = relations.filter((each) => 'alias' in each && each.alias === named).map((each) => each.name);
  const tables =
    meant.length > 0 ? meant : named === undefined ? relations.map((each) => each.name) : [named];
  return [...new Set(tables)].map((each) => ({ kind: 'column', name: own ?? column, table: plain(each) }));
}

/** The name without its schema. */
function plain(qualified: string): string {
  return qualified.slice(qualified.lastIndexOf('.') + 1);
}
