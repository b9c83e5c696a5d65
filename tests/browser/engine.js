// Talks to the engine worker as the page does: a blob worker with a posted module.

/** Starts the engine in a frame, says hello, and gives what it answers. */
export async function hello(frame) {
  return JSON.parse((await talk(frame, []))[0]);
}

/** Runs a lab and gives the raw JSON of every scenario's rows. */
export async function rowsOfRun(frame, lab, edits) {
  const run = { run: { run: 1, lab, edits, request: null, scenario: null } };
  return talk(frame, [run]);
}

/**
 * Sends hello and then the messages; brings samples that the engine asks for; asks for all rows
 * when a run is done. Gives the JSON of what came: ready, then done, then one text of rows for
 * each scenario.
 */
function talk(frame, messages) {
  return frame.evaluate(async messages => {
    const { engineScript, engineWasm } = document.documentElement.dataset;
    const module = await WebAssembly.compileStreaming(fetch(engineWasm));
    const text = `importScripts(${JSON.stringify(engineScript)});` +
      'onmessage = e => wasm_bindgen.initSync({ module: e.data });';
    const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
    const worker = new Worker(address);
    const got = [];
    const send = (message, buffers = []) =>
      worker.postMessage({ json: JSON.stringify(message), buffers }, buffers);
    const all = new Promise((resolve, reject) => {
      let left = messages.length === 0 ? 1 : Infinity;
      worker.onerror = event => reject(new Error(event.message));
      worker.onmessage = async event => {
        const message = JSON.parse(event.data.json);
        if (message.need_sample) {
          const { name, script } = message.need_sample;
          const bytes = script
            ? await self.tourKit('compile', script.language, script.file, script.source)
            : await (await fetch(new URL(`filters/${name}.wasm`, engineScript))).arrayBuffer();
          send({ sample: { name, error: null } }, [bytes]);
          return;
        }
        got.push(event.data.json);
        if (message.refused) reject(new Error(event.data.json));
        if (message.done) {
          const { run, events } = message.done;
          left = got.length + events.length;
          events.forEach((count, scenario) =>
            send({ rows: { run, scenario, from: 0, count, search: '' } }));
        }
        if (got.length >= left) resolve(got);
      };
    });
    worker.postMessage(module);
    send({ hello: { version: 0 } });
    messages.forEach(message => send(message));
    try {
      return await all;
    } finally {
      worker.terminate();
    }
  }, messages);
}
