import { originOf, type SettingFacts } from '../server/setting-origin.js';
import type { Cause } from './cause.js';
import type { Scene } from './scene.js';
import { whoMet, type Symptom } from './symptom.js';

/** The limits by what the server says when one is over. */
const limits: readonly (readonly [said: RegExp, setting: string, what: string])[] = [
  [/due to statement timeout/, 'statement_timeout', 'a statement'],
  [
    /due to idle-in-transaction timeout/,
    'idle_in_transaction_session_timeout',
    'an idle session in a transaction',
  ],
  [/due to idle-session timeout/, 'idle_session_timeout', 'an idle session'],
];

/** Which time limit of the server ended a statement (57014) or a session (25P03, 57P05), and where it is set. */
export async function explainTimeLimit(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const [, setting, what] = limits.find(([said]) => said.test(symptom.message)) ?? [];
  if (setting === undefined || what === undefined) return undefined;
  const { database, task } = scene;
  const who = whoMet(symptom, task);
  const [facts] = await database.query<SettingFacts & { readonly value: string; readonly ms: number }>(
    `select name as setting, current_setting(name) as value, setting::float8 as ms, source, sourcefile,
            current_user::text as role, current_database()::text as database
       from pg_catalog.pg_settings where name = $1`,
    [setting],
  );
  if (!facts || facts.ms === 0)
    return {
      code: 'DBB5067',
      message: `${setting} ended ${what} of ${who}, which sets it for itself: the role "${database.user}" has no such limit`,
      help: 'raise it where the session sets it: in OPTIONS of DATABASES, in PGOPTIONS, or in what it executes',
      facts: { setting },
    };
  const { where, repair } = originOf(facts);
  return {
    code: 'DBB5067',
    message: `${setting}, which is ${facts.value}, ended ${what} of ${who}`,
    notes: [{ label: 'evidence', text: where }],
    help: `raise it there, or ${repair}`,
    facts: { setting, value: facts.value },
  };
}
