import assert from 'node:assert/strict';
import { NamedVariables } from '../../lib/django/answers/variables.js';

describe('variables that a project names', () => {
  const cases: Record<string, [string, string[], string[]]> = {
    'in os.environ': ['os.environ["SECRET_KEY"], os.getenv(\'debug\')', ['SECRET_KEY', 'debug'], ['KEY']],
    'in a file of variables': ['MAIL_HOST=x\nexport BASE=1', ['MAIL_HOST', 'BASE'], ['MAIL', 'HOST']],
    'by a prefix': [
      'environ.Env(prefix="APP_"); AppConfig(prefix=\'OTHER\')',
      ['APP_DB_HOST', 'OTHER_X'],
      ['APPS', 'DB_HOST'],
    ],
    'by the fields of pydantic': [
      'class Settings(BaseSettings):\n    debug: bool\n    db: Db\n    model_config = {"env_prefix": "shop_"}',
      ['DEBUG', 'DB__HOST', 'SHOP_KEY', 'shop_key'],
      ['KEY', 'HOSTING'],
    ],
    'by libraries alone': [
      '',
      ['PGHOST', 'DJANGO_X', 'CACHE_URL', 'TZ', 'LC_ALL', 'PYTHONPATH'],
      ['URL', 'PGAPPNAME', 'PWD'],
    ],
  };
  for (const [name, [text, named, unnamed]] of Object.entries(cases)) {
    it(`counts those ${name}`, () => {
      const variables = new NamedVariables(
        Object.fromEntries([...named, ...unnamed].map((each) => [each, '1'])),
      );
      variables.add(text);
      assert.deepEqual(
        variables.entries().map(([each]) => each),
        [...named].sort(),
      );
    });
  }
});
