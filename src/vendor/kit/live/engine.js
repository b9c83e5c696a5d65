// An engine worker of a script's own: `src/bin/engine.rs` says how it is started, `src/protocol.rs`
// what it is told.
import * as words from 'words';

/** How long the worker may be silent, in milliseconds. */
const PATIENCE = 20_000;

/**
 * Starts the engine.
 *
 * @returns {Promise<{ run: (lab: string, edits: Record<string, string>) => Promise<object> }>}
 */
export async function engine() {
  const { engineScript, engineWasm } = document.documentElement.dataset;
  const module = await WebAssembly.compile(await bytes(engineWasm));
  const text = `importScripts(${JSON.stringify(engineScript)});
    onmessage = e => wasm_bindgen.initSync({ module: e.data });`;
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  const worker = new Worker(url);
  const post = (message, buffers = []) =>
    worker.postMessage({ json: JSON.stringify(message), buffers }, buffers);

  let wanted = null;
  const heard = kind => new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(words.live_silent)), PATIENCE);
    wanted = answer => {
      if (answer.refused) reject(new Error(answer.refused.problem.message));
      else if (answer[kind]) resolve(answer[kind]);
      else return;
      clearTimeout(late);
    };
  });
  worker.onmessage = async ({ data }) => {
    const answer = JSON.parse(data.json);
    if (answer.need_sample) {
      const { name } = answer.need_sample;
      try {
        const sample = await bytes(new URL(`filters/${name}.wasm`, document.documentElement.dataset.root));
        post({ sample: { name, error: null } }, [sample]);
      } catch (error) {
        post({ sample: { name, error: error.message } });
      }
      return;
    }
    wanted?.(answer);
  };
  worker.postMessage(module);
  const ready = heard('ready');
  post({ hello: { version: 0 } });
  await ready;
  URL.revokeObjectURL(url);

  let runs = 0;
  let last = Promise.resolve();
  const one = async (lab, edits) => {
    const run = runs += 1;
    const done = heard('done');
    post({ run: { run, lab, edits, request: null, scenario: null } });
    const { report, events: [count] } = await done;
    const rows = heard('rows');
    post({ rows: { run, scenario: 0, from: 0, count, search: '', lane: null, kind: null } });
    return { scenario: report.scenarios[0], events: (await rows).rows };
  };
  // One after the other: an answer names no run where it is refused.
  const run = (lab, edits) => {
    last = last.catch(() => {}).then(() => one(lab, edits));
    return last;
  };
  return { run };
}

async function bytes(address) {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw new Error(words.live_unfetched);
  return response.arrayBuffer();
}
