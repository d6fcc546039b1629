// Checks the subjects of new commits: `npx tsx scripts/check-commits.ts`.
import { spawnSync } from 'node:child_process';

/** The rule applies to commits after this commit. */
const base = '57f65493aafe9351cbc3c31d4b7b65568f3c8701';
const longest = 72;

const git = (...args: string[]) => spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' });

// A folder without .git may lie inside another repository, and a shallow clone may lack the base.
if (git('merge-base', '--is-ancestor', base, 'HEAD').status !== 0) {
  console.log('commit subjects: not checked, because the base commit is not in the history here');
} else {
  const log = git('log', '--no-merges', '--format=%h %s', `${base}..HEAD`);
  if (log.status !== 0) throw new Error(`git log failed: ${log.stderr}`);
  for (const line of log.stdout.split('\n').filter(Boolean)) {
    const [hash = '', subject = ''] = line.split(/ (.*)/s);
    const faults = [];
    if (subject.length > longest) faults.push(`is longer than ${longest} characters`);
    if (!/^[\w,./-]+: \S/.test(subject)) faults.push('has no scope, for instance "fleet: "');
    if (faults.length === 0) continue;
    console.error(`commit ${hash}: the subject ${faults.join(' and ')}: ${subject}`);
    process.exitCode = 1;
  }
}
