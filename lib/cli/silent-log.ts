/** The log of a command that has none: what it says is its output. */
export const silent = {
  info: () => undefined,
  warn: () => undefined,
  output: () => undefined,
  progress: () => undefined,
};
