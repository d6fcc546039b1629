// Which variables of the environment a project can read, by the texts that name them.

/** Variables that differ from run to run and say nothing of the project. */
const volatile = new Set([
  'PGAPPNAME',
  'DB_BOOTSTRAP_RUN',
  'PWD',
  'OLDPWD',
  'SHLVL',
  '_',
  'RANDOM',
  'TERM',
  'COLUMNS',
  'LINES',
]);
/** What Python, the C library, libpq, Django and the readers of URLs look for under names of their own. */
const always = /^(?:PYTHON|PG|DJANGO_|LC_|LANG|LD_|TZ$|HOME$)|_URL$/;

/** Finds the variables that texts name. A name too many costs one question to Django; a name too few would cost the truth. */
export class NamedVariables {
  readonly #env: Readonly<Record<string, string>>;
  readonly #named: Set<string>;
  readonly #exact: RegExp;
  readonly #anyCase: RegExp;
  readonly #byWord = new Map<string, Set<string>>();

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
    const names = Object.keys(env).filter((name) => !volatile.has(name));
    this.#named = new Set(names.filter((name) => always.test(name)));
    const words = new Set<string>();
    const prefixes = new Set<string>();
    const note = (word: string, name: string): void => {
      const key = word.toLowerCase();
      this.#byWord.set(key, (this.#byWord.get(key) ?? new Set()).add(name));
    };
    for (const name of names.filter((each) => /^\w+$/.test(each) && !always.test(each))) {
      words.add(name);
      note(name, name);
      // "APP_" or "APP" where a library adds the rest of the name.
      for (const { index } of name.matchAll(/(?<=\w)_/g)) {
        const prefix = name.slice(0, index);
        prefixes.add(prefix);
        note(`'${prefix}`, name);
      }
    }
    const list = (set: ReadonlySet<string>): string => (set.size === 0 ? '(?!)' : [...set].join('|'));
    const pattern = `(?<!\\w)(?:${list(words)})(?!\\w)|(?<=["'])(?:${list(prefixes)})(?=_*["'])`;
    this.#exact = new RegExp(pattern, 'g');
    this.#anyCase = new RegExp(`${pattern}|(?<!\\w)(?:${list(nested(words))})(?!\\w)`, 'gi');
  }

  /** Notes what a text names. Pydantic reads a field's variable in any case, and names it by the field alone. */
  add(text: string): void {
    const found = text.match(text.includes('BaseSettings') ? this.#anyCase : this.#exact) ?? [];
    for (const word of new Set(found.map((each) => each.toLowerCase())))
      for (const key of [word, `'${word}`])
        for (const name of this.#byWord.get(key) ?? []) this.#named.add(name);
  }

  /** Names and values, sorted by name. */
  entries(): readonly (readonly [string, string])[] {
    return [...this.#named].sort().map((name) => [name, this.#env[name] ?? '']);
  }
}

/** The fields whose parts variables like DB__HOST set. */
function nested(names: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...names].filter((name) => /\w__/.test(name)).map((name) => name.split('__')[0] ?? name));
}
