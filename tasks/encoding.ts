import { shellWord } from '../lib/errors/index.js';

/** The command that makes a file UTF-8, told by the first byte that is none: 0xFE and 0xFF begin files of UTF-16. */
export function toUtf8(file: string, byte: number): string {
  return `convert it to UTF-8: ${converted(file, byte >= 0xfe ? 'utf-16' : 'latin1')}`;
}

/** What to do about a zero byte, which each ASCII character of UTF-16 holds. */
export function withoutZero(file: string): string {
  return `remove the zero byte; or, if the file is UTF-16, convert it: ${converted(file, 'utf-16')}`;
}

function converted(file: string, from: string): string {
  const [name, next] = [shellWord(file), shellWord(`${file}.utf8`)];
  return `iconv -f ${from} -t utf-8 ${name} > ${next} && mv ${next} ${name}`;
}
