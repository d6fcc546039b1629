import { scanScript } from './scan.js';
import { psqlRefusal, type SplitRefusal } from './split.js';

/** Why a script cannot be one transaction: what it says about transactions itself, and where (1-based). */
export interface TransactionRefusal {
  readonly reason: 'transaction';
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

const control = /^(?:begin|start\s+transaction|commit|end|rollback|abort|prepare\s+transaction)\b/i;
const toSavepoint = /^(?:rollback|abort)(?:\s+(?:work|transaction))?\s+to\b/i;
const opens = /^(?:begin(?:\s+(?:work|transaction))?|start\s+transaction)\s*;?$/i;
const closes = /^(?:commit|end)(?:\s+(?:work|transaction))?\s*;?$/i;

/**
 * A script as one message for a transaction of the caller's. Plain pairs of BEGIN and COMMIT are blanked, so that places stay as they
 * are: the COMMIT would end the caller's transaction, and what follows would run outside of it, without its search path. What else
 * ends a transaction, or changes it, is refused.
 */
export function asOneTransaction(
  script: string,
): { readonly text: string } | { readonly refusal: SplitRefusal | TransactionRefusal } {
  const scanned = scanScript(script);
  const refusal = psqlRefusal(script, scanned);
  if (refusal) return { refusal };
  const controls = scanned.statements.filter(({ text }) => control.test(text) && !toSavepoint.test(text));
  const alone = controls.find(
    ({ text }, index) =>
      index % 2 === 0 && !(opens.test(text) && closes.test(controls[index + 1]?.text ?? '')),
  );
  if (alone) {
    // Of a pair whose end is another, that end is what must be changed.
    const next = controls[controls.indexOf(alone) + 1];
    const { text, start, startLine } =
      opens.test(alone.text) && next && !opens.test(next.text) ? next : alone;
    const column = start - script.lastIndexOf('\n', start - 1);
    return { refusal: { reason: 'transaction', text: text.replace(/\s*;$/, ''), line: startLine, column } };
  }
  const parts = controls.flatMap(({ text, start }, index) => [
    script.slice(controls[index - 1]?.end ?? 0, start),
    text.replace(/[^\n]/g, ' '),
  ]);
  return { text: [...parts, script.slice(controls.at(-1)?.end ?? 0)].join('') };
}
