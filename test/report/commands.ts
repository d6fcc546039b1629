/** The lines that the runner would take for commands: what stands between stop-commands and its token is none. */
export function commandsOf(stdout: string): string[] {
  let token: string | undefined;
  return stdout.split('\n').filter((line) => {
    if (token !== undefined) {
      if (line.trim() === `::${token}::`) token = undefined;
      return false;
    }
    const stop = /^::stop-commands::(.+)$/.exec(line);
    if (stop) token = stop[1];
    return !stop && (/^\s*::/.test(line) || line.includes('##['));
  });
}
