import assert from 'node:assert/strict';
import { explainConfig, maskedConfig } from '../../config/index.js';
import { renderProblem } from '../../lib/errors/index.js';
import { load } from './project.js';

const needy = 'tasks: { wait: {} }\n';

describe('secrets of a workflow', () => {
  it('are no words that name the role, the database or the host: every message needs those', async () => {
    const { secrets } = await load(needy, { env: { DATABASE_URL: 'postgres://shop:shop@shop:5432/shop' } });
    const problem = { code: 'DBB4004', message: 'the database "shop" does not exist' } as const;
    assert.match(renderProblem(problem, { secrets }), /the database "shop" does not exist/);
    const parts = 'database: { host: db, name: orders, user: orders, password: orders }\n';
    assert.deepEqual((await load(parts + needy)).secrets, []);
    for (const name of ['PGUSER', 'PGDATABASE', 'PGHOST'])
      assert.deepEqual(
        (await load(needy, { env: { [name]: 'shop', PGPORT: '1', PGPASSWORD: 'shop' } })).secrets,
        [],
      );
  });

  it('are not "postgres", the scheme of every URL and the superuser of every server', async () => {
    const { secrets } = await load(needy, { env: { DATABASE_URL: 'postgres://app:postgres@localhost/app' } });
    assert.deepEqual(secrets, []);
  });

  it('are masked as passwords whatever else they name', async () => {
    const workflow = await load(
      'env: { DB_PASSWORD: shop }\ndatabase: postgres://shop:shop@localhost/shop\n' + needy,
    );
    const text = explainConfig(workflow);
    assert.match(text, /postgres:\/\/shop:\*\*\*@localhost\/shop/);
    assert.match(text, /env\.DB_PASSWORD = "\*\*\*"/);
    assert.match(JSON.stringify(maskedConfig(workflow)), /"DB_PASSWORD":"\*\*\*"/);
  });

  it('are masked beside names that are others', async () => {
    const url = 'postgres://shop:shop-secret@localhost:5432/shop?sslmode=prefer';
    assert.deepEqual((await load(needy, { env: { DATABASE_URL: url } })).secrets, ['shop-secret']);
  });
});
