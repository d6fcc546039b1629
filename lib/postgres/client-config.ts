import type { ClientConfig } from 'pg';
import { passwordFromFile } from './password-file.js';
import type { ConnectionParameters } from './resolve-connection.js';
import type { Tls } from './tls.js';

/** Milliseconds until an unanswered connection attempt is given up. */
const connectTimeout = 10_000;

/** What pg needs to connect. The parts are handed over one by one: pg's own reading of URLs differs from libpq's. */
export function clientConfig(
  parameters: ConnectionParameters,
  options: { readonly applicationName: string; readonly timeout?: number; readonly tls: Tls },
): ClientConfig {
  const { host, port, user, password, database, keywords } = parameters;
  const written = Number(keywords.connect_timeout) * 1000;
  return {
    host,
    port,
    user,
    database,
    // pg's own look into ~/.pgpass prints a warning, and a function keeps it from that.
    password: password ?? ((): string => passwordFromFile(parameters, keywords.passfile) ?? ''),
    application_name: options.applicationName,
    // At least one millisecond: 0 would mean for ever.
    connectionTimeoutMillis: Math.max(
      1,
      Math.min(written > 0 ? written : connectTimeout, options.timeout ?? Infinity),
    ),
    keepAlive: true,
    // A server whose machine is gone is noticed within half a minute.
    keepAliveInitialDelayMillis: 10_000,
    ...(keywords.options === undefined ? {} : { options: keywords.options }),
    ssl: options.tls,
  };
}
