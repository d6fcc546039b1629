import type * as z from 'zod/mini';
import type { commonTaskFields, configShape } from './schema.js';

/** A task in a config: the common fields, and the options of its kind. */
export type TaskConfig = {
  readonly [Key in keyof typeof commonTaskFields]?: z.input<(typeof commonTaskFields)[Key]>;
} & {
  readonly [option: string]: unknown;
};

type TopLevel = Omit<z.input<typeof configShape>, 'tasks' | 'profiles'>;

/** A config as one writes it in TypeScript or JavaScript. */
export interface BootstrapConfig extends TopLevel {
  readonly tasks?: Readonly<Record<string, TaskConfig | null>>;
  /** Named sets of overrides. */
  readonly profiles?: Readonly<Record<string, Omit<BootstrapConfig, 'profiles' | 'preset' | 'extends'>>>;
}

/** Types a config in `bootstrap.config.ts`; returns it as it is. */
export function defineConfig(config: BootstrapConfig): BootstrapConfig {
  return config;
}
