// Sharing a lab: a link that holds all of it, and a file.
import { BROKEN, MARK, pack, unpack } from './fragment.js';
import { labFile } from './lab_file.js';
import { say } from './notice.js';

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
  const fragment = await pack({
    lab, parts: edits, request, touched: own,
    scenarios: scenarios === '' ? [] : scenarios.split('\n'), modules: [],
  });
  const kit = new URL(import.meta.url);
  const link = new URL(PATH, kit).href + fragment;
  const copied = await copy(link);
  offer(link, copied, () => download(labFile(lab, edits, own ? request : null)));
}

/**
 * What the address's fragment holds, as the data of a page; an empty text when it holds no lab.
 *
 * @returns {Promise<string>}
 */
export async function shared() {
  if (!location.hash.startsWith(MARK)) return '';
  try {
    const { lab, parts, request, touched, scenarios } = await unpack(location.hash);
    return JSON.stringify({
      path: `/playground/shared/${opened += 1}/`, title: 'A shared lab', description: '',
      body: { playground: {
        // Exercises hold HTML, and none comes out of a link.
        id: `shared/${digest(location.hash)}`, text: lab, open: true, parts, request, touched, exercises: [],
        scenarios: scenarios.map(name => ({ name, hidden: false })),
      } },
    });
  } catch (error) {
    say(error.message);
    return '';
  }
}

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

function download(text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
  link.download = 'lab.yaml';
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Shows the link and what can be done with it. */
function offer(link, copied, onDownload) {
  document.querySelector('dialog.share')?.remove();
  const dialog = document.createElement('dialog');
  dialog.className = 'share';
  dialog.setAttribute('aria-label', 'Share this lab');
  const said = element('p', { role: 'status' }, copied
    ? `The link is copied. It holds the whole lab: ${(link.length / 1000).toFixed(1)} KB, and nothing is kept anywhere else.`
    : 'Copy this link. It holds the whole lab, and nothing is kept anywhere else.');
  const field = element('input', { readonly: '', value: link, 'aria-label': 'Link to this lab' });
  field.addEventListener('focus', () => field.select());
  const again = element('button', { class: 'button', type: 'button' }, 'Copy link');
  again.addEventListener('click', async () => {
    said.textContent = await copy(link) ? 'The link is copied.' : 'The browser does not let this page copy: select the link and copy it.';
  });
  const file = element('button', { class: 'button', type: 'button' }, 'Download lab file');
  file.addEventListener('click', onDownload);
  const close = element('button', { class: 'button quiet', type: 'button' }, 'Close');
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  const row = element('div', { class: 'share-row' });
  row.append(again, file, close);
  dialog.append(said, field, row);
  document.body.append(dialog);
  dialog.showModal();
}

function element(name, attributes, text = '') {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}
