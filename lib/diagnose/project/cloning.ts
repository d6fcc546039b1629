import type { Diagnosis } from '../diagnosis.js';
import { placeOfSetting, settingsRule } from './facts.js';
import { nearest } from '../../text/index.js';

/** New tenants as copies of a schema: the two settings for it go together. */
export const cloning = settingsRule(
  'tenant-cloning',
  (settings, { settingsModule }, evidence): Diagnosis[] => {
    const { fakesMigrations, baseSchema, typesWithBase } = settings;
    const hasBase = baseSchema !== null || typesWithBase.length > 0;
    if (fakesMigrations === hasBase) return [];
    const [set, missing] = fakesMigrations
      ? ['TENANT_CREATION_FAKES_MIGRATIONS', 'TENANT_BASE_SCHEMA']
      : ['TENANT_BASE_SCHEMA', 'TENANT_CREATION_FAKES_MIGRATIONS'];
    // The base schema of one type is a key of TENANT_TYPES, without which nothing else has to be set.
    if (!fakesMigrations && baseSchema === null) return [];
    return [
      {
        code: 'DBB6052',
        message: `${set} is set and ${missing} is not: the first tenant that is created will fail`,
        ...placeOfSetting(evidence, settings, set),
        subject: { setting: missing, settings: settingsModule },
        expected: 'both settings, or neither',
        actual: `${set} = ${fakesMigrations ? 'True' : `"${baseSchema ?? ''}"`}, ${missing} is not set`,
        evidence: [
          'with both, a new tenant is a copy of the base schema, and its migrations count as applied',
          'with neither, a new tenant is migrated like any other',
        ],
        help: fakesMigrations
          ? 'set TENANT_BASE_SCHEMA to the schema that is copied, or take TENANT_CREATION_FAKES_MIGRATIONS out'
          : 'set TENANT_CREATION_FAKES_MIGRATIONS = True, or take TENANT_BASE_SCHEMA out',
      },
    ];
  },
);

/** Settings that nearly have the name of one of django_tenants: what they say is never read. */
export const unknownSettings = settingsRule(
  'unknown-settings',
  (settings, { settingsModule }, evidence): Diagnosis[] =>
    settings.unknown.flatMap((setting) => {
      // Beyond two edits, the name may be a setting of the project itself.
      const near = nearest(setting, settings.known, 2);
      if (near === undefined) return [];
      return [
        {
          code: 'DBB6053',
          severity: 'warning',
          message: `django-tenants knows no setting ${setting}, and never reads it`,
          ...placeOfSetting(evidence, settings, setting),
          subject: { setting, settings: settingsModule },
          expected: `a name that django-tenants knows: ${near}`,
          actual: setting,
          evidence: [
            settings.places[near] === undefined
              ? `${near} is not set`
              : `${near} is set as well (${settings.places[near]})`,
          ],
          help: `rename it to ${near}`,
        },
      ];
    }),
);
