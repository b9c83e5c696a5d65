// The page's end of the exporter: a worker that makes archives of labs and labs of bootstraps.
import { compile } from './compiler.js';
import { ofModule, started } from './worker.js';
import * as words from 'words';

/** How long it may think, in milliseconds. */
const PATIENCE = 30_000;

/** A refusal: `place` has `file`, `line` and `column`; a line of 0 is the file as a whole. */
export class Refused extends Error {
  constructor({ place, message, help }) {
    super(message);
    Object.assign(this, { place, help });
  }

  /** All of it in one sentence or two. */
  get sentence() {
    const { file, line, column } = this.place;
    return [`${line ? `${file}:${line}:${column}` : file}: ${this.message}.`, this.help].filter(Boolean).join(' ');
  }
}

/**
 * Asks the exporter, and brings it what it needs.
 *
 * @param {object} message as src/export/exporter.rs has it
 * @param {ArrayBuffer[]} buffers
 * @returns {Promise<object>} its answer, with an `archive` where it has one; rejected with `Refused`
 *   or with a sentence
 */
export async function exporter(message, buffers = []) {
  const { ask } = await started('exporter',
    () => ofModule('exporter', words.exporter_unfetched, words.exporter_loading));
  for (;;) {
    const { json, archive } = await ask({ json: JSON.stringify(message), buffers }, PATIENCE);
    const answer = JSON.parse(json);
    if (answer.refused) throw new Refused(answer.refused.problem);
    if (!answer.need) return { ...Object.values(answer)[0], archive };
    const { name, script } = answer.need;
    const got = await bring(name, script).then(bytes => ({ bytes }), error => ({ error: error.message }));
    message = { given: { name, error: got.error ?? null } };
    buffers = got.bytes ? [got.bytes] : [];
  }
}

async function bring(name, script) {
  if (script) return compile(script.language, script.file, script.source);
  const file = name.startsWith('source:') ? `sources/${name.slice('source:'.length)}.json` : `filters/${name}.wasm`;
  return (await ofSite(file)).arrayBuffer();
}

/** A file of this site; rejected with a sentence where it cannot be had. */
export async function ofSite(file) {
  const response = await fetch(new URL(file, document.documentElement.dataset.root)).catch(() => null);
  if (!response?.ok) throw new Error(words.file_unfetched({ file }));
  return response;
}
