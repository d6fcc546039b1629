import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from '../errors/index.js';

/** Where the name of the settings module may stand. */
export interface SettingsOptions {
  /** As configured. */
  readonly settings?: string | undefined;
  /** Absolute path of the folder that holds manage.py. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

const inManage = /^[^#\n]*setdefault\(\s*(['"])DJANGO_SETTINGS_MODULE\1\s*,\s*(['"])([\w.]+)\2/m;

/** The settings module: of the config, of the environment, or the default in manage.py. Throws DBB6004. */
export function findSettings({ settings, directory, env }: SettingsOptions): string {
  const named = settings ?? env.DJANGO_SETTINGS_MODULE;
  if (named !== undefined && named !== '') return named;
  const manage = join(directory, 'manage.py');
  const exists = existsSync(manage);
  const found = exists ? inManage.exec(readFileSync(manage, 'utf8'))?.[3] : undefined;
  if (found !== undefined) return found;
  throw new BootstrapError({
    code: 'DBB6004',
    message: exists
      ? `no settings module is known: neither "django.settings" nor DJANGO_SETTINGS_MODULE is set, and ${manage} names none`
      : `no settings module is known: neither "django.settings" nor DJANGO_SETTINGS_MODULE is set, and ${manage} does not exist`,
    help: exists
      ? 'set "django.settings" in the config, such as myproject.settings'
      : 'set "django.directory" to the folder that holds manage.py, or "django.settings" to the settings module',
  });
}
