import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { TaskKind } from '../../config/define.js';
import { BootstrapError } from '../../lib/errors/index.js';
import { FailureLimit, partsOf, type FleetMember, type Wave } from '../../lib/fleet/index.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask, tenantEnds } from '../support/django-task.js';
import { openMigrated, reopen, whileHeld } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';
import { rejection } from '../support/rejection.js';
import { logOf, testMemory } from '../support/task-context.js';
import { planOf } from '../support/wholesale.js';

const kind = tenantMigrations as unknown as TaskKind;

describe('waves of a rollout', () => {
  const wave: fc.Arbitrary<Wave> = fc.oneof(
    fc.integer({ min: 1, max: 100 }).map((percent) => ({ takes: { percent }, pause: 0 })),
    fc
      .integer({ min: 0, max: 9 })
      .map((digit) => ({ takes: { matches: (name: string) => name.endsWith(String(digit)) }, pause: 0 })),
  );
  const membersOf = (count: number): FleetMember[] =>
    Array.from({ length: count }, (_, index) => ({ schema: `t${String(index)}`, pending: [], applied: 0 }));

  it('take every tenant once, in the order of the fleet, and none is empty', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.array(wave, { maxLength: 5 }), (count, waves) => {
        const members = membersOf(count);
        const parts = partsOf(members, waves);
        const taken = parts.flatMap((part) => part.members);
        assert.deepEqual(new Set(taken), new Set(members));
        assert.equal(taken.length, count);
        for (const part of parts) {
          assert.ok(part.members.length > 0);
          const places = part.members.map((member) => members.indexOf(member));
          assert.deepEqual(
            places,
            places.toSorted((a, b) => a - b),
          );
        }
      }),
    );
  });

  it('make their share of the fleet together with those before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.array(wave, { minLength: 1, maxLength: 4 }),
        (count, waves) => {
          const last = waves.at(-1);
          if (!last || !('percent' in last.takes)) return;
          const taken = partsOf(membersOf(count), waves);
          const rest = partsOf(membersOf(count), waves.slice(0, -1)).at(-1)?.members.length ?? 0;
          const share = Math.ceil((count * last.takes.percent) / 100);
          const left = taken.at(-1)?.members.length ?? 0;
          assert.ok(left === rest || count - left >= Math.min(share, count));
        },
      ),
    );
  });

  it('end at a number or a share of failures, of which one is the least', () => {
    const failing = (limit: FailureLimit, times: number): string | undefined => {
      for (let time = 0; time < times; time++) limit.note();
      return limit.reached;
    };
    assert.equal(failing(new FailureLimit(undefined, 10), 10), undefined);
    assert.equal(failing(new FailureLimit({ failures: 3 }, 10), 2), undefined);
    assert.equal(failing(new FailureLimit({ failures: 3 }, 10), 3), '3 of 10 tenants failed (abortAfter)');
    assert.equal(failing(new FailureLimit({ percent: 2 }, 10), 0), undefined);
    assert.equal(failing(new FailureLimit({ percent: 2 }, 10), 1), '1 of 10 tenants failed (abortAfter)');
    assert.equal(failing(new FailureLimit({ percent: 50 }, 10), 4), undefined);
  });
});

describe('a rollout over real tenants', function () {
  this.timeout(120_000);
  let project: TestHost;
  const schemas = ['canary_one', 'canary_two', 'big', 'held', 'last'];
  /** Breaks in the schemas that it names, in the order in which Django meets them. */
  const next = (broken: readonly string[]): string => `
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_own_collection")]
    operations = [
        migrations.AddField("carrier", "next", models.TextField(null=True)),
        migrations.RunSQL("select 1 / (current_schema() <> all (array[${broken.map((name) => `'${name}'`).join(', ')}]::text[]))::int"),
    ]
`;
  const openNext = async (broken: readonly string[]): Promise<TestHost> => {
    await writeFile(join(project.directory, 'wholesale/carriers/migrations/0005_next.py'), next(broken));
    return reopen(project);
  };

  beforeEach(async () => {
    project = await openMigrated(schemas);
  });
  afterEach(() => project.close());

  it('goes wave by wave, and says so in its plan and its log', async () => {
    const release = await openNext([]);
    try {
      const options = { rollout: [{ match: 'canary_*' }, { percent: 60, pause: '1ms' }] };
      const memory = testMemory();
      const task = djangoTask(release, kind, { options, memory });
      assert.equal(
        (await planOf(kind, task)).reason,
        '5 migrations are pending in 5 schemas; 2 connections at a time, in waves of 2, 1, 2',
      );
      await kind.run(task);
      assert.deepEqual(new Set(tenantEnds(memory).map(([, status]) => status)), new Set(['migrated']));
      const log = logOf(memory).filter((line) => line.startsWith('wave '));
      assert.deepEqual(log, [
        'wave 1 of 3: 2 tenants',
        'wave 2 of 3: 1 tenant',
        'wave 2 of 3 has gone well; the next begins in 0.001 s',
        'wave 3 of 3: 2 tenants',
      ]);
    } finally {
      await release.close();
    }
  });

  it('ends with a wave in which a tenant failed, and tells the rest why they were not tried', async () => {
    const release = await openNext(['canary_two']);
    try {
      const memory = testMemory();
      const options = { rollout: [{ match: 'canary_*' }] };
      const error = await rejection(
        Promise.resolve(kind.run(djangoTask(release, kind, { options, memory }))),
      );
      assert.ok(error instanceof BootstrapError);
      assert.equal(error.code, 'DBB6027');
      assert.deepEqual(error.problems[0].notes, [
        { label: 'tenants', text: '1 migrated, 0 up to date, 1 failed, 3 not tried' },
        { label: 'not tried', text: '1 tenant failed in wave 1 of 2' },
      ]);
      assert.deepEqual(tenantEnds(memory).sort(), [
        ['big', 'not-tried'],
        ['canary_one', 'migrated'],
        ['canary_two', 'failed'],
        ['held', 'not-tried'],
        ['last', 'not-tried'],
      ]);
    } finally {
      await release.close();
    }
  });

  it('begins no more tenants once as many have failed as may', async () => {
    const release = await openNext(schemas);
    try {
      const memory = testMemory();
      const options = { abortAfter: '2 failures', rollout: [{ match: 'canary_*' }] };
      await rejection(Promise.resolve(kind.run(djangoTask(release, kind, { options, memory }))));
      assert.deepEqual(
        tenantEnds(memory).map(([, status]) => status),
        ['failed', 'failed', 'not-tried', 'not-tried', 'not-tried'],
      );
    } finally {
      await release.close();
    }
  });

  it('gives up a tenant whose table is held, after its time, and migrates the others', async () => {
    const release = await openNext([]);
    try {
      await whileHeld(project, 'held.carriers_carrier', async () => {
        const memory = testMemory();
        const options = { lockTimeout: '100ms' };
        const error = await rejection(
          Promise.resolve(kind.run(djangoTask(release, kind, { options, memory }))),
        );
        assert.ok(error instanceof BootstrapError);
        assert.equal(error.problems[1]?.facts?.sqlstate, '55P03');
        assert.deepEqual(
          tenantEnds(memory).filter(([, status]) => status !== 'migrated'),
          [['held', 'failed']],
        );
      });
      await kind.run(djangoTask(release, kind));
    } finally {
      await release.close();
    }
  });
});
