import type { Cause } from './cause.js';
import type { Scene } from './scene.js';
import type { Symptom } from './symptom.js';

/** Looks for the cause of one kind of failure; undefined where it finds none. */
export type Explainer = (symptom: Symptom, scene: Scene) => Promise<Cause | undefined> | Cause | undefined;

const existing: Explainer = async (symptom, scene) =>
  (await import('./exists.js')).explainExisting(symptom, scene);

/** What does not exist: made by a migration that has to come first, or renamed already; else the cause that the kind of object has. */
const missing =
  (explain: Explainer): Explainer =>
  async (symptom, scene) =>
    (await (await import('./dependency.js')).explainDependency(symptom, scene)) ??
    (await (await import('./renames.js')).explainRenamed(symptom, scene)) ??
    (await explain(symptom, scene));

const routine = missing(async (symptom, scene) =>
  (await import('./extensions.js')).explainMissingRoutine(symptom, scene),
);
const login: Explainer = async (symptom, scene) => (await import('./login.js')).explainLogin(symptom, scene);

const timeLimit: Explainer = async (symptom, scene) =>
  (await import('./time-limits.js')).explainTimeLimit(symptom, scene);

/** Who explains what, by SQLSTATE. The code of each is loaded when something has failed that way. */
export const explainers: Readonly<Record<string, Explainer>> = {
  '42P01': missing(async (symptom, scene) =>
    (await import('./missing-table.js')).explainMissingTable(symptom, scene),
  ),
  '42703': missing(async (symptom, scene) =>
    (await import('./missing-column.js')).explainMissingColumn(symptom, scene),
  ),
  '42P06': existing,
  '42P07': existing,
  '42701': existing,
  '42710': existing,
  '42723': existing,
  '42804': async (symptom, scene) => (await import('./key-types.js')).explainKeyTypes(symptom, scene),
  '23505': async (symptom, scene) => (await import('./duplicate-key.js')).explainDuplicateKey(symptom, scene),
  '23503': async (symptom, scene) => (await import('./references.js')).explainReference(symptom, scene),
  '23502': async (symptom, scene) => (await import('./references.js')).explainNull(symptom, scene),
  '22001': async (symptom, scene) => (await import('./references.js')).explainTooLong(symptom, scene),
  '42883': routine,
  '42704': routine,
  '42501': async (symptom, scene) => (await import('./rights.js')).explainRights(symptom, scene),
  '3F000': missing(async (symptom, scene) =>
    (await import('./missing-schema.js')).explainMissingSchema(symptom, scene),
  ),
  '28000': login,
  '28P01': login,
  '3D000': login,
  '55P03': async (symptom, scene) => (await import('./sessions.js')).explainLock(symptom, scene),
  '40P01': async (symptom, scene) => (await import('./sessions.js')).explainDeadlock(symptom, scene),
  '53300': async (symptom, scene) => (await import('./sessions.js')).explainFull(symptom, scene),
  '57P01': async (symptom, scene) => (await import('./sessions.js')).explainEnded(symptom, scene),
  '57014': timeLimit,
  '25P03': timeLimit,
  '57P05': timeLimit,
  '25006': async (symptom, scene) => (await import('./read-only.js')).explainReadOnly(symptom, scene),
  '25P02': async (symptom, scene) => (await import('./sessions.js')).explainAborted(symptom, scene),
};
