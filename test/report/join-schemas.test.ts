import assert from 'node:assert/strict';
import type { Problem } from '../../lib/errors/index.js';
import { joinSchemas } from '../../lib/report/index.js';

const behind = (schema: string, migration = 'orders.0002_note'): Problem => ({
  code: 'DBB6013',
  message: `schema "${schema}" has 1 migration that is not applied: ${migration}`,
  help: 'run "db-bootstrap run --from tenant-migrations"',
  facts: { schema },
});

describe('problems of many schemas', () => {
  it('are one where they differ in the schema alone, at the place of the first', () => {
    const other: Problem = { code: 'DBB6007', message: 'app "orders" has 2 leaf migrations' };
    assert.deepEqual(joinSchemas([behind('a'), other, behind('b'), behind('a.b')]), [
      { ...behind('a'), notes: [{ label: 'the same in', text: '"b" and "a.b"' }] },
      other,
    ]);
  });

  it('are apart where anything else differs, or a schema is part of a word', () => {
    const apart = [
      behind('a'),
      behind('b', 'orders.0003_price'),
      { ...behind('c'), severity: 'warning' as const },
      { ...behind('d'), help: 'run "db-bootstrap run --from shared"' },
      { code: 'DBB5004', message: 'a relation does not exist', facts: { schema: 'a' } } as const,
      { code: 'DBB5004', message: 'b relation does not exist', facts: { schema: 'b' } } as const,
    ];
    assert.deepEqual(joinSchemas(apart), apart);
  });

  it('are one where only a note says in which schema they were met', () => {
    const met = (schema: string, facts?: { readonly schema: string }): Problem => ({
      code: 'DBB5053',
      message: 'no schema of database "shop" holds a table "klient"',
      notes: [{ label: 'schema', text: schema }],
      ...(facts ? { facts } : {}),
    });
    assert.deepEqual(joinSchemas([met('a'), met('b', { schema: 'b' })]), [
      {
        ...met('a'),
        notes: [
          { label: 'schema', text: 'a' },
          { label: 'the same in', text: '"b"' },
        ],
      },
    ]);
  });

  it('name ten of the others, and count the rest', () => {
    const [joined] = joinSchemas(Array.from({ length: 3000 }, (_, index) => behind(`t${String(index)}`)));
    assert.match(joined?.notes?.[0]?.text ?? '', /^"t1", .*, "t10" and 2,989 more$/);
  });
});
