/** The presets that a translation can build on. */
export type Preset = 'django-tenants' | 'django' | 'sql';

/** Names that would change a task of the preset in place of adding one. */
const ofPresets = /^(?:wait|init|makemigrations|migrate|shared|flush|tenants?|tenant-migrations|check-.*)$/;

interface Task {
  readonly name: string;
  readonly lines: readonly string[];
  /** It stands before the migrations. */
  readonly early: boolean;
}

/** Tasks that a config gets beside those of its preset, in the order in which they were met. */
export class Tasks {
  readonly #tasks: Task[] = [];
  migrated = false;
  createDatabase = false;
  initFolder: string | undefined;

  constructor(readonly preset: Preset) {}

  /** Adds a task and resolves with its name in words; the same work, which another job does as well, is one task. */
  add(wanted: string, lines: readonly string[]): string {
    const same = this.#tasks.find((task) => task.lines.join('\n') === lines.join('\n'));
    if (same) return `task "${same.name}", as before`;
    const stem = wanted.replace(/[^\w-]+/g, '-').toLowerCase();
    let name = stem;
    const isTaken = (): boolean => ofPresets.test(name) || this.#tasks.some((task) => task.name === name);
    for (let number = 2; isTaken(); number++) name = `${stem}-${String(number)}`;
    this.#tasks.push({ name, lines, early: !this.migrated });
    return `task "${name}"`;
  }

  /** Lines below `tasks:`, indented by two; each task needs the one before it. */
  lines(): string[] {
    const { preset } = this;
    const lines = this.createDatabase ? ['  wait: { createDatabase: true }'] : [];
    const migrations =
      preset === 'django-tenants' ? 'tenant-migrations' : preset === 'django' ? 'migrate' : 'init';
    const early = preset === 'sql' ? [] : this.#tasks.filter((task) => task.early);
    const late = this.#tasks.filter((task) => !early.includes(task));
    for (const [list, first] of [
      [early, 'init'],
      [late, migrations],
    ] as const) {
      let before: string = first;
      for (const { name, lines: own } of list) {
        lines.push(`  ${name}:`, ...[...own, `needs: [${before}]`].map((line) => `    ${line}`));
        before = name;
      }
    }
    const last = early.at(-1);
    if (last)
      lines.push('  # In the workflow this came first.', `  makemigrations: { needs: [init, ${last.name}] }`);
    return lines;
  }
}

/** A text as a value of the config: `${` is written as `$${`, or the config would look for a variable. */
export function written(text: string): string {
  const escaped = text.replaceAll('${', () => '$${');
  return /^[\w./-]+$/.test(escaped) ? escaped : JSON.stringify(escaped);
}
