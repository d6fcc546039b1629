import { types } from 'node:util';
import { asError, type Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { jsonOf } from './source.js';

/** The value that a script exports, as JSON. Pushes DBB2004 for each value that JSON would drop or empty without a word. */
export function jsonOfScript(value: unknown, file: string, problems: Problem[]): Json {
  const paths = new Map<unknown, string>();
  const before = problems.length;
  const refuse = function (this: unknown, key: string, item: unknown): unknown {
    const above = paths.get(this) ?? '';
    const path = Array.isArray(this) ? `${above}[${key}]` : above === '' ? key : `${above}.${key}`;
    const what = notJson(item);
    if (what === undefined) {
      if (typeof item === 'object' && item !== null) paths.set(item, path);
      return item;
    }
    problems.push(refusal(path, what, file));
    return null;
  };
  try {
    const text = JSON.stringify(value, refuse) as string | undefined;
    if (problems.length === before) return jsonOf(JSON.parse(text ?? 'null'));
  } catch (error) {
    const [reason = ''] = asError(error).message.split('\n');
    problems.push(refusal('', `a value that JSON cannot hold: ${reason}`, file));
  }
  return null;
}

function refusal(path: string, what: string, file: string): Problem {
  return {
    code: 'DBB2004',
    message: path === '' ? `the config is ${what}` : `${path} is ${what}, which a config cannot hold`,
    place: path === '' ? { file } : { file, keyPath: path },
    help: what.endsWith('Promise')
      ? 'await it'
      : 'write a text, a number, true, false, null, a list or a plain object',
  };
}

/** The name of a value that JSON cannot represent, such as "a function"; undefined for a value that it can represent. */
function notJson(value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (['function', 'bigint', 'symbol'].includes(typeof value)) return `a ${typeof value}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // Without this handler, Node would report the rejection of the promise as well.
  if (types.isPromise(value)) value.catch(() => undefined);
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return kind === 'Object' ? undefined : `a value of the class ${kind}`;
}
