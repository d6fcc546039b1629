import { parseDuration } from '../lib/text/index.js';

const minute = 60_000;

/** Milliseconds that reading the config may wait for what it depends on: the time limit that the run is given, or a minute. */
export function patienceOf(timeout: string | undefined): number {
  return parseDuration(timeout ?? '') || minute;
}
