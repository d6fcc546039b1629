import { homedir, userInfo } from 'node:os';

/** The home of who runs us; undefined where HOME is not set and nobody has a home of that number, as in some containers. */
export function homeFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  if (env.HOME) return env.HOME;
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** The name of who runs us; undefined where a container runs under a number that has no name. */
export function systemUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
