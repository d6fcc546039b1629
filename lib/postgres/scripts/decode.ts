/**
 * The text of a script, without a byte order mark; or the first byte that is no UTF-8, or zero, with its line (1-based): what follows a
 * zero byte would not reach the server.
 */
export function decodeScript(
  bytes: Uint8Array,
): { readonly text: string } | { readonly line: number; readonly byte: number } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const zero = text.indexOf('\0');
    return zero < 0 ? { text } : { line: text.slice(0, zero).split('\n').length, byte: 0 };
  } catch {
    const good = validPrefix(bytes);
    const before = Buffer.from(bytes.buffer, bytes.byteOffset, good).toString();
    return { line: before.split('\n').length, byte: bytes[good] ?? 0 };
  }
}

/** How many bytes stand before the first that cannot be decoded. */
function validPrefix(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    // As a stream: a character that goes on behind the middle is no fault.
    if (decodes(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  while (!decodes(bytes.subarray(0, good), false)) good--;
  return good;
}

function decodes(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}
