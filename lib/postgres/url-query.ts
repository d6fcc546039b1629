/** The parameters behind the "?" of a URL, as libpq reads them: "+" is a plus, but in `options`, where Python's parsers made it a space. */
export function readQuery(
  query: string,
  decode: (part: string) => string | undefined,
): Record<string, string> {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, key = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
      const name = decode(key) ?? '';
      return [name, decode(name === 'options' ? value.replace(/\+/g, '%20') : value) ?? ''];
    }),
  );
}

/** The same as text, with its "?", in the one way that libpq and all other parsers read alike; empty where there are none. */
export function writeQuery(parameters: Readonly<Record<string, string>>): string {
  const query = Object.entries(parameters).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return query.length === 0 ? '' : `?${query.join('&')}`;
}
