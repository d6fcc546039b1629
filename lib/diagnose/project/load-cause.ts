import { join } from 'node:path';
import type { HostError, SettingsFacts } from '../../django/index.js';
import { fileText, type Place } from '../../errors/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import { placeAt, placeOfEntry, placeOfSetting } from './facts.js';

/** What is known of a failure beyond its message: what it is about, its place, and the repair. */
type Cause = Partial<Pick<Diagnosis, 'message' | 'place' | 'help' | 'expected'>> & Pick<Diagnosis, 'subject'>;

type Reader = (failure: HostError, settings: SettingsFacts, evidence: Evidence) => Cause | undefined;

/** Reads what Django says about a project that it cannot load: mostly it names an app, a setting or a file. */
export function causeOf(failure: HostError, settings: SettingsFacts | null, evidence: Evidence): Cause {
  const found = settings && readers.map((read) => read(failure, settings, evidence)).find((cause) => cause);
  return (
    found ?? {
      subject: fileOf(failure),
      ...(failure.at === undefined ? placeOfModule(failure, evidence) : placeAt(evidence, failure.at)),
    }
  );
}

/** Where the config names the settings module, if that is what cannot be imported. */
function placeOfModule({ kind }: HostError, { workflow }: Evidence): { readonly place?: Place } {
  if (kind !== 'settings-import') return {};
  const names = ['django.settings', 'env.DJANGO_SETTINGS_MODULE'];
  const place = names.map((name) => workflow?.origins.get(name)?.place).find((found) => found !== undefined);
  return place ? { place } : {};
}

const readers: readonly Reader[] = [
  function circle({ kind, app, migration, at }, _, evidence) {
    if (kind !== 'circle') return undefined;
    return {
      ...placeAt(evidence, at),
      subject: { ...(app && { app }), ...(migration && { migration }) },
      expected: 'migrations that depend on earlier ones only',
      help: 'take the dependency that leads back out of "dependencies"',
    };
  },
  function appThatIsNoModule({ message, at }, settings, evidence) {
    const [, missing = ''] = /No module named '([\w.]+)'/.exec(message) ?? [];
    const entry = settings.installedApps.find((app) => app === missing || app.startsWith(`${missing}.`));
    if (missing === '' || entry === undefined || at !== undefined) return undefined;
    return {
      ...placeOfEntry(evidence, settings, entry, 'INSTALLED_APPS'),
      subject: { app: entry, setting: 'INSTALLED_APPS' },
      message: `INSTALLED_APPS has "${entry}", and there is no module named "${missing}"`,
      expected: 'apps that can be imported',
      help: `correct "${entry}" in INSTALLED_APPS, or install the package that has it`,
    };
  },
  function appThatIsNotInstalled({ message, at }, settings, evidence) {
    const [, model = ''] = /Model class ([\w.]+) doesn't declare an explicit app_label/.exec(message) ?? [];
    if (model === '') return undefined;
    const app = model.replace(/\.models\b.*$/, '');
    const lists = settings.sharedApps === null ? '' : ', and to SHARED_APPS or TENANT_APPS';
    return {
      ...placeOfSetting(evidence, settings, 'INSTALLED_APPS'),
      subject: { app, setting: 'INSTALLED_APPS' },
      message: `the app "${app}" is not in INSTALLED_APPS, and its models are imported${at === undefined ? '' : ` (${at})`}`,
      expected: `"${app}" in INSTALLED_APPS`,
      help: `add "${app}" to INSTALLED_APPS${lists}`,
    };
  },
  function configOfAnotherApp({ message }, _, evidence) {
    const [, app = '', config = ''] =
      /Cannot import '([\w.]+)'\. Check that '([\w.]+)\.name'/.exec(message) ?? [];
    if (app === '') return undefined;
    return {
      ...placeOfConfig(config, app, evidence),
      subject: { app, class: config },
      expected: `the name of the package that ${config} stands in`,
      help: `correct "name" in ${config}`,
    };
  },
  function engine({ kind, message }, settings, evidence) {
    if (kind === 'engine')
      return { ...placeOfSetting(evidence, settings, 'DATABASES.ENGINE'), subject: { setting: 'DATABASES' } };
    if (!message.includes(`'${settings.engine}'`)) return undefined;
    return {
      ...placeOfSetting(evidence, settings, 'DATABASES.ENGINE'),
      subject: { setting: 'DATABASES', engine: settings.engine },
      expected: 'a database engine that can be imported',
      help: 'set ENGINE to "django.db.backends.postgresql", or with tenants to "django_tenants.postgresql_backend"',
    };
  },
  function setting({ message, at }, settings, evidence) {
    const names = message.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? [];
    const name = names.find((each) => settings.places[each] !== undefined);
    if (name === undefined || at !== undefined) return undefined;
    return {
      ...placeOfSetting(evidence, settings, name),
      subject: { setting: name },
      help: `correct ${name}`,
    };
  },
];

/** Where the config of an app says the name that is none. */
function placeOfConfig(config: string, name: string, evidence: Evidence): { readonly place?: Place } {
  const file = `${config.split('.').slice(0, -1).join('/')}.py`;
  // There is none of an installed package, or of a package's __init__.
  const lines = fileText(join(evidence.projectDirectory ?? evidence.root, file))?.split(/\r?\n/) ?? [];
  const line = lines.findIndex((text) => /^\s*name\s*=/.test(text) && text.includes(name)) + 1;
  return line === 0 ? {} : placeAt(evidence, `${file}:${String(line)}`);
}

function fileOf({ at }: HostError): Readonly<Record<string, string>> {
  const [file] = at?.split(':') ?? [];
  return file === undefined ? {} : { file };
}
