import { isAlias, isMap, isScalar, type Document } from 'yaml';

/**
 * Lets the values of variables stay what was written: as a number, the version 3.10 would be 3.1, the mode 0017 would be 17, and a long
 * id would lose its last digits.
 */
export function keepVariablesAsWritten(root: unknown, document: Document.Parsed): void {
  const within = (map: unknown, key: string): unknown => {
    const inner = resolved(map, document);
    return isMap(inner) ? inner.get(key, true) : undefined;
  };
  const valuesOf = (map: unknown): readonly unknown[] => {
    const inner = resolved(map, document);
    if (!isMap(inner)) return [];
    // A merge key has a symbol for its name.
    return inner.items.flatMap(({ key, value }) =>
      isScalar(key) && typeof key.value === 'symbol' ? valuesOf(value) : [value],
    );
  };
  const configs = [root, ...valuesOf(within(root, 'profiles'))];
  const holders = configs.flatMap((config) => [config, ...valuesOf(within(config, 'tasks'))]);
  for (const value of holders.flatMap((holder) => valuesOf(within(holder, 'env')))) {
    if (isScalar(value) && ['number', 'bigint', 'boolean'].includes(typeof value.value))
      value.value = value.source ?? value.value;
  }
}

function resolved(node: unknown, document: Document.Parsed): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}
