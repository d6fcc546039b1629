// Lists the product files that exactly one other file imports, and their number: `npx tsx scripts/single-use.ts`.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import ts from 'typescript';

const files = ['bin', 'config', 'lib', 'tasks'].flatMap((room) =>
  readdirSync(room, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${room}/${name}`),
);
const importers = new Map(files.map((file) => [file, new Set<string>()]));
for (const file of files) {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'));
  for (const { fileName } of importedFiles) {
    const target = relative('.', resolve(dirname(file), fileName)).replace(/\.js$/, '.ts');
    importers.get(target)?.add(file);
  }
}
const once = [...importers].flatMap(([file, [by, ...others]]) =>
  by !== undefined && others.length === 0 ? [`${file}  by ${by}`] : [],
);
console.log(once.sort().join('\n'));
console.log(`${once.length} of ${files.length} files are used by one other file`);
