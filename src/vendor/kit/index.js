// What the page's app leaves to scripts, each called by its name (`tourKit` in public/boot.js).
export { compile, warm } from './compiler.js';
export { broken, share, shared } from './share.js';
