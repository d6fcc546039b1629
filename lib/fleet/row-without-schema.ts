import type { Problem } from '../errors/index.js';

/** The problem of a tenant whose row exists and whose schema does not. A run creates only schemas of tenants that the config lists. */
export function rowWithoutSchema(
  schema: string,
  configured: readonly { readonly schema: string }[],
): Problem & { readonly code: 'DBB6019'; readonly help: string } {
  const help = 'run "db-bootstrap run --from tenants"';
  return {
    code: 'DBB6019',
    message: `tenant "${schema}" has a row, but no schema`,
    help: configured.some((tenant) => tenant.schema === schema)
      ? help
      : `add tenant "${schema}" to the config and ${help}, or delete its row`,
    facts: { schema },
  };
}
