export { openPsql } from './psql.js';
export { startEmbedded, type EmbeddedServer, type StartOptions } from './start.js';
export { embeddedUrl, stopEmbedded } from './stop.js';
