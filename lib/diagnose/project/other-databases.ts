import { uncoveredDatabase } from '../../django/index.js';
import { placeOfSetting, settingsRule } from './facts.js';

type Options = { readonly databases?: readonly string[] };

/** Databases beside the main one that the routers send apps to, and that no task of the workflow looks at. */
export const otherDatabases = settingsRule('other-databases', (settings, { project }, evidence) => {
  const tasks = [...(evidence.workflow?.tasks.values() ?? [])].filter(({ enabled }) => enabled);
  const covered = new Set(tasks.flatMap(({ options }) => (options as Options).databases ?? []));
  const isTolerated = (alias: string): boolean =>
    tasks.some(({ tolerate }) =>
      tolerate.some(({ code, object = alias }) => code === 'DBB6058' && object === alias),
    );
  return (project?.otherDatabases ?? [])
    .filter(({ alias }) => !covered.has(alias) && !isTolerated(alias))
    .map((database) => ({
      ...uncoveredDatabase(database),
      ...placeOfSetting(evidence, settings, 'DATABASES'),
      expected: 'a task that migrates each database of the project, or a tolerance that says why none does',
      actual: `no task of the workflow names "${database.alias}"`,
      evidence: [],
    }));
});
