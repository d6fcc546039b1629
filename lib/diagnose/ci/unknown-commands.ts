import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import { factsOf } from '../project/facts.js';
import { managementCommand, type Script } from './script.js';

/** Commands that django_tenants brings. */
const ofTenants =
  /^(?:migrate_schemas|create_tenant|create_tenant_superuser|clone_tenant|delete_tenant|tenant_command|all_tenants_command|create_missing_schemas|rename_schema|collectstatic_schemas)$/;

/** Commands of django_tenants in a project that does not install it: Django knows none of them. */
export async function unknownCommands(
  evidence: Evidence,
  scripts: readonly Script[],
): Promise<readonly Diagnosis[]> {
  const facts = await factsOf(evidence);
  const settings = facts?.settings;
  if (!settings || settings.installedApps.some((app) => /^django_tenants(?:\.|$)/.test(app))) return [];
  return scripts.flatMap((script) =>
    script.commands.flatMap((command): Diagnosis[] => {
      const word = managementCommand(command);
      const texts = command.words.map(({ text }) => text).join(' ');
      const [, own] = /(?:DJANGO_SETTINGS_MODULE=|--settings[= ])([\w.]+)/.exec(texts) ?? [];
      const module = own ?? script.values?.get('DJANGO_SETTINGS_MODULE') ?? facts.settingsModule;
      if (!word || !ofTenants.test(word.text) || module !== facts.settingsModule) return [];
      return [
        {
          code: 'DBB6028',
          message: `"${word.text}" in ${script.label} does not exist with ${module}: django_tenants is not installed there`,
          place: script.placeOf(word.offset, word.length),
          subject: { ...script.subject, command: word.text, settings: module },
          expected: 'a command of Django or of an installed app',
          actual: texts,
          evidence: [`INSTALLED_APPS of ${module}: ${settings.installedApps.join(', ')}`],
          help:
            word.text === 'migrate_schemas'
              ? 'run "migrate", or name settings that install django_tenants by --settings'
              : `remove "${word.text}", or name settings that install django_tenants by --settings`,
        },
      ];
    }),
  );
}
