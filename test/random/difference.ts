/** The lines around the first that is not the same. */
export function firstDifference(wanted: string, got: string): string {
  const [left, right] = [wanted.split('\n'), got.split('\n')];
  const at = left.findIndex((line, index) => line !== right[index]);
  const around = (lines: readonly string[]): string => lines.slice(Math.max(0, at - 6), at + 6).join('\n');
  return `django-tenants:\n${around(left)}\n\ndb-bootstrap:\n${around(right)}`;
}
