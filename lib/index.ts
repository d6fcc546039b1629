// The package's public face: what a config in TypeScript and a plugin import.
export { defineConfig, defineTask } from '../config/index.js';
export type {
  BootstrapConfig,
  ExecOptions,
  ExecResult,
  Finding,
  Json,
  Plan,
  Repair,
  TaskClient,
  TaskConfig,
  TaskContext,
  TaskDatabase,
  TaskHost,
  TaskKind,
  TaskLedger,
  TaskLogger,
  TaskResult,
  TenantEnd,
  TenantSpec,
} from '../config/index.js';
export { BootstrapError, type Problem } from './errors/index.js';
export { z } from 'zod';
