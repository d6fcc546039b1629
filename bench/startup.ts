import { timeInTurn, printTable } from './pairs.js';

// What the command costs before it does anything, against Node itself. Build first; run with `npm run bench:startup`.
const bin = 'dist/bin/db-bootstrap.js';
const rows = await timeInTurn(
  [
    { name: 'node -e 0', command: process.execPath, args: ['-e', '0'] },
    { name: 'db-bootstrap --help', command: process.execPath, args: [bin, '--help'] },
    { name: 'db-bootstrap --version', command: process.execPath, args: [bin, '--version'] },
  ],
  25,
);
const [bare] = rows;
if (bare) printTable('start-up, whole processes, medians of 25, ratio pair by pair to the first', rows, bare);
