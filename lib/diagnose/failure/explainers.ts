import type { Cause } from './cause.js';
import type { Scene } from './scene.js';
import type { Symptom } from './symptom.js';

/** Looks for the cause of one kind of failure; undefined where it finds none. */
export type Explainer = (symptom: Symptom, scene: Scene) => Promise<Cause | undefined> | Cause | undefined;

const existing: Explainer = async (symptom, scene) =>
  (await import('./exists.js')).explainExisting(symptom, scene);

/** Who explains what, by SQLSTATE. The code of each is loaded when something has failed that way. */
export const explainers: Readonly<Record<string, Explainer>> = {
  '42P01': async (symptom, scene) => (await import('./missing-table.js')).explainMissingTable(symptom, scene),
  '42703': async (symptom, scene) =>
    (await import('./missing-column.js')).explainMissingColumn(symptom, scene),
  '42P06': existing,
  '42P07': existing,
  '42701': existing,
  '42710': existing,
  '42723': existing,
  '42804': async (symptom, scene) => (await import('./key-types.js')).explainKeyTypes(symptom, scene),
  '23505': async (symptom, scene) => (await import('./duplicate-key.js')).explainDuplicateKey(symptom, scene),
};
