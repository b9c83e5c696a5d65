// Sharing a lab: a link that holds all of it, and a file.
import { button, download, element, size } from './element.js';
import { BROKEN, LONGEST, MARK, pack, unpack } from './fragment.js';
import { labFile } from './lab_file.js';
import { say } from './notice.js';
import { bring, carried, settled } from './own/index.js';
import * as words from 'words';

/** Counts the labs that were opened: each is a page of its own to the app. */
let opened = 0;

/** The path at which a shared lab opens. */
const PATH = 'playground/';

/**
 * Makes a link of a lab and offers it.
 *
 * @param {string} message what a run would send: `{ run: { lab, edits, request } }`
 * @param {string} touched `true` when the request is not the lab file's own
 * @param {string} scenarios their names, one in a line
 */
export async function share(message, touched, scenarios) {
  const { lab, edits, request } = JSON.parse(message).run;
  const own = touched === 'true';
  await settled();
  const modules = carried([lab, ...Object.values(edits)]);
  const fragment = await packed({
    lab, parts: edits, request, touched: own, scenarios: scenarios === '' ? [] : scenarios.split('\n'),
  }, modules);
  const kit = new URL(import.meta.url);
  const link = new URL(PATH, kit).href + fragment;
  const copied = await copy(link);
  const files = modules.map(({ path }) => ({ path, file: fileOf(path) }));
  const file = labFile(lab, edits, own ? request : null, files);
  offer(link, copied, file, modules);
}

/** The fragment with as many modules in it as a link can hold: the largest are only named. */
export async function packed(lab, modules) {
  for (;;) {
    const fragment = await pack({
      ...lab, modules: modules.map(({ name, hash, size, base64 }) => ({ name, hash, size, base64 })),
    });
    const [largest] = modules.filter(({ base64 }) => base64).sort((a, b) => b.size - a.size);
    if (fragment.length <= LONGEST || !largest) return fragment;
    largest.base64 = undefined;
  }
}

/**
 * What the address's fragment holds, as the data of a page; an empty text when it holds no lab.
 *
 * @returns {Promise<string>}
 */
export async function shared() {
  if (!location.hash.startsWith(MARK)) return '';
  try {
    const { lab, parts, request, touched, scenarios, modules } = await unpack(location.hash);
    const id = idOf(location.hash);
    if (modules.length > 0) bring(id, modules);
    return JSON.stringify({
      path: `/playground/shared/${opened += 1}/`, title: words.share_title, description: '',
      body: { playground: {
        // Exercises hold HTML, and none comes out of a link.
        id, text: lab, open: true, parts, request, touched, exercises: [],
        scenarios: scenarios.map(name => ({ name, hidden: false })),
      } },
    });
  } catch (error) {
    say(error.message);
    return '';
  }
}

/**
 * Opens a lab as a shared one: its address holds it, and the way back leads to what was open before.
 *
 * @param {object} lab as a fragment has it, without modules
 * @param {{ name: string, size: number, bytes: ArrayBuffer }[]} modules the visitor's own, that it names
 */
export async function openLab(lab, modules) {
  const fragment = await packed(lab, []);
  if (fragment.length > LONGEST) throw new Error(words.import_no_link);
  bring(idOf(fragment), modules);
  location.hash = fragment;
}

/** What edits and modules of a shared lab are kept under. */
const idOf = fragment => `shared/${digest(fragment)}`;

/** FNV-1a, 32 bits: tells shared labs apart, so that edits of one never come to another. */
function digest(text) {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return state.toString(16);
}

/** Tells the visitor of a lab that the app cannot read. */
export async function broken() {
  say(BROKEN);
}

/** Puts a text on the clipboard; whether it worked. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // In a frame that may not: the older way, which needs a selection.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

/** Shows the link and what can be done with it. */
function offer(link, copied, lab, modules) {
  document.querySelector('dialog.share')?.remove();
  const left = modules.filter(({ base64 }) => !base64);
  const whole = left.length === 0;
  const kilobytes = { size: (link.length / 1000).toFixed(1) };
  const said = element('p', { role: 'status' }, copied
    ? (whole ? words.share_copied : words.share_copied_but)(kilobytes)
    : whole ? words.share_link : words.share_link_but);
  const field = element('input', { readonly: '', value: link, 'aria-label': words.share_label });
  field.addEventListener('focus', () => field.select());
  const again = button('', words.share_again, async () => {
    said.textContent = await copy(link) ? words.share_again_done : words.share_uncopied;
  });
  const file = button('', words.share_file, () => {
    download('lab.yaml', 'application/yaml', lab);
    if (modules.length > 0) said.textContent = words.share_beside({ files: beside(modules) });
  });
  const others = modules.map(({ path, bytes }) =>
    button('', words.share_module({ file: fileOf(path) }), () => download(fileOf(path), 'application/wasm', bytes)));
  const close = button('quiet', words.close, () => dialog.close());
  const notes = left.map(({ name, hash, size: bytes }) => element('p', { class: 'notice' },
    words.share_large({ name, size: size(bytes), hash })));
  const dialog = element('dialog', { class: 'share', 'aria-label': words.share_dialog },
    said, field, ...notes, element('div', { class: 'share-row' }, again, file, ...others, close));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  field.select();
}

const fileOf = path => path.split('/').pop();
const beside = modules => modules.map(({ path }) => fileOf(path))
  .reduce((file, more) => words.share_files_and({ file, more }));
