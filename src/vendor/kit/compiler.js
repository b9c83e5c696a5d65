// The page's end of what compiles texts, each in a worker that is started when it is first needed:
// the AssemblyScript compiler, with its progress shown, and the assembler of WebAssembly text.
import { fetched, ofModule, ofText, started } from './worker.js';
import * as words from 'words';

/** How long one compilation may take, in milliseconds. */
const PATIENCE = 60_000;

/** How the worker of each language is made. */
const makers = {
  assemblyscript: async () =>
    ofText(await fetched('compiler-script', words.compiler_unfetched, words.compiler_loading)),
  wat: () => ofModule('assembler', words.assembler_unfetched),
};

const queues = {};

/** Begins to load the AssemblyScript compiler, so that the first run need not wait. */
export async function warm() {
  try {
    await started('assemblyscript', makers.assemblyscript);
  } catch (error) {
    // Whoever compiles next hears it.
    console.warn(error);
  }
}

/**
 * Compiles a text.
 *
 * @param {string} language `assemblyscript` or `wat`
 * @param {string} name the file's name
 * @param {string} source the text
 * @returns {Promise<ArrayBuffer>} the module; rejected with `LINE:COLUMN: MESSAGE` when the compiler
 *   refuses the text, with another sentence when there is no compiler
 */
export function compile(language, name, source) {
  const next = (queues[language] ?? Promise.resolve()).then(() => one(language, name, source));
  queues[language] = next.catch(() => {});
  return next;
}

async function one(language, name, source) {
  const { ask } = await started(language, makers[language]);
  const result = await ask({ name, source }, PATIENCE);
  if (!result.wasm) throw new Error(`${result.line}:${result.column}: ${result.message}`);
  return result.wasm.buffer;
}
