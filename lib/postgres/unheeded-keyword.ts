// What libpq would enforce and our own connection cannot: a value that asks for nothing special is let through.
const unheeded: Readonly<Record<string, RegExp>> = {
  channel_binding: /^(?:prefer|disable)$/,
  gssencmode: /^(?:prefer|disable)$/,
  require_auth: /^$/,
  requirepeer: /^$/,
  sslcrl: /^$/,
  sslcrldir: /^$/,
  sslnegotiation: /^postgres$/,
};

/** Why a connection cannot be made as its keywords demand; undefined where it can. A demand that is ignored is worse than a refusal. */
export function unheededKeyword(
  keywords: Readonly<Record<string, string>>,
  host: string | undefined,
): { readonly reason: string; readonly help: string } | undefined {
  for (const [name, harmless] of Object.entries(unheeded)) {
    const value = keywords[name] ?? '';
    if (value !== '' && !harmless.test(value))
      return {
        reason: `db-bootstrap cannot do what "${name}=${value}" asks for`,
        help: `leave ${name} out of the URL that db-bootstrap gets`,
      };
  }
  if (!keywords.hostaddr || (keywords.host ?? host) === undefined) return undefined;
  return {
    reason: 'it names a host and a hostaddr, and db-bootstrap connects to one',
    help: 'name the address in place of the host, or leave hostaddr out',
  };
}
