/** What a server says of the database that a session is in; behind a pooler's alias it is another than the URL names. */
export interface ServerSays {
  readonly name: string;
  /** Of the server; undefined on a Unix socket. */
  readonly address: string | undefined;
  /** The database's oid and the moment of the server's start: no other database has both, not even a copy of the server. */
  readonly identity: { readonly oid: string; readonly started: string };
}

/** Asks the server of a session which database it is in. */
export async function askServer(database: {
  query<Row extends object>(text: string): Promise<Row[]>;
}): Promise<ServerSays> {
  const [row] = await database.query<{ name: string; address: string | null; oid: string; started: string }>(
    `select pg_catalog.current_database() as name, pg_catalog.host(pg_catalog.inet_server_addr()) as address,
            d.oid::pg_catalog.int8::pg_catalog.text as oid,
            (extract(epoch from pg_catalog.pg_postmaster_start_time()) * 1000000)::pg_catalog.int8::pg_catalog.text as started
       from pg_catalog.pg_database d where d.datname operator(pg_catalog.=) pg_catalog.current_database()`,
  );
  if (!row) throw new Error('the server reports no database for the session');
  const { name, address, oid, started } = row;
  return { name, address: address ?? undefined, identity: { oid, started } };
}
