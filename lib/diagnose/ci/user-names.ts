import type { Diagnosis } from '../diagnosis.js';
import { programOf, type Script } from './script.js';
import type { Service } from './read-workflow.js';

const clients = new Set(['psql', 'createdb', 'dropdb', 'createuser', 'pg_restore', 'pg_dump']);

/** Flags with a value that names no user. */
const valued = /^(?:-[1aAbeEnqtxX]*[fcohpvPFRTL]|--(?:file|command|output|host|port|set|variable))$/;

/** Clients that give no user name, so that they log in as the user of the operating system. */
export function namelessClients(script: Script): Diagnosis[] {
  if (['PGUSER', 'DATABASE_URL', 'PGSERVICE'].some((name) => script.variables.has(name))) return [];
  if (/\bPGUSER\b|\bPGSERVICE\b/.test(script.text)) return [];
  return script.commands.flatMap((command): Diagnosis[] => {
    const program = programOf(command);
    const texts = command.words.map(({ text }) => text);
    const word = command.words.find(({ text }) => text.endsWith(program));
    if (!clients.has(program) || !word) return [];
    const isNamed = texts.some(
      (text, index) =>
        /^(?:-U|--username)|:\/\/|\buser=/.test(text) ||
        // What a variable holds may name one, unless it is a file, a statement or a host.
        (text.includes('$') && !/^--?\w+=/.test(text) && !valued.test(texts[index - 1] ?? '')),
    );
    const isAside =
      texts.some((text) => ['--version', '-V', '--help'].includes(text)) || texts.includes('sudo');
    if (isNamed || isAside) return [];
    return [
      {
        code: 'DBB5064',
        severity: 'warning',
        message: `${program} in ${script.label} gives no user name, and logs in as the user of the operating system`,
        place: script.placeOf(word.offset, word.length),
        subject: { ...script.subject, command: program },
        expected: 'a user name: -U, a URL, or PGUSER',
        actual: texts.join(' '),
        evidence: [
          'on runners that user is "runner" or "root", and the server says: role "root" does not exist',
        ],
        help: 'set PGUSER for the job, or name the role with -U',
      },
    ];
  });
}

/** A health command without a user name fills the server's log with: role "root" does not exist. */
export function namelessHealth(service: Service): Diagnosis[] {
  const { health, env } = service;
  const command = health?.text ?? '';
  if (
    !health ||
    !/^pg_isready\b/.test(command) ||
    /(?:-U|--username)|:\/\//.test(command) ||
    env.has('PGUSER')
  )
    return [];
  const user = env.get('POSTGRES_USER') ?? 'postgres';
  return [
    {
      code: 'DBB5064',
      severity: 'note',
      message: `the health command of service "${service.name}" gives no user name, so the server logs: role "root" does not exist`,
      place: health.place,
      subject: { file: health.place.file, job: service.job, service: service.name },
      expected: 'pg_isready -U with the role of the service',
      actual: command,
      evidence: [
        'the command runs as root inside the container',
        `the role of the service is "${user}"${env.has('POSTGRES_USER') ? ', its POSTGRES_USER' : ', as nothing else is set'}`,
      ],
      help:
        health.as === '--health-cmd'
          ? `write --health-cmd "pg_isready -U ${user}"`
          : `write "pg_isready -U ${user}" into its healthcheck`,
    },
  ];
}
