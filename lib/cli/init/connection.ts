import type { ConnectionFacts, ConnectionParts, Part } from './facts.js';

/** How settings find their database: by a URL in a variable, by parts, or in a way that only Python knows. */
export function connectionOf(
  texts: readonly { readonly file: string; readonly text: string }[],
): ConnectionFacts {
  for (const { file, text } of texts) {
    for (const { block, line } of databaseBlocks(text)) {
      const where = { file, line };
      const variable = urlVariable(block, text);
      if (variable !== undefined) return { kind: 'url', variable, where };
      const parts = partsOf(block, text);
      if (Object.keys(parts).length > 0) return { kind: 'parts', parts, where };
    }
  }
  // A helper of the project's own may read it.
  for (const { file, text } of texts) {
    const line = text.split('\n').findIndex((each) => /['"]DATABASE_URL['"]/.test(each));
    if (line >= 0) return { kind: 'url', variable: 'DATABASE_URL', where: { file, line: line + 1 } };
  }
  return { kind: 'unknown' };
}

/** What is assigned to DATABASES, as often as it is: databases that can only be others than PostgreSQL's are left out. */
function databaseBlocks(text: string): Block[] {
  return blocksOf('DATABASES', text)
    .flatMap((whole) => {
      const [, name] = /['"]default['"]\s*:\s*([A-Za-z_]\w*)\s*[,}]/.exec(whole.block) ?? [];
      return name === undefined ? [whole] : blocksOf(name, text);
    })
    .filter(
      ({ block }) => !/\bbackends\.(sqlite3|mysql|oracle|dummy)\b/.test(block) || /postgres/.test(block),
    );
}

interface Block {
  readonly block: string;
  readonly line: number;
}

function blocksOf(name: string, text: string): Block[] {
  return [...text.matchAll(new RegExp(`^[ \\t]*${name}\\s*(?::[^=\\n]*)?=`, 'gm'))].map(({ index }) => ({
    block: blockFrom(text, index),
    line: text.slice(0, index).split('\n').length,
  }));
}

/** From a name to the brace that closes what it gets, or to the end of the line. */
function blockFrom(text: string, from: number): string {
  const open = text.slice(from).search(/[{(]/);
  if (open < 0) return text.slice(from).split('\n', 1)[0] ?? '';
  let depth = 0;
  for (let at = from + open; at < text.length; at++) {
    if ('{(['.includes(text.charAt(at))) depth++;
    if ('})]'.includes(text.charAt(at)) && --depth === 0) return text.slice(from, at + 1);
  }
  return text.slice(from);
}

/** dj-database-url and django-environ read DATABASE_URL unless they are told another name. */
function urlVariable(block: string, text: string): string | undefined {
  const named =
    /(?:env\.(?:db|db_url)|config|getenv|environ(?:\.get)?|env)\s*[([]\s*(?:env\s*=\s*)?['"](\w*(?:URL|DSN)\w*)['"]/.exec(
      block,
    )?.[1];
  if (named !== undefined) return named;
  if (/env\.db(?:_url)?\s*\(|dj_database_url\.config\s*\(/.test(block)) return 'DATABASE_URL';
  return /dj_database_url\.parse/.test(block) && text.includes('DATABASE_URL') ? 'DATABASE_URL' : undefined;
}

function partsOf(block: string, text: string): ConnectionParts {
  const parts: Partial<Record<string, Part>> = {};
  for (const key of ['NAME', 'USER', 'PASSWORD', 'HOST', 'PORT']) {
    const start = new RegExp(`['"]${key}['"]\\s*:\\s*`).exec(block);
    const part = start ? partOf(followed(valueFrom(block, start.index + start[0].length), text)) : undefined;
    if (part) parts[key] = part;
  }
  return parts;
}

/** The expression that starts here: to the comma or the bracket that ends it. */
function valueFrom(block: string, from: number): string {
  let depth = 0;
  let quote = '';
  for (let at = from; at < block.length; at++) {
    const char = block.charAt(at);
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if ('{(['.includes(char)) depth++;
    else if ((char === ',' || char === '\n' || char === '#') && depth === 0)
      return block.slice(from, at).trim();
    else if ('})]'.includes(char) && --depth < 0) return block.slice(from, at).trim();
  }
  return block.slice(from).trim();
}

/** What a name stands for that is set once, at the left margin; anything else is itself. */
function followed(value: string, text: string, hops = 3): string {
  if (hops === 0 || !/^[A-Za-z_]\w*$/.test(value)) return value;
  const [found, ...others] = text.matchAll(new RegExp(`^${value}[ \\t]*(?::[^=\\n]*)?=[ \\t]*`, 'gm'));
  if (found === undefined || others.length > 0) return value;
  return followed(valueFrom(text, found.index + found[0].length), text, hops - 1);
}

function partOf(value: string): Part | undefined {
  const call =
    /^(?:\w+\()?(?:\w+\.)*\w*(?:env|config)\w*(?:\.\w+)*\s*[([]\s*['"](\w+)['"](?:\s*,\s*(?:default\s*=\s*)?(?:['"]([^'"]*)['"]|(\d+)|(None)))?/.exec(
      value,
    );
  const variable = call?.[1];
  if (variable !== undefined) {
    const text = call?.[2] ?? call?.[3] ?? (call?.[4] && '');
    return text === undefined ? { variable } : { variable, text };
  }
  const text = /^['"]([^'"]*)['"]$/.exec(value)?.[1] ?? /^(\d+)$/.exec(value)?.[1];
  return text === undefined || text === '' ? undefined : { text };
}
