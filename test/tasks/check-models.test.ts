import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { openFleet, type Fleet } from '../support/fleet.js';
import { pythonSets } from '../support/python.js';

/** Damage that is the same in every tenant, so that no tenant differs from the others; with the object that is reported. */
const damages: readonly (readonly (readonly [string, string])[])[] = [
  [
    ['drop index carriers_active_name', 'index carriers_active_name'],
    ['alter table carriers_rate alter id drop identity', 'column id'],
    ['alter table plants_plant alter name drop not null', 'column name'],
    ['alter table plants_plant drop constraint plants_plant_name_once', 'constraint plants_plant_name_once'],
  ],
  [
    ['alter table carriers_rate add extra int not null', 'column extra'],
    ['alter table plants_plant alter name type varchar(5)', 'column name'],
  ],
  [['alter table plants_plant alter name type text collate "C"', 'column name']],
];

/** What the models do not know and what PostgreSQL treats alike: in nobody's way. */
const harmless = [
  'create index by_hand on plants_plant (name, id)',
  'alter table plants_plant add more int',
  'alter table plants_plant add given int not null default 1',
  `alter table plants_plant alter name set default 'x'`,
  'alter index carriers_active_name set (fillfactor = 60)',
  'alter index carriers_active_name rename to something_else',
  `alter table carriers_rate alter id drop identity if exists; create sequence serial owned by carriers_rate.id;
   alter table carriers_rate alter id set default nextval('serial')`,
  'alter table plants_plant drop constraint plants_plant_name_once; create unique index any_name on plants_plant (supplier_id, name)',
];

const everywhere = ['acme', 'Grün & Co', 'zoo'];

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`check tables against the models (${set})`, function () {
    this.timeout(120_000);
    let fleet: Fleet;
    before(async () => {
      fleet = await openFleet(set);
    });
    after(() => fleet.close());

    const inEach = async (statements: string): Promise<void> => {
      for (const schema of everywhere)
        await fleet.rows(`set search_path to "${schema}", public; ${statements}`);
    };

    it('passes where all tables are as Django made them', async () => {
      const { findings, summary } = await fleet.check('tables');
      assert.deepEqual(findings, []);
      assert.equal(summary, 'all tables are as the models have them in 4 schemas');
    });

    for (const damage of damages) {
      it(`finds the same damage in every tenant, and repairs it: ${damage.map(([, object]) => object).join(', ')}`, async () => {
        await inEach(damage.map(([statement]) => statement).join('; '));
        const { findings = [] } = await fleet.check('tables');
        assert.deepEqual(
          findings.map(({ code, subject }) => [code, ...(Object.entries(subject).at(-1) ?? [])].join(' ')),
          damage.map(([, object]) => `DBB6098 ${object}`),
        );
        for (const { message, help = '' } of findings) {
          assert.match(message, / in 3 of 3 tenants/);
          await fleet.rows(help.replace(/^run: /, ''));
        }
        assert.deepEqual((await fleet.check('tables')).findings, []);
      });
    }

    it('finds foreign keys that are gone, or do something else', async () => {
      const keys = await fleet.rows<{ name: string; table: string; text: string }>(
        `select conname as name, relname as "table", pg_get_constraintdef(k.oid) as text
           from pg_constraint k join pg_class c on c.oid = conrelid
          where contype = 'f' and c.relnamespace = 'acme'::regnamespace and relname like 'plants%' order by 1 limit 1`,
      );
      const [key] = keys;
      assert.ok(key);
      const drop = `alter table ${key.table} drop constraint ${key.name};`;
      const changed = key.text
        .replace('DEFERRABLE INITIALLY DEFERRED', 'ON DELETE CASCADE')
        .replace('acme.', '');
      for (const damage of [drop, `${drop} alter table ${key.table} add constraint ${key.name} ${changed}`]) {
        await inEach(damage);
        const { findings = [] } = await fleet.check('tables');
        assert.deepEqual(
          findings.map(({ code, subject }) => [code, subject.constraint]),
          [['DBB6098', key.name]],
        );
        await fleet.rows((findings[0]?.help ?? '').replace(/^run: /, ''));
        assert.deepEqual((await fleet.check('tables')).findings, []);
      }
    });

    it('finds what one schema alone has otherwise, the public one included', async () => {
      await fleet.rows(
        'alter table public.auth_group alter name drop not null; drop index zoo.carriers_active_name',
      );
      const { findings = [] } = await fleet.check('tables');
      assert.deepEqual(
        findings.map(({ message }) => message),
        [
          'column "name" of table "auth_group" is not as the models have it in schema "public"',
          'index "carriers_active_name" of table "carriers_carrier", which the models declare, does not exist in schema "zoo"',
        ],
      );
      for (const { help = '' } of findings) await fleet.rows(help.replace(/^run: /, ''));
      assert.deepEqual((await fleet.check('tables')).findings, []);
    });

    it('finds what the key of a hidden many-to-many table has lost, whatever its type', async () => {
      for (const [type, damage, message] of [
        [
          'int',
          'drop constraint auth_user_groups_pkey',
          'constraint "auth_user_groups_pkey" of table "auth_user_groups", which the models declare, does not exist in schema "public"',
        ],
        [
          'int',
          'alter id drop identity if exists, alter id drop default',
          'column "id" of table "auth_user_groups" is not as the models have it in schema "public"',
        ],
        [
          'bigint',
          'drop constraint auth_user_groups_pkey',
          'constraint "auth_user_groups_pkey" of table "auth_user_groups", which the models declare, does not exist in schema "public"',
        ],
      ] as const) {
        await fleet.rows(`alter table auth_user_groups alter id type ${type}`);
        assert.deepEqual((await fleet.check('tables')).findings, []);
        await fleet.rows(`alter table auth_user_groups ${damage}`);
        const { findings = [] } = await fleet.check('tables');
        assert.deepEqual(
          findings.map((finding) => finding.message),
          [message],
        );
        await fleet.rows(findings[0]?.help?.replace(/^run: /, '') ?? '');
        assert.deepEqual((await fleet.check('tables')).findings, []);
      }
    });

    it('finds what the table of applied migrations has lost, whatever the type of its key', async () => {
      for (const [damage, name] of [
        ['drop constraint django_migrations_pkey', 'constraint "django_migrations_pkey"'],
        ['alter id drop identity if exists, alter id drop default', 'column "id"'],
        ['alter app drop not null', 'column "app"'],
        ['alter name type varchar(100)', 'column "name"'],
        ['drop column applied', 'column "applied"'],
        ['drop column id', 'column "id"'],
      ]) {
        await fleet.rows(`alter table public.django_migrations ${damage}`);
        await inEach(`alter table django_migrations ${damage}`);
        const { findings = [] } = await fleet.check('tables');
        assert.deepEqual(
          findings.map(({ code, message }) => [
            code,
            message.startsWith(`${name} of table "django_migrations"`),
          ]),
          [
            ['DBB6098', true],
            ['DBB6098', true],
          ],
        );
        for (const { help = '' } of findings) await fleet.rows(help.replace(/^run: /, ''));
        await fleet.rows('alter table public.django_migrations alter id type bigint');
        assert.deepEqual((await fleet.check('tables')).findings, []);
      }
    });

    it('finds rights that the owner of a table, or of the sequence of a serial column, lacks', async () => {
      const role = `"Owner ${randomBytes(6).toString('hex')}"`;
      const owned = await fleet.rows<{ owner: string }>(
        `select relowner::regrole::text as owner from pg_class where oid = 'public.auth_group'::regclass`,
      );
      await fleet.rows(
        `create role ${role};
         alter table auth_group alter id drop identity if exists; create sequence by_hand owned by auth_group.id;
         alter table auth_group alter id set default nextval('by_hand'), owner to ${role};
         revoke insert, select on auth_group from ${role}; revoke all on by_hand from ${role};`,
      );
      try {
        const { findings = [] } = await fleet.check('tables');
        assert.deepEqual(
          findings.map(({ code, message }) => `${code} ${message}`),
          [
            `DBB6098 ${role}, the owner of sequence by_hand, lacks the privilege usage in schema "public"`,
            `DBB6098 ${role}, the owner of table "auth_group", lacks the privileges insert, select in schema "public"`,
          ],
        );
        for (const { help = '' } of findings) await fleet.rows(help.replace(/^run: /, ''));
        assert.deepEqual((await fleet.check('tables')).findings, []);
      } finally {
        await fleet.rows(`alter table auth_group owner to ${owned[0]?.owner ?? ''}; drop role ${role}`);
      }
    });

    it('passes where the catalog has more, or the same in another way', async () => {
      for (const change of harmless) await inEach(change);
      assert.deepEqual((await fleet.check('tables')).findings, []);
      assert.deepEqual((await fleet.check('drift')).findings, []);
    });
  });
}
