import type { Json } from '../../../config/define.js';

/**
 * Whether a fact says that work was begun and never ended: an object whose `state` is "running". Nobody knows what such work left
 * behind, outside the database too, so it is not forgotten but told.
 */
export function isUnfinished(value: Json): boolean {
  return value !== null && typeof value === 'object' && 'state' in value && value.state === 'running';
}
