import type { Guards, Workflow } from '../../config/workflow.js';
import { globOf, type Problem } from '../errors/index.js';

/** How the person who runs it is asked. */
export interface GuardOptions {
  /** Replaces the typing, and nothing else. */
  readonly yes: boolean;
  /** Whether a person sits at a terminal. */
  readonly terminal: boolean;
  /** Asks for the database's name and resolves with what was typed. */
  readonly ask?: (name: string) => Promise<string>;
}

/** The enabled tasks that delete. */
export function destructiveTasks(workflow: Workflow): readonly string[] {
  return [...workflow.tasks.values()]
    .filter((task) => task.enabled && task.kind.destructive === true)
    .map((task) => task.name);
}

/** Decides whether the destructive tasks may run on a database; the problem names every condition that failed. Called before anything starts. */
export async function evaluateGuards(
  workflow: Workflow,
  database: { readonly name: string; readonly host: string },
  options: GuardOptions,
): Promise<Problem | undefined> {
  const { guards } = workflow;
  const tasks = destructiveTasks(workflow).map((name) => `"${name}"`);
  const [first] = tasks;
  if (first === undefined) return undefined;
  const who = tasks.length === 1 ? `task ${first}` : `tasks ${tasks.join(', ')}`;
  const reasons = guardReasons(guards, database);
  if (reasons.length > 0) {
    return {
      code: 'DBB8001',
      message: `a guard refused ${who}: ${reasons.join('; ')}`,
      notes: [{ label: 'not done', text: 'nothing was started' }],
      help: `allow it in the config only if everything in "${database.name}" may be lost`,
      facts: { database: database.name, host: database.host, reasons },
    };
  }
  if (options.yes || !options.terminal || !options.ask) return undefined;
  const typed = await options.ask(database.name);
  if (typed.trim() === database.name) return undefined;
  return {
    code: 'DBB8002',
    message: `${who} would delete data of the database "${database.name}", and what was typed is not its name`,
    notes: [{ label: 'not done', text: 'nothing was started' }],
    help: `type "${database.name}" when you are asked, or pass --yes`,
  };
}

/** Every condition of the guards that a database fails; empty where its data may be lost. */
export function guardReasons(
  guards: Guards,
  database: { readonly name: string; readonly host: string },
): readonly string[] {
  const reasons: string[] = [];
  if (!guards.allowDestructive) reasons.push('guards.allowDestructive is not true');
  if (!isAllowedName(database.name, guards.databases)) {
    reasons.push(
      guards.databases
        ? `the database's name "${database.name}" matches none of guards.databases (${guards.databases.join(', ')})`
        : `the database's name "${database.name}" has no "test", "ci" or "dev" in it`,
    );
  }
  if (!isAllowedHost(database.host, guards.hosts)) {
    reasons.push(`the server "${database.host}" is neither loopback nor in guards.hosts`);
  }
  return reasons;
}

/** By default "test", "ci" or "dev" stands in the name as a word: between its ends and characters that are no letter or digit. */
function isAllowedName(name: string, patterns: readonly string[] | undefined): boolean {
  if (patterns) return patterns.some((pattern) => globOf(pattern).test(name));
  return /(?<![\p{L}\p{N}])(?:test|ci|dev)(?![\p{L}\p{N}])/iu.test(name);
}

/** Loopback names and addresses, unix sockets (a path, or nothing), and what the config adds. */
function isAllowedHost(host: string, more: readonly string[]): boolean {
  const plain = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (plain === '' || plain.startsWith('/') || plain.startsWith('@')) return true;
  if (['localhost', '::1', '0:0:0:0:0:0:0:1'].includes(plain)) return true;
  if (/^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(plain)) return true;
  return more.some((allowed) => allowed.toLowerCase() === plain);
}
