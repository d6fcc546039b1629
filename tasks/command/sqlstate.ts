/** The SQLSTATE in an output of psql. */
export function sqlstateOfOutput(output: string): string | undefined {
  return /(?:ERROR|FATAL): +([0-9A-Z]{5}):/.exec(output)?.[1];
}
