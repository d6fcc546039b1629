import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BootstrapError, fileText } from '../errors/index.js';

/** Where the name of the settings module may stand. */
export interface SettingsOptions {
  /** As configured. */
  readonly settings?: string | undefined;
  /** Absolute path of the folder that holds manage.py. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

const inManage = /^[^#\n]*setdefault\(\s*(['"])DJANGO_SETTINGS_MODULE\1\s*,\s*(['"])([\w.]+)\2/m;

/** Whether the config or the environment names the settings module, which overrides the default in manage.py. */
export function namesSettings({ settings, env }: Omit<SettingsOptions, 'directory'>): boolean {
  return Boolean(settings ?? env.DJANGO_SETTINGS_MODULE);
}

/**
 * The settings module: of the config, of the environment, or the default in manage.py; "manage.py" where that computes it.
 * Throws DBB6004.
 */
export function findSettings({ settings, directory, env }: SettingsOptions): string {
  const named = settings ?? env.DJANGO_SETTINGS_MODULE;
  if (named !== undefined && named !== '') return named;
  const manage = join(directory, 'manage.py');
  const exists = existsSync(manage);
  const found = inManage.exec(fileText(manage) ?? '')?.[3];
  if (found !== undefined) return found;
  if (/^[^#\n]*DJANGO_SETTINGS_MODULE/m.test(fileText(manage) ?? '')) return 'manage.py';
  throw new BootstrapError({
    code: 'DBB6004',
    message: exists
      ? `no settings module is known: neither "django.settings" nor DJANGO_SETTINGS_MODULE is set, and ${manage} names none`
      : `no settings module is known: neither "django.settings" nor DJANGO_SETTINGS_MODULE is set, and ${manage} does not exist`,
    help: exists
      ? 'set "django.settings" in the config, such as myproject.settings'
      : `set "django.directory" to ${nearManage(directory) ?? 'the folder that holds manage.py'}, or "django.settings" to the settings module`,
  });
}

/** The folder with a manage.py where there is one and no other: below the folder that was meant to be it, or beside that one. */
function nearManage(directory: string): string | undefined {
  const below = (folder: string): readonly string[] => {
    try {
      return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? [join(folder, entry.name)] : [],
      );
    } catch {
      // The folder does not exist, or this user may not list it.
      return [];
    }
  };
  const parent = dirname(directory);
  const folders = [...below(directory), parent, ...below(parent)];
  const found = folders.filter((folder) => existsSync(join(folder, 'manage.py')));
  return found.length === 1 ? `${String(found[0])}, which holds manage.py` : undefined;
}
