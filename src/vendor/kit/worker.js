// Workers that are started when they are first needed, each asked one question at a time.
import * as words from 'words';

/** The workers that are there or on their way, by name. */
const workers = {};

/**
 * A worker that is ready.
 *
 * @param {string} name
 * @param {() => Promise<Worker>} make starts it; it says `{ ready: true }`, and answers each message
 * @returns {Promise<{ ask: (message: object, patience: number, transfer?: ArrayBuffer[]) => Promise<object> }>}
 *   `patience` is how long an answer may take, in milliseconds: a worker that is silent longer ends
 */
export function started(name, make) {
  if (workers[name]) return workers[name];
  const forget = () => { if (workers[name] === starting) delete workers[name]; };
  const starting = make().then(made => new Promise((resolve, reject) => {
    const waiting = [];
    const post = (message, transfer) => new Promise((answer, failed) => {
      waiting.push({ answer, failed });
      made.postMessage(message, transfer);
    });
    const end = () => { made.terminate(); forget(); };
    const ask = (message, patience, transfer = []) =>
      Promise.race([post(message, transfer), silence(patience)]).catch(error => {
        end();
        throw error;
      });
    made.onmessage = ({ data }) => {
      if (data.ready) resolve({ ask });
      else waiting.shift()?.answer(data);
    };
    made.onerror = event => {
      end();
      const error = new Error(words.worker_stopped({ why: event.message }));
      reject(error);
      for (const { failed } of waiting.splice(0)) failed(error);
    };
  }));
  starting.catch(forget);
  workers[name] = starting;
  return starting;
}

function silence(patience) {
  return new Promise((_, reject) => setTimeout(() =>
    reject(new Error(words.worker_silent({ seconds: patience / 1000 }))), patience));
}

/** A worker of a text, which a sandboxed frame can have, whose address is given back once it has begun. */
export function ofText(parts) {
  const url = URL.createObjectURL(new Blob(parts, { type: 'text/javascript' }));
  const made = new Worker(url);
  // Revoked too early, the worker would have nothing to read.
  made.addEventListener('message', () => URL.revokeObjectURL(url), { once: true });
  return made;
}

/**
 * A worker around one of our wasm modules.
 *
 * @param {string} name `assembler` or `exporter`
 * @param {string} unfetched what to say when it cannot be had
 * @param {(of: { size: string }) => string} [loading] what to say meanwhile; nothing without it
 */
export async function ofModule(name, unfetched, loading) {
  const { dataset } = document.documentElement;
  const bytes = await new Blob(await fetched(`${name}-wasm`, unfetched, loading)).arrayBuffer();
  const module = await WebAssembly.compile(bytes);
  const made = ofText([`importScripts(${JSON.stringify(dataset[`${name}Script`])});
    onmessage = e => wasm_bindgen.initSync({ module: e.data });`]);
  made.postMessage(module);
  return made;
}

/**
 * Fetches a file of the site that is named on <html>.
 *
 * @param {string} attribute without `data-`
 * @param {string} unfetched what to say when it cannot be had
 * @param {(of: { size: string }) => string} [loading] what to say meanwhile; nothing without it
 * @returns {Promise<Uint8Array[]>}
 */
export async function fetched(attribute, unfetched, loading) {
  const address = document.documentElement.getAttribute(`data-${attribute}`);
  const shown = loading && progress();
  try {
    const response = await fetch(address).catch(() => null);
    if (!response?.ok) throw new Error(unfetched);
    const parts = [];
    let bytes = 0;
    for (const reader = response.body.getReader();;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      bytes += value.length;
      shown?.say(loading({ size: (bytes / 1e6).toFixed(1) }));
    }
    return parts;
  } finally {
    shown?.end();
  }
}

/** A line in an open dialog, or below the lab's bar, that says how far it is. */
function progress() {
  const line = document.createElement('p');
  line.className = 'loading-note';
  line.setAttribute('role', 'status');
  (document.querySelector('dialog[open]') ?? document.querySelector('.lab-edit'))?.append(line);
  return {
    say: text => { line.textContent = text; },
    end: () => line.remove(),
  };
}
