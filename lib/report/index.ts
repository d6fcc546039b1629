export { chooseReporter, type ReporterChoice } from './choose.js';
export { createReporter } from './create.js';
export { joinSchemas } from './join-schemas.js';
export { reporterNames, type ReporterName, type ReporterOptions } from './options.js';
