import { distance } from 'fastest-levenshtein';

/**
 * The candidate nearest to a written name, or undefined if none is within `limit` edits: "shard" finds "shared". By default a third of the
 * letters may be wrong, and two always may.
 */
export function nearest(
  written: string,
  candidates: Iterable<string>,
  limit = Math.max(2, Math.floor(written.length / 3)),
): string | undefined {
  // Nobody types a word of this length, and the time to compare two of them grows with the square of their length.
  if (written.length > 1000) return undefined;
  const wanted = written.toLowerCase();
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - written.length) >= bestDistance) continue;
    const letters = candidate.toLowerCase();
    // Two swapped letters are two edits, so the same letters in another order win a tie: "rnu" finds "run".
    const edits = distance(wanted, letters) - (sorted(letters) === sorted(wanted) ? 0.5 : 0);
    if (edits < bestDistance && edits < candidate.length) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

function sorted(letters: string): string {
  return Array.from(letters).sort().join('');
}
