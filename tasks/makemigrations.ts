import * as z from 'zod/mini';
import {
  defineTask,
  described,
  nonEmpty,
  type Plan,
  type TaskContext,
  type TaskResult,
} from '../config/define.js';
import { autodetect, migrationAdvice, type Autodetected } from '../lib/django/index.js';
import { refuseConflicts } from './migrations/pending.js';
import { counted } from '../lib/text/index.js';

const options = z.strictObject({
  apps: described(
    z.optional(z.array(nonEmpty)),
    'Labels of the apps to look at; all of the project where absent, those of installed packages not.',
  ),
  write: described(
    z._default(z.boolean(), false),
    'Write the missing migrations instead of failing; refused in CI.',
  ),
});

type Context = TaskContext<z.output<typeof options>>;

const agree = 'models and migrations agree';

/** Models and migrations agree afterwards: a difference fails, or is written down as a migration where the config says so. */
export const makemigrations = defineTask({
  kind: 'makemigrations',
  description: 'Fails where models and migrations differ, or writes the missing migrations.',
  options,
  host: true,
  plan,
  run,
});

async function plan(ctx: Context): Promise<Plan> {
  const { changes, others } = await look(ctx);
  if (changes.length === 0) return { action: 'up-to-date', reason: agreement(others) };
  return {
    action: 'run',
    reason: `${counted(changes.length, 'app')} ${changes.length === 1 ? 'lacks' : 'lack'} migrations: ${changes.map(({ app }) => app).join(', ')}`,
    details: changes.map(({ app, operations }) => ({ app, operations })),
  };
}

async function run(ctx: Context): Promise<TaskResult> {
  const { changes, others } = await look(ctx);
  if (changes.length === 0) return { changed: false, summary: agreement(others) };
  const apps = changes.map(({ app }) => app);
  if (!ctx.options.write) {
    throw ctx.fail({
      code: 'DBB6006',
      message: `models and migrations differ in ${apps.length === 1 ? 'the app' : 'the apps'} ${apps.map((app) => `"${app}"`).join(', ')}`,
      notes: changes.map(({ app, operations }) => ({ label: app, text: operations.join('; ') })),
      help: migrationAdvice('difference', changes),
    });
  }
  if (ctx.ci) {
    throw ctx.fail({
      code: 'DBB6008',
      message: `makemigrations may not write in CI, and migrations are missing in ${apps.join(', ')}`,
      help: 'set "write: true" in the profile "dev" only',
    });
  }
  const { written } = await autodetect(ctx.host, { ...narrowed(ctx), write: true });
  for (const file of written) ctx.log.info(`written: ${file}`);
  return {
    changed: written.length > 0,
    summary: `${counted(written.length, 'file')} written: ${written.join(', ')}`,
    details: [...written],
  };
}

/** What differs, and the apps of installed packages that differ too: they count where the config names them. */
async function look(ctx: Context): Promise<{ changes: Autodetected['changes']; others: readonly string[] }> {
  const { changes, conflicts } = await autodetect(ctx.host, narrowed(ctx));
  refuseConflicts(conflicts);
  const named = ctx.options.apps ?? [];
  const counts = ({ app, own }: Autodetected['changes'][number]): boolean => own || named.includes(app);
  return {
    changes: changes.filter(counts),
    others: changes.filter((change) => !counts(change)).map(({ app }) => app),
  };
}

function agreement(others: readonly string[]): string {
  if (others.length === 0) return agree;
  return `${agree} in the apps of the project; those of installed packages differ: ${others.join(', ')}`;
}

function narrowed({ options: { apps } }: Context): { apps?: readonly string[] } {
  return apps === undefined ? {} : { apps };
}
