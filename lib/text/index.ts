export { harmless, inert, plainText, visible, visibleLines } from './control-characters.js';
export { counted, formatCount, listNames } from './count.js';
export { durationPattern, formatDuration, longestDuration, parseDuration } from './duration.js';
export { globOf } from './glob.js';
export { nearest } from './nearest.js';
export { shellWord } from './shell-word.js';
export { displayWidth, padText, truncateText } from './width.js';
