import * as z from 'zod/mini';
import type { Problem } from '../lib/errors/index.js';
import { problemsOfIssues, type Locate } from './issues.js';
import { isObject } from './merge.js';
import { profileShape, taskSchema } from './schema.js';
import { kindName, unknownKindProblem } from './tasks.js';
import { valueAt } from './coerce.js';
import type { Json, TaskKind } from './define.js';
import type { Path, Source } from './source.js';

/** What is wrong with profiles, chosen or not, as far as it shows without their layers. */
export function profileProblems(profiles: readonly Source[]): Problem[] {
  return profiles.flatMap((profile) => problemsIn(profile, withoutRemovals(profile.data), [], profileShape));
}

/** What is wrong with the tasks of profiles, whose kinds the config below may name. */
export function profileTaskProblems(
  profiles: readonly Source[],
  tasks: Readonly<Record<string, Json>>,
  kinds: ReadonlyMap<string, TaskKind>,
): Problem[] {
  return profiles.flatMap((profile) => {
    const changed = valueAt(profile.data, ['tasks']);
    return Object.entries(isObject(changed) ? changed : {}).flatMap(([name, task]) => {
      if (!isObject(task)) return [];
      const said = task.use ?? valueAt(tasks, [name, 'use']);
      const use = typeof said === 'string' ? said : name;
      const kind = kinds.get(kindName(use));
      const locate: Locate = (path, part) => profile.place(path, part);
      if (kind) return problemsIn(profile, withoutRemovals(task), ['tasks', name], taskSchema(kind));
      if (task.use === undefined && Object.hasOwn(tasks, name)) return [];
      return [unknownKindProblem(name, use, task, { kinds, locate }, Object.keys(tasks))];
    });
  });
}

function problemsIn(profile: Source, own: Json, base: Path, schema: z.core.$ZodType): Problem[] {
  const result = z.safeParse(schema, own, { reportInput: true });
  // Nobody sets the variables of a profile that is not chosen; and what is missing may be in a layer below.
  const issues = (result.error?.issues ?? []).filter(
    ({ path, input }) =>
      !(base.length > 0 && path.length === 1 && input === undefined) &&
      !/\$\{/.test(JSON.stringify(valueAt(own, path as Path) ?? null)),
  );
  return problemsOfIssues(issues, base, (path, part) => profile.place(path, part), schema);
}

/** Without the keys whose null takes a key of a lower layer away. */
function withoutRemovals(value: Json): Json {
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value).flatMap(([key, item]) => (item === null ? [] : [[key, withoutRemovals(item)]])),
      )
    : value;
}
