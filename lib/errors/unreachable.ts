/** Proves to the compiler that a union was exhausted; at run time it is a fault of db-bootstrap. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
