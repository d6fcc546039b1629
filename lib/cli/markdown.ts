import { displayWidth } from '../text/index.js';

/** How Markdown is shown on a terminal. */
export interface MarkdownOptions {
  readonly columns: number;
  readonly color: boolean;
}

// Wider lines are hard to read, however wide the terminal.
const widest = 100;

/** Shows the Markdown of our own pages (headings, paragraphs, lists, code blocks) as text for a terminal. */
export function renderMarkdown(markdown: string, options: MarkdownOptions): string {
  const columns = Math.max(20, Math.min(options.columns, widest));
  const paint = (sgr: number, text: string): string =>
    options.color ? `\u001b[${sgr}m${text}\u001b[0m` : text;
  const lines: string[] = [];
  let inCode = false;
  for (const block of joinParagraphs(markdown)) {
    if (block.startsWith('```')) {
      inCode = !inCode;
      continue;
    }
    if (inCode) {
      lines.push(block === '' ? '' : paint(36, `    ${block}`));
      continue;
    }
    const heading = /^(#+) (.*)$/.exec(block);
    if (heading) {
      lines.push(...wrap(heading[2] ?? '', '', columns).map((line) => paint(1, line)));
      continue;
    }
    const marker = /^(\s*(?:[-*]|\d+\.) )?/.exec(block)?.[0] ?? '';
    lines.push(...wrap(plainInline(block.slice(marker.length)), marker, columns));
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

/** The lines of a text, those of one paragraph or list item joined. */
function joinParagraphs(markdown: string): string[] {
  const blocks: string[] = [];
  let inCode = false;
  let open = false;
  for (const line of markdown.trimEnd().split('\n')) {
    const fence = line.startsWith('```');
    const starts = fence || inCode || line === '' || /^(?:#+ |\s*(?:[-*]|\d+\.) )/.test(line);
    if (starts || !open) blocks.push(line);
    else blocks.push(`${blocks.pop() ?? ''} ${line.trim()}`);
    if (fence) inCode = !inCode;
    open = !fence && !inCode && line !== '' && !line.startsWith('#');
  }
  return blocks;
}

/** Text without the marks of Markdown: links keep their text, code its backticks' content. */
function plainInline(text: string): string {
  return text
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '$1')
    .replace(/`([^`]+)`/g, '$1');
}

function wrap(text: string, marker: string, columns: number): string[] {
  const indent = ' '.repeat(marker.length);
  const lines: string[] = [];
  let line = marker;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && displayWidth(`${line} ${word}`) > columns) {
      lines.push(line);
      line = indent + word;
    } else {
      line += empty ? word : ` ${word}`;
    }
    empty = false;
  }
  return [...lines, line];
}
