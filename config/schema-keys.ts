import type * as z from 'zod/mini';
import type { Path } from './source.js';

/** The keys that a schema knows at a path inside its values, for the nearest valid name; none where any key may stand. */
export function keysAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  const [step, ...rest] = path;
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      if (step === undefined) return Object.keys(def.shape);
      return Object.hasOwn(def.shape, step) && def.shape[step] ? keysAt(def.shape[step], rest) : [];
    case 'record':
      return step === undefined ? [] : keysAt(def.valueType, rest);
    case 'array':
      return step === undefined ? [] : keysAt(def.element, rest);
    case 'union':
      return [...new Set(def.options.flatMap((option) => keysAt(option, path)))];
    case 'intersection':
      return [...keysAt(def.left, path), ...keysAt(def.right, path)];
    case 'pipe':
      return [...new Set([...keysAt(def.in, path), ...keysAt(def.out, path)])];
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return keysAt(def.innerType, path);
    default:
      return [];
  }
}
