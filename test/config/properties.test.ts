import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Json } from '../../config/define.js';
import { interpolate, interpolateText } from '../../config/interpolate.js';
import { isObject, mergeSources, sourceOf } from '../../config/merge.js';
import { plainSource } from '../../config/source.js';
import { load, problemsOf } from './project.js';
import { BootstrapError } from '../../lib/errors/index.js';
import { parseDuration } from '../../lib/text/index.js';

// Few keys, so that layers meet; with names that are no keys of ours but of every object.
const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'toString');
const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.string(), fc.array(fc.integer(), { maxLength: 3 }));
const { tree } = fc.letrec<{ tree: Json; object: Record<string, Json> }>((tie) => ({
  tree: fc.oneof({ depthSize: 'small' }, leaf, fc.constant(null), tie('object')),
  object: fc.array(fc.tuple(key, tie('tree'))).map((entries) => Object.fromEntries(entries)),
}));
const layer = fc
  .array(fc.tuple(key, tree), { maxLength: 4 })
  .map((entries): Record<string, Json> => Object.fromEntries(entries));

const own = (value: Json | undefined, name: string): Json | undefined =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** What the layers, weakest first, say at a path: the strongest that says anything decides, and objects are asked key by key. */
function expected(layers: readonly (Json | undefined)[]): Json | undefined {
  const said = layers.filter((value) => value !== undefined);
  const top = said.at(-1);
  if (!isObject(top)) return top ?? undefined;
  // Below whatever is no object, nothing shows through.
  const floor = said.findLastIndex((value) => !isObject(value));
  const objects = said.slice(floor + 1);
  const keys = [...new Set(objects.flatMap((value) => Object.keys(value as object)))];
  const entries = keys.map((name) => [name, expected(objects.map((value) => own(value, name)))] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Json;
}

function pathsOf(value: Json, path: readonly string[] = []): string[][] {
  return isObject(value)
    ? Object.entries(value).flatMap(([name, item]) => [[...path, name], ...pathsOf(item, [...path, name])])
    : [];
}

describe('layers', () => {
  it('give each key the value of the strongest layer that has it; lists replace, null takes away', () => {
    fc.assert(
      fc.property(fc.array(layer, { maxLength: 5 }), (layers) => {
        const merged = mergeSources(layers.map((data, index) => plainSource(`layer ${String(index)}`, data)));
        assert.deepEqual(merged.data, expected([{}, ...layers]));
      }),
      { numRuns: 1000 },
    );
  });

  it('know for each value the layer that it came from', () => {
    fc.assert(
      fc.property(fc.array(layer, { minLength: 1, maxLength: 5 }), (layers) => {
        const sources = layers.map((data, index) => plainSource(`layer ${String(index)}`, data));
        const merged = mergeSources(sources);
        for (const path of pathsOf(merged.data)) {
          const source = sourceOf(merged, path);
          assert.ok(source);
          const there = path.reduce<Json | undefined>(own, source.data);
          const value = path.reduce<Json | undefined>(own, merged.data);
          assert.notEqual(there, undefined);
          if (!isObject(value)) assert.deepEqual(there, value);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('leave the layers themselves, and all other objects, as they were', () => {
    fc.assert(
      fc.property(fc.array(layer, { maxLength: 4 }), (layers) => {
        const before = structuredClone(layers);
        mergeSources(layers.map((data) => plainSource('layer', data)));
        assert.deepEqual(layers, before);
        assert.deepEqual(Object.keys(Object.prototype), []);
      }),
    );
  });
});

describe('variables', () => {
  const env = { NAME: 'value', EMPTY: '' };
  const fail = (): never => assert.fail('a variable was demanded');

  it('touch nothing that has no "${"', () => {
    const text = fc.string().filter((each) => !each.includes('${'));
    fc.assert(fc.property(text, (each) => assert.equal(interpolateText(each, env, fail), each)));
    fc.assert(
      fc.property(tree, (value) => {
        fc.pre(!JSON.stringify(value).includes('${'));
        assert.deepEqual(interpolate(value, env, fail), value);
      }),
    );
  });

  it('are replaced once: what they hold is text, whatever it looks like', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.string().filter((each) => !each.includes('$')),
        (value, around) => {
          const dangerous = `${value}\${NAME}$&$1`;
          assert.equal(
            interpolateText(`${around}\${NAME}${around}`, { NAME: dangerous }, fail),
            `${around}${dangerous}${around}`,
          );
        },
      ),
    );
  });

  const forms: readonly (readonly [string, string])[] = [
    ['${NAME}', 'value'],
    ['${EMPTY}', ''],
    ['${NAME:-other}', 'value'],
    ['${EMPTY:-other}', 'other'],
    ['${GONE:-other}', 'other'],
    ['${GONE:-}', ''],
    ['${GONE:-a:b-c?d}', 'a:b-c?d'],
    ['${NAME:?say it}', 'value'],
    ['a${NAME}b${NAME}', 'avaluebvalue'],
    ['$${NAME}', '${NAME}'],
    ['$${GONE:-x}', '${GONE:-x}'],
    ['$NAME ${} ${1} $ {NAME}', '$NAME ${} ${1} $ {NAME}'],
  ];
  for (const [text, result] of forms) {
    it(`make "${result}" of "${text}"`, () => {
      assert.equal(interpolateText(text, env, fail), result);
    });
  }

  for (const [text, message] of [
    ['${GONE}', undefined],
    ['${GONE:?}', undefined],
    ['${GONE:?say it}', 'say it'],
    ['${EMPTY:?say it}', 'say it'],
  ] as const) {
    it(`are demanded by "${text}"`, () => {
      const demanded: unknown[] = [];
      interpolateText(text, env, (...asked) => {
        demanded.push(asked);
        return '';
      });
      assert.deepEqual(demanded, [[text.includes('EMPTY') ? 'EMPTY' : 'GONE', message, text]]);
    });
  }
});

describe('durations', () => {
  it('are read in every unit', () => {
    const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.constantFrom(...(['ms', 's', 'm', 'h', 'd'] as const)),
        (number, unit) => {
          assert.equal(parseDuration(`${String(number)}${unit}`), number * units[unit]);
        },
      ),
    );
    assert.equal(parseDuration('1.5m'), 90_000);
    assert.deepEqual([0, '0', 1, '1', '', 'ms'].map(parseDuration), [0, 0, ...Array<undefined>(4)]);
  });
});

describe('garbage', () => {
  const words = fc.constantFrom(
    ...[
      'tasks:',
      'preset: sql',
      'preset',
      '  ',
      '\n',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ':',
      ' ',
      '"',
      "'",
      '&a',
      '*a',
      '<<: ',
      '|',
      '>',
    ],
    ...[
      '? ',
      '# ',
      '!!set',
      '!!binary',
      '%YAML 1.1',
      '---',
      '...',
      '${X}',
      '${',
      '\t',
      '\u0000',
      '\ud800',
      '\ufeff',
      '~',
      '.nan',
    ],
    ...[
      'wait',
      'use',
      'needs',
      'retry',
      'tenants',
      'schema',
      'database',
      'profiles',
      'extends',
      'plugins',
      '1e999',
      '0x',
      '__proto__',
    ],
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.oneof({ weight: 4, arbitrary: words }, { weight: 1, arbitrary: fc.string() }))
      .map((parts) => parts.join('')),
  );

  /** Loads what may be anything: it loads, or our error says what is wrong. */
  async function survives(file: string, content: string): Promise<void> {
    try {
      await load({ [file]: content });
    } catch (error) {
      assert.ok(
        error instanceof BootstrapError,
        `${JSON.stringify(content)}: ${String((error as Error).stack)}`,
      );
      for (const { code, message } of error.problems) {
        assert.match(code, /^DBB[1-8]/);
        assert.notEqual(message.trim(), '');
      }
    }
  }

  for (const file of ['.bootstraprc', '.bootstraprc.json', 'package.json']) {
    it(`in ${file} is a problem with a code, never a fault of ours`, async () => {
      await fc.assert(
        fc.asyncProperty(text, (content) => survives(file, content)),
        { numRuns: 250 },
      );
    });
  }

  it('that is well-formed is a problem with a code as well', async () => {
    const names = fc.constantFrom(
      ...[
        'preset',
        'extends',
        'plugins',
        'database',
        'envFile',
        'env',
        'django',
        'tenants',
        'tasks',
        'concurrency',
        'timeout',
      ],
      ...[
        'grace',
        'onFailure',
        'reporter',
        'ledger',
        'guards',
        'profiles',
        'wait',
        'seed',
        'use',
        'needs',
        'after',
        'enabled',
        'if',
      ],
      ...[
        'retry',
        'tolerate',
        'on',
        'schema',
        'domain',
        'url',
        'embedded',
        '__proto__',
        'constructor',
        'toString',
        '',
      ],
    );
    const { value } = fc.letrec<{ value: Json; object: Json }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium', withCrossShrink: true },
        fc.constantFrom<Json>(
          null,
          true,
          0,
          -1,
          1.5,
          1e300,
          '',
          'sql',
          'command',
          '30s',
          '${X}',
          '${X:-1}',
          'wait',
          'embedded',
          './x',
        ),
        fc.string(),
        fc.array(tie('value'), { maxLength: 3 }),
        tie('object'),
      ),
      object: fc
        .array(fc.tuple(names, tie('value')), { maxLength: 5 })
        .map((entries) => Object.fromEntries(entries) as Json),
    }));
    const config = fc.array(fc.tuple(names, value), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(config, (entries) =>
        survives('.bootstraprc', JSON.stringify(Object.fromEntries(entries))),
      ),
      { numRuns: 500 },
    );
  });

  it('in flags and variables is a problem with a code', async () => {
    const path = fc.array(
      fc.constantFrom('tasks', 'a', 'use', 'database', 'tenants', '__proto__', 'extends', '', 'profiles'),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(path, text, async (parts, value) => {
        const set = [`${parts.join('.')}=${value}`];
        const env = { CI: 'true', [`DB_BOOTSTRAP_${parts.join('__').toUpperCase()}`]: value };
        try {
          await load('tasks: {}\ndatabase: none', { set, env });
        } catch (error) {
          assert.ok(error instanceof BootstrapError, String((error as Error).stack));
        }
      }),
      { numRuns: 250 },
    );
  });

  it('of aliases that would fill the memory is refused', async () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 10; level++)
      lines.push(
        `a${String(level)}: &a${String(level)} [${Array(9)
          .fill(`*a${String(level - 1)}`)
          .join(', ')}]`,
      );
    const [problem] = await problemsOf(lines.join('\n'));
    assert.equal(problem?.code, 'DBB2002');
  });
});
