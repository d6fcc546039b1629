import type { Problem } from '../lib/errors/index.js';
import { problemsOfIssues } from './issues.js';
import { isObject } from './merge.js';
import { profileShape } from './schema.js';
import { valueAt } from './coerce.js';
import type { Json } from './define.js';
import type { Path, Source } from './source.js';

/** What is wrong with profiles, chosen or not, as far as it shows without their layers. */
export function profileProblems(profiles: readonly Source[]): Problem[] {
  return profiles.flatMap((profile) => {
    const own = withoutRemovals(profile.data);
    const result = profileShape.safeParse(own, { reportInput: true });
    // Nobody sets the variables of a profile that is not chosen.
    const issues = (result.error?.issues ?? []).filter(
      ({ path }) => !/\$\{/.test(JSON.stringify(valueAt(own, path as Path) ?? null)),
    );
    return problemsOfIssues(issues, [], (path, part) => profile.place(path, part), profileShape);
  });
}

/** Without the keys whose null takes a key of a lower layer away. */
function withoutRemovals(value: Json): Json {
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value).flatMap(([key, item]) => (item === null ? [] : [[key, withoutRemovals(item)]])),
      )
    : value;
}
