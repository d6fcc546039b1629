/** The candidate nearest to what was written, or undefined where none is near enough to be what was meant. */
export function nearest(written: string, candidates: Iterable<string>): string | undefined {
  // Nobody types a word of this length, and comparing two of them takes a time that grows with its square.
  if (written.length > 1000) return undefined;
  const wanted = written.toLowerCase();
  let best: string | undefined;
  // A third of the word may be wrong, and two letters always may: "shraed" finds "shared", "x" finds nothing long.
  let bestDistance = Math.max(2, Math.floor(written.length / 3)) + 1;
  for (const candidate of candidates) {
    // Each letter that one has more is an edit: what is a megabyte long need not be compared.
    if (Math.abs(candidate.length - written.length) >= bestDistance) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance && distance < candidate.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Damerau-Levenshtein distance (insert, delete, replace, swap of neighbours), in edits. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [];
  for (let i = 0; i <= a.length; i++) {
    const row: number[] = [i];
    for (let j = 1; j <= b.length; j++) {
      if (i === 0) {
        row.push(j);
        continue;
      }
      const above = rows[i - 1] ?? [];
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? Math.max(a.length, b.length);
}
