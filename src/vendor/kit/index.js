// What the page's app leaves to scripts, each called by its name (`tourKit` in public/boot.js).
export { answers } from './answers.js';
export { compile, warm } from './compiler.js';
export { exportLab } from './export.js';
export { keys } from './keys.js';
export { live } from './live.js';
export { unkept } from './notice.js';
export { found, lost, own, settled } from './own/index.js';
export { progress } from './progress.js';
export { search } from './search.js';
export { broken, share, shared } from './share.js';
