import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Guards, Workflow } from '../../config/workflow.js';
import { type Problem } from '../errors/index.js';
import type { ServerSays } from '../postgres/index.js';
import { globOf } from '../text/index.js';

/** How the person who runs it is asked. */
export interface GuardOptions {
  /** Replaces the typing, and nothing else. */
  readonly yes: boolean;
  /** Whether a person sits at a terminal. */
  readonly terminal: boolean;
  /** Asks for the database's name and resolves with what was typed. */
  readonly ask?: (name: string) => Promise<string>;
}

/** A database that guards judge: as the URL names it, and as its server does where that was asked. */
export interface GuardTarget {
  readonly name: string;
  readonly host: string;
  readonly server?: Pick<ServerSays, 'name' | 'address'>;
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
  database: GuardTarget,
  options: GuardOptions,
): Promise<Problem | undefined> {
  const tasks = destructiveTasks(workflow);
  if (tasks.length === 0) return undefined;
  const refusal = guardRefusal(workflow.guards, database, tasks, 'nothing was started');
  if (refusal || options.yes || !options.terminal || !options.ask) return refusal;
  const name = database.server?.name ?? database.name;
  const typed = await options.ask(name);
  if (typed.trim() === name) return undefined;
  return {
    code: 'DBB8002',
    message: `${named(tasks)} would delete data of the database "${name}", and what was typed is not its name`,
    notes: [{ label: 'not done', text: 'nothing was started' }],
    help: `type "${name}" when you are asked, or pass --yes`,
  };
}

/** Why these tasks may not delete what is in a database; undefined where they may. */
export function guardRefusal(
  guards: Guards,
  database: GuardTarget,
  tasks: readonly string[],
  notDone: string,
): Problem | undefined {
  const reasons = guardReasons(guards, database);
  if (reasons.length === 0) return undefined;
  const { name, host, server } = database;
  return {
    code: 'DBB8001',
    message: `a guard refused ${named(tasks)}: ${reasons.join('; ')}`,
    notes: [{ label: 'not done', text: notDone }],
    help: `allow it in the config only if everything in "${server?.name ?? name}" may be lost`,
    facts: {
      database: name,
      host,
      ...(server ? { serverDatabase: server.name, serverAddress: server.address } : {}),
      reasons,
    },
  };
}

function named(tasks: readonly string[]): string {
  return `${tasks.length === 1 ? 'task' : 'tasks'} ${tasks.map((name) => `"${name}"`).join(', ')}`;
}

/** Every condition of the guards that a database fails; empty where its data may be lost. The URL's word and the server's must both match. */
export function guardReasons(guards: Guards, { name, host, server }: GuardTarget): readonly string[] {
  const reasons: string[] = [];
  if (!guards.allowDestructive) reasons.push('guards.allowDestructive is not true');
  const rule = guards.databases
    ? `matches none of guards.databases (${guards.databases.join(', ')})`
    : 'has no "test", "ci" or "dev" in it';
  if (!isAllowedName(name, guards.databases)) reasons.push(`the database's name "${name}" ${rule}`);
  if (server && server.name !== name && !isAllowedName(server.name, guards.databases))
    reasons.push(
      `"${name}" leads to the database "${server.name}", as the server says, and that name ${rule}`,
    );
  if (!isAllowedHost(host, guards.hosts))
    reasons.push(`the server "${host}" is neither loopback nor in guards.hosts`);
  else if (isLoopback(host) && !isNear(server?.address, guards.hosts))
    reasons.push(
      `"${host}" leads to the server at ${server?.address ?? ''}, which is neither this machine, a container's address, nor in guards.hosts`,
    );
  return reasons;
}

/** By default "test", "ci" or "dev" stands in the name as a word: between its ends and characters that are no letter or digit. */
function isAllowedName(name: string, patterns: readonly string[] | undefined): boolean {
  if (patterns) return patterns.some((pattern) => globOf(pattern).test(name));
  return /(?<![\p{L}\p{N}])(?:test|ci|dev)(?![\p{L}\p{N}])/iu.test(name);
}

function isAllowedHost(host: string, more: readonly string[]): boolean {
  return isLoopback(host) || more.some((allowed) => allowed.toLowerCase() === plainHost(host));
}

function plainHost(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
}

/** Loopback names and addresses, and Unix sockets (a path, or nothing). */
function isLoopback(host: string): boolean {
  const plain = plainHost(host);
  if (plain === '' || plain.startsWith('/') || plain.startsWith('@')) return true;
  if (['localhost', '::1', '0:0:0:0:0:0:0:1'].includes(plain)) return true;
  return /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(plain);
}

// What Docker and Podman give to containers by default; a port that is published on this machine leads to them.
const containers = /^(?:172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.|10\.8[89]\.|10\.0\.2\.|f[cd][0-9a-f]{2}:)/;

/** Whether a server that was reached by a loopback name is one of this machine: a tunnel or a pooler may lead anywhere. */
function isNear(address: string | undefined, hosts: readonly string[]): boolean {
  if (address === undefined || isIP(address) === 0 || isAllowedHost(address, hosts)) return true;
  if (containers.test(address)) return true;
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return own.some((each) => each.address === address);
}
