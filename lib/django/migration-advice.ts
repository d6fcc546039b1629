/** Repairs for faulty migrations of installed packages. They change no file of a package: the next installation would replace it. */
export const packageAdvice = {
  dependency: () =>
    'install releases of both packages that belong together, with all files of their migrations',
  conflict: (app: string) =>
    `remove the package of "${app}" and install it anew: its folder holds migrations of two releases`,
  keys: (app: string) =>
    `write an AppConfig for "${app}" in the project whose default_auto_field is the type that its migrations have, and name that in INSTALLED_APPS`,
  difference: (app: string) =>
    `install a release of the package of "${app}" whose migrations make what its models say`,
  package: (app: string) =>
    `name a package of the project in MIGRATION_MODULES["${app}"], and run "python manage.py makemigrations ${app}", which writes there`,
};

/** The help for apps whose models differ from their migrations, or that have several leaf migrations. `own` lists the project's own apps. */
export function migrationAdvice(
  fault: 'difference' | 'conflict',
  apps: readonly { readonly app: string; readonly own: boolean }[],
): string {
  const own = apps.filter((each) => each.own).map(({ app }) => app);
  if (own.length === 0) return apps.map(({ app }) => packageAdvice[fault](app)).join('; ');
  const command = fault === 'conflict' ? 'makemigrations --merge' : 'makemigrations';
  return `run "python manage.py ${command} ${own.join(' ')}" and commit the ${own.length === 1 ? 'file' : 'files'}`;
}
