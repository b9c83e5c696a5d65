// The page's end of what compiles texts, each in a worker that is started when it is first needed:
// the AssemblyScript compiler, with its progress shown, and the assembler of WebAssembly text.
import * as words from 'words';

/** How long one compilation may take, in milliseconds. */
const PATIENCE = 60_000;

/** How the worker of each language is made. */
const makers = { assemblyscript: compiler, wat: assembler };

/** The workers that are there or on their way, and what waits for them, by language. */
const workers = {};
const queues = {};

/** Begins to load the AssemblyScript compiler, so that the first run need not wait. */
export async function warm() {
  try {
    await started('assemblyscript');
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
  const { post, end } = await started(language);
  const result = await Promise.race([post({ name, source }), silence()]).catch(error => {
    end();
    throw error;
  });
  if (!result.wasm) throw new Error(`${result.line}:${result.column}: ${result.message}`);
  return result.wasm.buffer;
}

function silence() {
  return new Promise((_, reject) => setTimeout(() =>
    reject(new Error(words.compiler_silent({ seconds: PATIENCE / 1000 }))), PATIENCE));
}

/** A worker that is ready, and how to ask it. */
function started(language) {
  if (workers[language]) return workers[language];
  const forget = () => { if (workers[language] === starting) delete workers[language]; };
  const starting = makers[language]().then(made => new Promise((resolve, reject) => {
    const waiting = [];
    const post = message => new Promise((answer, failed) => {
      waiting.push({ answer, failed });
      made.postMessage(message);
    });
    const end = () => { made.terminate(); forget(); };
    made.onmessage = ({ data }) => {
      if (data.ready) resolve({ post, end });
      else waiting.shift()?.answer(data);
    };
    made.onerror = event => {
      end();
      const error = new Error(words.compiler_stopped({ why: event.message }));
      reject(error);
      for (const { failed } of waiting.splice(0)) failed(error);
    };
  }));
  starting.catch(forget);
  workers[language] = starting;
  return starting;
}

/** A worker of a text, which a sandboxed frame can have, whose address is given back once it has begun. */
function worker(parts) {
  const url = URL.createObjectURL(new Blob(parts, { type: 'text/javascript' }));
  const made = new Worker(url);
  // Revoked too early, the worker would have nothing to read.
  made.addEventListener('message', () => URL.revokeObjectURL(url), { once: true });
  return made;
}

async function assembler() {
  const { assemblerScript, assemblerWasm } = document.documentElement.dataset;
  const response = await fetch(assemblerWasm).catch(() => null);
  if (!response?.ok) throw new Error(words.assembler_unfetched);
  const module = await WebAssembly.compile(await response.arrayBuffer());
  const made = worker([`importScripts(${JSON.stringify(assemblerScript)});
    onmessage = e => wasm_bindgen.initSync({ module: e.data });`]);
  made.postMessage(module);
  return made;
}

async function compiler() {
  const address = document.documentElement.dataset.compilerScript;
  const shown = progress();
  try {
    const response = await fetch(address).catch(() => null);
    if (!response?.ok) throw new Error(words.compiler_unfetched);
    const parts = [];
    let bytes = 0;
    for (const reader = response.body.getReader();;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      bytes += value.length;
      shown.say(words.compiler_loading({ size: (bytes / 1e6).toFixed(1) }));
    }
    return worker(parts);
  } finally {
    shown.end();
  }
}

/** A line below the lab's bar that says how far it is. */
function progress() {
  const line = document.createElement('p');
  line.className = 'loading-note';
  line.setAttribute('role', 'status');
  document.querySelector('.lab-edit')?.append(line);
  return {
    say: text => { line.textContent = text; },
    end: () => line.remove(),
  };
}
