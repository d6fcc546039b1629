import type { Evidence } from '../evidence.js';
import type { NotExamined } from '../rule.js';
import { otherSettings, type Preflight, type SettingsFacts } from '../../django/index.js';
import { namedSettings } from './named-settings.js';

/** A settings module with what it says when it is loaded. */
export interface LoadedSettings {
  readonly module: string;
  readonly settings: SettingsFacts;
  /** "file:line" that names it; undefined for the module in force. */
  readonly by?: string;
  /** Apps of the project with tables, as its lists name them. */
  readonly own: readonly string[];
}

/** The module in force, and the other modules that files of the project name, each loaded; those that do not load are told apart. */
export async function loadedSettings(
  evidence: Evidence,
  { settings, settingsModule, project }: Preflight,
): Promise<{
  readonly ours?: LoadedSettings;
  readonly others: readonly LoadedSettings[];
  readonly notExamined: readonly NotExamined[];
}> {
  const named = namedSettings(evidence).filter(({ module }) => module !== settingsModule);
  if (!settings || !evidence.host || named.length === 0) return { others: [], notExamined: [] };
  const answers = await otherSettings(
    evidence.host,
    named.map(({ module }) => module),
  );
  const all = named.map(({ module, by }) => ({ by, answer: answers.find((each) => each.module === module) }));
  return {
    ours: {
      module: settingsModule,
      settings,
      own: (project?.apps ?? []).filter((app) => app.own && app.tables.length > 0).map(({ name }) => name),
    },
    others: all.flatMap(({ by, answer }) =>
      answer?.settings
        ? [{ module: answer.module, settings: answer.settings, own: answer.settings.own, by }]
        : [],
    ),
    notExamined: all.flatMap(({ by, answer }) =>
      answer && answer.settings === null
        ? [
            {
              notExamined: `${answer.module} (named by ${by})`,
              why: `it does not load here: ${answer.failure ?? ''}`,
            },
          ]
        : [],
    ),
  };
}
