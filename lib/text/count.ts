import { visible } from './control-characters.js';

/** A number with separators: "12,345". */
export function formatCount(count: number): string {
  // toLocaleString would take 9 ms at its first call.
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A number with its noun: "1 task", "1,200 rows", "2 indexes", "3 tries", "2 parts of tables" if `plural` is given. */
export function counted(count: number, noun: string, plural = pluralOf(noun)): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

function pluralOf(noun: string): string {
  if (/(?:[sx]|[cs]h)$/.test(noun)) return `${noun}es`;
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

/** Names as people list them, at most `limit` of them: `"a", "b" and 3 more`. */
export function listNames(names: readonly string[], limit = 10): string {
  const quoted = names.map((name) => `"${visible(name)}"`);
  if (quoted.length > limit) {
    return `${quoted.slice(0, limit).join(', ')} and ${formatCount(quoted.length - limit)} more`;
  }
  const last = quoted.pop() ?? '';
  return quoted.length === 0 ? last : `${quoted.join(', ')} and ${last}`;
}
