export { chooseReporter, type ReporterChoice } from './choose.js';
export { createReporter } from './create.js';
export { reporterNames, type ReporterName, type ReporterOptions } from './options.js';
