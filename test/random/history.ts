import type { pythonSets } from '../support/python.js';

/** A field of a model; `to` stands for the model itself, so that renaming it renames what refers to it. */
interface Field {
  kind: string;
  args: string[];
  to?: Model | 'clients.Client';
}

interface Model {
  name: string;
  readonly app: string;
  readonly fields: Map<string, Field>;
  readonly constraints: Map<string, string>;
  readonly indexes: Map<string, string>;
  unique: string[];
  table: string | undefined;
  ordering: string | undefined;
  /** Names that an index, a constraint or a rule uses: Django does not follow their being renamed. */
  readonly used: Set<string>;
}

/** One migration as Python. */
interface WrittenMigration {
  readonly app: string;
  readonly name: string;
  readonly atomic: boolean;
  readonly text: string;
}

/** A linear history of two apps, and the models that it ends with. */
export interface History {
  readonly migrations: readonly WrittenMigration[];
  readonly models: Readonly<Record<string, string>>;
}

export const apps = ['stock', 'crm'] as const;

/** Builds a valid history from numbers: each choice takes the next one, and 0 where there is none left, so that fewer numbers make less. */
export class HistoryBuilder {
  readonly #numbers: readonly number[];
  readonly #set: keyof typeof pythonSets;
  #at = 0;
  #count = 0;
  readonly #models: Model[] = [];

  constructor(numbers: readonly number[], set: keyof typeof pythonSets) {
    this.#numbers = numbers;
    this.#set = set;
  }

  build(length: number): History {
    const migrations: WrittenMigration[] = [];
    for (let number = 0; number < length; number++) migrations.push(this.#migration(number, migrations));
    const models = Object.fromEntries(apps.map((app) => [app, this.#modelsOf(app)]));
    return { migrations, models };
  }

  #pick(count: number): number {
    return (this.#numbers[this.#at++] ?? 0) % count;
  }

  #oneOf<Item>(items: readonly Item[]): Item | undefined {
    return items.length === 0 ? undefined : items[this.#pick(items.length)];
  }

  #name(prefix: string): string {
    return `${prefix}${String(++this.#count)}`;
  }

  #migration(number: number, before: readonly WrittenMigration[]): WrittenMigration {
    // Both begin with a model of their own.
    const app = apps[number < apps.length ? number : this.#pick(apps.length)] ?? 'stock';
    const own = before.filter((one) => one.app === app);
    const name = `${String(own.length + 1).padStart(4, '0')}_step`;
    const operations: string[] = [];
    const header: string[] = [];
    let atomic = true;
    if (own.length === 0) operations.push(this.#createModel(app));
    else if (this.#pick(6) === 0) {
      const [operation, code] = this.#code(app);
      operations.push(operation);
      header.push(code);
    } else if (this.#pick(8) === 0) {
      const index = this.#addIndex(app, true);
      atomic = index === undefined;
      operations.push(index ?? this.#addField(app));
      const ofSql = atomic ? undefined : this.#ownIndex(app, 'concurrently if not exists');
      if (ofSql !== undefined && this.#pick(2) === 0) operations.push(ofSql);
    } else
      for (let more = this.#pick(3); more >= 0; more--)
        operations.push(this.#operation(app) ?? this.#addField(app));
    const needs = [before.at(-1), own.at(-1)].filter((one) => one !== undefined);
    const dependencies = new Set(needs.map((one) => `("${one.app}", "${one.name}")`));
    if (before.length === 0) dependencies.add('("clients", "0001_initial")');
    const text = `import datetime
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
import django.db.models.deletion

${header.join('\n')}

class Migration(migrations.Migration):
    initial = ${own.length === 0 ? 'True' : 'False'}
    atomic = ${atomic ? 'True' : 'False'}
    dependencies = [${[...dependencies].join(', ')}]
    operations = [
${operations.map((operation) => `        ${operation},\n`).join('')}    ]
`;
    return { app, name, atomic, text };
  }

  #operation(app: string): string | undefined {
    const made = [
      () => this.#addField(app),
      () => this.#createModel(app),
      () => this.#addIndex(app, false),
      () => this.#addConstraint(app),
      () => this.#alterField(app),
      () => this.#renameField(app),
      () => this.#removeField(app),
      () => this.#renameModel(app),
      () => this.#deleteModel(app),
      () => this.#removeIndex(app),
      () => this.#removeConstraint(app),
      () => this.#alterTable(app),
      () => this.#uniqueTogether(app),
      () => this.#options(app),
      () => this.#renameIndex(app),
    ];
    return made[this.#pick(made.length)]?.();
  }

  #modelOf(app: string): Model | undefined {
    return this.#oneOf(this.#models.filter((model) => model.app === app));
  }

  #freeFields(model: Model, kinds?: readonly string[]): string[] {
    return [...model.fields]
      .filter(([name, { kind }]) => !model.used.has(name) && (kinds === undefined || kinds.includes(kind)))
      .map(([name]) => name);
  }

  #newField(app: string): Field {
    const targets = this.#models.filter((model) => model.app === app);
    const target = this.#oneOf(targets);
    const kinds: readonly (() => Field)[] = [
      () => ({ kind: 'CharField', args: ['max_length=20', 'default="x"'] }),
      () => ({ kind: 'IntegerField', args: ['default=7'] }),
      () => ({ kind: 'TextField', args: ['null=True'] }),
      () => ({ kind: 'BooleanField', args: ['default=True'] }),
      () => ({ kind: 'DecimalField', args: ['max_digits=8', 'decimal_places=2', 'default=0'] }),
      () => ({ kind: 'DateField', args: ['null=True'] }),
      () => ({ kind: 'SlugField', args: ['null=True'] }),
      () => ({ kind: 'UUIDField', args: ['null=True'] }),
      () => ({ kind: 'JSONField', args: ['default=dict'] }),
      () => ({ kind: 'CharField', args: ['max_length=9', 'null=True', 'unique=True'] }),
      () => ({
        kind: 'ForeignKey',
        to: 'clients.Client',
        args: ['on_delete=django.db.models.deletion.CASCADE', 'null=True', 'related_name="+"'],
      }),
      () =>
        target
          ? {
              kind: 'ForeignKey',
              to: target,
              args: ['on_delete=django.db.models.deletion.CASCADE', 'null=True', 'related_name="+"'],
            }
          : { kind: 'IntegerField', args: ['null=True', 'db_index=True'] },
      () =>
        target
          ? { kind: 'ManyToManyField', to: target, args: ['related_name="+"'] }
          : { kind: 'TextField', args: ['default=""'] },
    ];
    return (kinds[this.#pick(kinds.length)] ?? kinds[0])?.() as Field;
  }

  #createModel(app: string): string {
    const model: Model = {
      name: this.#name('Model'),
      app,
      fields: new Map(),
      constraints: new Map(),
      indexes: new Map(),
      unique: [],
      table: undefined,
      ordering: undefined,
      used: new Set(),
    };
    for (let more = this.#pick(3); more >= 0; more--) model.fields.set(this.#name('f'), this.#newField(app));
    this.#models.push(model);
    const fields = [...model.fields].map(([name, field]) => `("${name}", ${written(field)})`);
    return `migrations.CreateModel("${model.name}", [("id", models.BigAutoField(primary_key=True, serialize=False)), ${fields.join(', ')}])`;
  }

  #addField(app: string): string {
    const model = this.#modelOf(app);
    if (!model) return this.#createModel(app);
    const name = this.#name('f');
    const field = this.#newField(app);
    model.fields.set(name, field);
    return `migrations.AddField("${model.name}", "${name}", ${written(field)})`;
  }

  #alterField(app: string): string | undefined {
    const model = this.#modelOf(app);
    const name = model && this.#oneOf(this.#freeFields(model, ['CharField', 'IntegerField', 'TextField']));
    const field = model?.fields.get(name ?? '');
    if (!model || name === undefined || !field) return undefined;
    const without = (word: string): string[] => field.args.filter((arg) => !arg.startsWith(word));
    const change = this.#pick(3);
    if (field.args.includes('unique=True')) field.args = without('unique');
    else if (change === 0)
      field.args = field.args.includes('db_index=True')
        ? without('db_index')
        : [...field.args, 'db_index=True'];
    else if (change === 1 && field.kind === 'CharField')
      field.args = [
        `max_length=${String(30 + this.#pick(50))}`,
        ...field.args.filter((arg) => !arg.startsWith('max_length')),
      ];
    else if (change === 1 && field.kind === 'IntegerField') field.kind = 'BigIntegerField';
    else
      field.args = [
        ...field.args.filter((arg) => !arg.startsWith('db_comment') && arg !== 'null=True'),
        'null=True',
        'db_comment="it\\\'s"',
      ];
    return `migrations.AlterField("${model.name}", "${name}", ${written(field)})`;
  }

  #renameField(app: string): string | undefined {
    const model = this.#modelOf(app);
    const name = model && this.#oneOf(this.#freeFields(model));
    const field = model?.fields.get(name ?? '');
    if (!model || name === undefined || !field) return undefined;
    const other = this.#name('g');
    const fields = [...model.fields].map(([each, value]) => [each === name ? other : each, value] as const);
    model.fields.clear();
    for (const [each, value] of fields) model.fields.set(each, value);
    return `migrations.RenameField("${model.name}", "${name}", "${other}")`;
  }

  #removeField(app: string): string | undefined {
    const model = this.#modelOf(app);
    const name = model && this.#oneOf(this.#freeFields(model));
    if (!model || name === undefined) return undefined;
    model.fields.delete(name);
    return `migrations.RemoveField("${model.name}", "${name}")`;
  }

  #renameModel(app: string): string | undefined {
    const model = this.#modelOf(app);
    if (!model) return undefined;
    const before = model.name;
    model.name = this.#name('Other');
    return `migrations.RenameModel("${before}", "${model.name}")`;
  }

  #deleteModel(app: string): string | undefined {
    const free = this.#models.filter(
      (model) =>
        model.app === app &&
        !this.#models.some(
          (other) => other !== model && [...other.fields.values()].some(({ to }) => to === model),
        ),
    );
    const model = this.#models.length > 3 ? this.#oneOf(free) : undefined;
    if (!model) return undefined;
    this.#models.splice(this.#models.indexOf(model), 1);
    return `migrations.DeleteModel("${model.name}")`;
  }

  #addIndex(app: string, concurrently: boolean): string | undefined {
    const model = this.#modelOf(app);
    const fields = model && this.#freeOrUsed(model);
    if (!model || !fields || fields.length === 0) return undefined;
    const name = this.#name('index_');
    const index = `models.Index(fields=[${fields.map((each) => `"${each}"`).join(', ')}], name="${name}")`;
    model.indexes.set(name, index);
    for (const each of fields) model.used.add(each);
    return `${concurrently ? 'AddIndexConcurrently' : 'migrations.AddIndex'}("${model.name}", ${index})`;
  }

  #removeIndex(app: string): string | undefined {
    const model = this.#modelOf(app);
    const name = model && this.#oneOf([...model.indexes.keys()]);
    if (!model || name === undefined) return undefined;
    model.indexes.delete(name);
    return `migrations.RemoveIndex("${model.name}", "${name}")`;
  }

  #renameIndex(app: string): string | undefined {
    const model = this.#modelOf(app);
    const name = model && this.#oneOf([...model.indexes.keys()]);
    const index = model?.indexes.get(name ?? '');
    if (!model || name === undefined || index === undefined) return undefined;
    const other = this.#name('renamed_');
    model.indexes.delete(name);
    model.indexes.set(other, index.replace(`name="${name}"`, `name="${other}"`));
    return `migrations.RenameIndex("${model.name}", new_name="${other}", old_name="${name}")`;
  }

  #addConstraint(app: string): string | undefined {
    const model = this.#modelOf(app);
    if (!model) return undefined;
    const name = this.#name('rule_');
    const number = this.#oneOf(this.#freeFields(model, ['IntegerField', 'BigIntegerField']));
    const nullable = this.#oneOf(this.#freeFields(model, ['DateField', 'UUIDField']));
    let rule: string;
    if (this.#pick(2) === 0 && number !== undefined) {
      const word = this.#set === 'old' ? 'check' : 'condition';
      rule = `models.CheckConstraint(${word}=models.Q(${number}__gte=-1000), name="${name}")`;
      model.used.add(number);
    } else if (nullable !== undefined) {
      const how = [
        '',
        ', deferrable=models.Deferrable.DEFERRED',
        `, condition=models.Q(${nullable}__isnull=False)`,
      ];
      rule = `models.UniqueConstraint(fields=["${nullable}"], name="${name}"${this.#oneOf(how) ?? ''})`;
      model.used.add(nullable);
    } else return undefined;
    model.constraints.set(name, rule);
    return `migrations.AddConstraint("${model.name}", ${rule})`;
  }

  #removeConstraint(app: string): string | undefined {
    const model = this.#modelOf(app);
    const name = model && this.#oneOf([...model.constraints.keys()]);
    if (!model || name === undefined) return undefined;
    model.constraints.delete(name);
    return `migrations.RemoveConstraint("${model.name}", "${name}")`;
  }

  #alterTable(app: string): string | undefined {
    const model = this.#modelOf(app);
    if (!model) return undefined;
    model.table = this.#name('table_');
    return `migrations.AlterModelTable("${model.name}", "${model.table}")`;
  }

  #uniqueTogether(app: string): string | undefined {
    const model = this.#modelOf(app);
    const [one, other] = model
      ? this.#freeFields(model, ['DateField', 'UUIDField', 'SlugField', 'TextField'])
      : [];
    if (!model || one === undefined || other === undefined) return undefined;
    // Of rows with the same defaults there may be several.
    if (![one, other].some((name) => model.fields.get(name)?.args.includes('null=True'))) return undefined;
    const before = model.unique.length > 0;
    model.unique = before ? [] : [one, other];
    if (!before) for (const name of model.unique) model.used.add(name);
    return `migrations.AlterUniqueTogether("${model.name}", {${before ? '' : `("${one}", "${other}")`}})`.replace(
      '{}',
      'set()',
    );
  }

  #options(app: string): string | undefined {
    const model = this.#modelOf(app);
    if (!model) return undefined;
    model.ordering = model.ordering === undefined ? '-id' : undefined;
    const options = model.ordering === undefined ? '{}' : `{"ordering": ["${model.ordering}"]}`;
    const operation = `migrations.AlterModelOptions("${model.name}", ${options})`;
    return this.#pick(2) === 0
      ? operation
      : `migrations.SeparateDatabaseAndState(state_operations=[${operation}])`;
  }

  /** An index that the project's own SQL makes, and that no model knows. */
  #ownIndex(app: string, how: string): string | undefined {
    const model = this.#modelOf(app);
    if (!model) return undefined;
    const table = model.table ?? `${app}_${model.name.toLowerCase()}`;
    return `migrations.RunSQL('create index ${how} ${this.#name('Own_')} on ${table} (id)', migrations.RunSQL.noop)`;
  }

  /** Code or SQL of the project's, alone in its migration. */
  #code(app: string): readonly [string, string] {
    const model = this.#modelOf(app);
    if (!model) return ['migrations.RunSQL("select 1")', ''];
    const table = model.table ?? `${app}_${model.name.toLowerCase()}`;
    const number = this.#oneOf(this.#freeFields(model, ['IntegerField', 'BigIntegerField']));
    const choices: readonly (readonly [string, string])[] = [
      [this.#ownIndex(app, '') ?? 'migrations.RunSQL("select 1")', ''],
      [
        'migrations.RunPython(code, migrations.RunPython.noop)',
        `def code(apps, schema_editor):\n    apps.get_model("${app}", "${model.name}").objects.create()\n`,
      ],
      ['migrations.RunSQL("select 1", migrations.RunSQL.noop)', ''],
      number === undefined
        ? ['migrations.RunSQL(migrations.RunSQL.noop)', '']
        : [`migrations.RunSQL('update "${table}" set "${number}" = 8')`, ''],
      number === undefined
        ? ['migrations.RunPython(migrations.RunPython.noop)', '']
        : [
            'migrations.RunPython(code)',
            `def code(apps, schema_editor):\n    apps.get_model("${app}", "${model.name}").objects.update(${number}=models.F("${number}") + 1)\n`,
          ],
    ];
    return choices[this.#pick(choices.length)] ?? ['migrations.RunSQL("select 1")', ''];
  }

  #freeOrUsed(model: Model): string[] {
    const names = [...model.fields]
      .filter(([, { kind }]) => kind !== 'ManyToManyField' && kind !== 'JSONField')
      .map(([name]) => name);
    const first = this.#oneOf(names);
    return first === undefined ? [] : [first];
  }

  #modelsOf(app: string): string {
    const classes = this.#models
      .filter((model) => model.app === app)
      .map((model) => {
        const meta = [
          ...(model.table === undefined ? [] : [`db_table = "${model.table}"`]),
          ...(model.ordering === undefined ? [] : [`ordering = ["${model.ordering}"]`]),
          ...(model.unique.length === 0
            ? []
            : [`unique_together = [(${model.unique.map((name) => `"${name}"`).join(', ')})]`]),
          ...(model.indexes.size === 0 ? [] : [`indexes = [${[...model.indexes.values()].join(', ')}]`]),
          ...(model.constraints.size === 0
            ? []
            : [`constraints = [${[...model.constraints.values()].join(', ')}]`]),
        ];
        const lines = [
          '    id = models.BigAutoField(primary_key=True)',
          ...[...model.fields].map(([name, field]) => `    ${name} = ${written(field)}`),
          ...(meta.length === 0 ? [] : ['', '    class Meta:', ...meta.map((line) => `        ${line}`)]),
        ];
        return `class ${model.name}(models.Model):\n${lines.join('\n')}\n`;
      });
    return `from django.db import models\nimport django.db.models.deletion\n\n\n${classes.join('\n\n')}`;
  }
}

function written({ kind, args, to }: Field): string {
  const target = to === undefined ? [] : [`"${to === 'clients.Client' ? to : `${to.app}.${to.name}`}"`];
  return `models.${kind}(${[...target, ...args].join(', ')})`;
}
