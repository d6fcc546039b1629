export { BootstrapError } from './bootstrap-error.js';
export { codes, isErrorCode, type ErrorCode } from './codes.js';
export { exitCodeOf } from './exit-code.js';
export { editDistance, nearest } from './nearest.js';
export { packageRoot } from './package-root.js';
export type { Facts, Note, Place, Problem } from './problem.js';
export { redact } from './redact.js';
export { renderProblem, renderProblems, type RenderOptions } from './render.js';
export { unreachable } from './unreachable.js';
