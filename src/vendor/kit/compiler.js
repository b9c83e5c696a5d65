// The page's end of the AssemblyScript compiler: fetches it, with its progress shown, and talks to
// its worker.

/** How long one compilation may take, in milliseconds. */
const PATIENCE = 60_000;

let worker = null;
let queue = Promise.resolve();

/** Begins to load the compiler, so that the first run need not wait. */
export async function warm() {
  try {
    await (worker ??= start());
  } catch (error) {
    // Whoever compiles next hears it.
    console.warn(error);
  }
}

/**
 * Compiles a filter.
 *
 * @param {string} name the file's name
 * @param {string} source its text
 * @returns {Promise<ArrayBuffer>} the module; rejected with `LINE:COLUMN: MESSAGE` when the compiler
 *   refuses the text, with another sentence when there is no compiler
 */
export function compile(name, source) {
  const next = queue.then(() => one(name, source));
  queue = next.catch(() => {});
  return next;
}

async function one(name, source) {
  const { post, end } = await (worker ??= start());
  const result = await Promise.race([post({ name, source }), silence()]).catch(error => {
    end();
    throw error;
  });
  if (!result.wasm) throw new Error(`${result.line}:${result.column}: ${result.message}`);
  return result.wasm.buffer;
}

function silence() {
  return new Promise((_, reject) => setTimeout(() =>
    reject(new Error(`the compiler gave no answer for ${PATIENCE / 1000} seconds`)), PATIENCE));
}

/** A worker that is ready, and how to ask it. */
function start() {
  const starting = load().then(made => new Promise((resolve, reject) => {
    const waiting = [];
    const post = message => new Promise((answer, fail) => {
      waiting.push({ answer, fail });
      made.postMessage(message);
    });
    const end = () => { made.terminate(); if (worker === starting) worker = null; };
    made.onmessage = ({ data }) => {
      if (data.ready) resolve({ post, end });
      else waiting.shift()?.answer(data);
    };
    made.onerror = event => {
      end();
      reject(new Error(`the compiler did not start: ${event.message}`));
      for (const { fail } of waiting) fail(new Error(`the compiler stopped: ${event.message}; run again`));
    };
  }));
  starting.catch(() => { if (worker === starting) worker = null; });
  return starting;
}

async function load() {
  const address = document.documentElement.dataset.compilerScript;
  const shown = progress();
  try {
    const response = await fetch(address).catch(() => null);
    if (!response?.ok) throw new Error('the compiler could not be fetched; check the connection');
    const parts = [];
    let bytes = 0;
    for (const reader = response.body.getReader();;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      bytes += value.length;
      shown.say(`Loading the AssemblyScript compiler, once: ${(bytes / 1e6).toFixed(1)} MB`);
    }
    const blob = new Blob(parts, { type: 'text/javascript' });
    const url = URL.createObjectURL(blob);
    const made = new Worker(url);
    // Revoked too early, the worker would have nothing to read.
    made.addEventListener('message', () => URL.revokeObjectURL(url), { once: true });
    return made;
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
