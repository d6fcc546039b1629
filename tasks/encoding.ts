import { shellWord } from '../lib/text/index.js';

/** The command that converts a file to UTF-8. The first invalid byte shows the encoding: files in UTF-16 begin with 0xFE or 0xFF. */
export function toUtf8(file: string, byte: number): string {
  return `convert it to UTF-8: ${converted(file, byte >= 0xfe ? 'utf-16' : 'latin1')}`;
}

/** The help for a zero byte, which each ASCII character has in UTF-16. */
export function withoutZero(file: string): string {
  return `remove the zero byte; or, if the file is UTF-16, convert it: ${converted(file, 'utf-16')}`;
}

function converted(file: string, from: string): string {
  const [name, next] = [shellWord(file), shellWord(`${file}.utf8`)];
  return `iconv -f ${from} -t utf-8 ${name} > ${next} && mv ${next} ${name}`;
}
