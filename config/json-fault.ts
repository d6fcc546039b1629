/** Where a text stops being JSON, and why. */
export interface JsonFault {
  /** In UTF-16 units, from 0. */
  readonly offset: number;
  readonly length: number;
  readonly message: string;
}

const tokens =
  /[ \t\r\n]+|[{}[\],:]|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)\b/y;

/** The first mistake of a text that is no JSON; undefined where it is some. YAML, which we read it as, would let such mistakes pass. */
export function jsonFault(text: string): JsonFault | undefined {
  const open: ('{' | '[')[] = [];
  // What may stand next: a value, a key, the colon after a key, or what follows a value.
  let state: 'value' | 'first-value' | 'key' | 'first-key' | 'colon' | 'after' = 'value';
  tokens.lastIndex = 0;
  while (tokens.lastIndex < text.length) {
    const offset = tokens.lastIndex;
    const token = tokens.exec(text)?.[0];
    if (token === undefined) return { offset, ...strange(text.slice(offset)) };
    if (/^\s/.test(token)) continue;
    const fault = (message: string): JsonFault => ({ offset, length: token.length, message });
    if (state === 'colon') {
      if (token !== ':') return fault('a colon must stand between a key and its value');
      state = 'value';
    } else if (state === 'after') {
      const around = open.at(-1);
      if (around === undefined) return fault('nothing may follow the end of the value');
      if (token === ',') state = around === '{' ? 'key' : 'value';
      else if (token === (around === '{' ? '}' : ']')) open.pop();
      else return fault(`a comma or "${around === '{' ? '}' : ']'}" must stand here`);
    } else if (state === 'key' || state === 'first-key') {
      if (token.startsWith('"')) state = 'colon';
      else if (token === '}' && state === 'first-key') {
        open.pop();
        state = 'after';
      } else
        return fault(
          token === '}' ? 'no comma may stand before "}"' : 'a key in double quotes must stand here',
        );
    } else if (token === '{' || token === '[') {
      open.push(token);
      state = token === '{' ? 'first-key' : 'first-value';
    } else if (token === ']' && state === 'first-value') {
      open.pop();
      state = 'after';
    } else if (/^[\]},:]/.test(token)) {
      return fault(token === ']' ? 'no comma may stand before "]"' : 'a value must stand here');
    } else state = 'after';
  }
  if (state === 'after' && open.length === 0) return undefined;
  const missing = open.at(-1);
  return {
    offset: text.trimEnd().length,
    length: 1,
    message:
      missing === undefined
        ? 'a value must stand here'
        : `"${missing === '{' ? '}' : ']'}" is missing at the end`,
  };
}

function strange(rest: string): Pick<JsonFault, 'length' | 'message'> {
  const length = (/^[\w.$-]+/.exec(rest) ?? /^[^\n]/.exec(rest))?.[0].length ?? 1;
  if (/^(?:\/[/*]|#)/.test(rest))
    return { length: rest.split('\n', 1)[0]?.length ?? 1, message: 'JSON has no comments' };
  if (rest.startsWith("'")) return { length: 1, message: 'texts stand in double quotes' };
  if (rest.startsWith('"'))
    return { length: 1, message: 'this text has no end, or a character that must be escaped' };
  return { length, message: `"${rest.slice(0, Math.min(length, 40))}" is no JSON` };
}
