import * as z from 'zod/mini';

// Before any schema is made: compiling one takes longer than reading the few values that a config has.
z.config({ ...z.locales.en(), jitless: true });

// Schemas are made anew in each run. Those of zod/mini are what zod's are without the methods that each one of these has of its own,
// and cost a third of the time.

/** A text that is not empty. */
export const nonEmpty = z.string().check(z.minLength(1));

/** Bytes of a name that PostgreSQL keeps. */
export const longestName = 63;

const fits = z.refine<string>((name) => Buffer.byteLength(name) <= longestName, {
  error: `a name in PostgreSQL has at most ${String(longestName)} bytes, and the rest would be cut off`,
});

/** A name of something in PostgreSQL, which cuts off what is too long, and takes the rest for the name. */
export const identifier = nonEmpty.check(fits);

/** The same, or an empty text, which names nothing. */
export const perhapsIdentifier = z.string().check(fits);

/** The same schema with the sentence, and perhaps examples, that schema.json and editors show for it. */
export function described<Schema extends z.ZodMiniType>(
  schema: Schema,
  description: string,
  examples: readonly unknown[] = [],
): Schema {
  const own = schema.clone();
  z.globalRegistry.add(own, { description, ...(examples.length > 0 ? { examples: [...examples] } : {}) });
  return own;
}
