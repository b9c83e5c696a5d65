// Modules of the visitor's own: the list of a lab, in the order of its chain.
//
// A module comes from a file, an address of this site, a link, or from where the browser keeps it.
// It goes to the engine by an event of the window (`tour-module`), and is examined there; only what
// the engine could examine is kept, under its sha256, and can stand in the chain.
import { fromBase64, toBase64 } from '../base64.js';
import { size } from '../element.js';
import { importLab } from '../import.js';
import { unkept } from '../notice.js';
import { arrange, names, order, put, takeOut } from './chain.js';
import { chain, edit, isHidden, lookAgain, onHidden, texts } from './editors.js';
import { bytesOf, keep, kept } from './store.js';
import { view } from './view.js';
import * as words from 'words';

/** How large a module may be, in bytes: what is larger would not fit into the engine's memory twice. */
const LARGEST = 32_000_000;

/** How large a module in a link may be, in bytes: most filters are smaller. */
const SMALL = 160_000;

/** The lab whose list this is, by its id. */
let lab = null;
/** The modules in their order; `view.js` says what each has. */
let items = [];
let shown = null;
let settling = Promise.resolve();

/** Modules that came in the links of this visit, by the lab's id. */
const linked = new Map();

/** Shows the list of the lab on the page, unless it is shown, and gives the engine what it holds. */
export function own() {
  const root = document.querySelector('.own-modules');
  if (root?.firstChild && root.dataset.lab === lab) return;
  lab = root?.dataset.lab;
  items = [];
  if (!root) return;
  shown = view(root, { open, fetchFrom, use, move, remove, dropped });
  onHidden(() => {
    draw();
    if (items.length > 0) save();
  });
  settling = restore(lab);
}

/** How long a run waits for modules that are on their way, in ms: a storage may never answer. */
const PATIENCE = 3_000;

/** Waits until what was kept, chosen or dropped has been given to the engine. */
export async function settled() {
  own();
  const late = new Promise(resolve => { setTimeout(resolve, PATIENCE, true); });
  // More may be chosen meanwhile.
  for (let awaited; awaited !== settling;) {
    awaited = settling;
    if (await Promise.race([awaited, late])) return;
  }
}

/** Remembers what a link brings for a lab that is about to be shown. */
export function bring(id, modules) {
  linked.set(id, modules);
}

async function restore(id) {
  const before = await kept(id).catch(() => []);
  const from = linked.get(id) ?? [];
  const found = [];
  for (const { name, hash, size, base64, bytes: given } of from) {
    const bytes = given ?? (base64 === undefined
      ? await bytesOf(hash).catch(() => undefined)
      : fromBase64(base64));
    found.push({ name, wanted: hash, size, bytes });
  }
  for (const module of before) {
    if (!found.some(({ name }) => path(name) === path(module.name))) found.push(module);
  }
  if (id !== lab) return;
  for (const module of found) {
    if (module.bytes) add({ ...module, size: module.bytes.byteLength, restored: true });
    else add({ ...module, state: 'missing' });
    // An editor has it in its text.
    if (module.used && isHidden()) putIn(path(module.name));
  }
  follow();
  draw();
}

/** Where a module stands in the lab: as the engine says it. */
const path = name => `/etc/envoy/${name.replace(/[^A-Za-z0-9._]/gu, '-')}`;

/** Adds a module, in the place of one of the same path, and has it examined. */
function add({ name, size, bytes, hash, wanted, state = 'examining', restored = false }) {
  const item = { name, size, bytes, hash, wanted, state, restored, path: path(name), open: !restored };
  const at = items.findIndex(other => other.path === item.path);
  if (at < 0) {
    items.push(item);
  } else {
    const [before] = items.splice(at, 1, item);
    item.wanted ??= before.wanted;
    if (before.name !== name) give(before.name);
  }
  if (bytes) give(name, bytes);
}

function give(module, bytes) {
  window.dispatchEvent(Object.assign(new Event('tour-module'), { module, bytes }));
}

/** Opens files that the visitor chose or dropped; a run that is asked for now comes after them. */
function open(files) {
  settling = Promise.all([settling, read(files, lab)]).then(() => {});
  return settling;
}

async function read(files, to) {
  for (const file of files) {
    const name = file.name.slice(-100);
    if (file.size > LARGEST) {
      say(words.own_large({ name, size: size(file.size), most: size(LARGEST) }));
      continue;
    }
    const bytes = await file.arrayBuffer().catch(() => null);
    // The visitor has gone to another lab, whose list this is now.
    if (to !== lab) return;
    if (bytes) {
      add({ name, size: file.size, bytes });
      say(words.own_examining({ name }));
    } else {
      say(words.own_unread({ name }));
    }
  }
  draw();
}

/** Modules go to the list; anything else is to be imported, with the modules beside it. */
function dropped(event) {
  const files = [...event.dataTransfer.files];
  if (files.every(({ name }) => name.endsWith('.wasm'))) open(files);
  else importLab(files);
}

/** Fetches a module from an address of this site, which is all that its policy allows. */
async function fetchFrom(text) {
  const site = new URL(import.meta.url).origin;
  const address = URL.canParse(text, document.baseURI) ? new URL(text, document.baseURI) : null;
  if (address?.origin !== site) {
    say(words.own_elsewhere({ site }));
    return false;
  }
  say(words.own_fetching({ path: address.pathname }));
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) {
    const why = response ? words.own_status(response) : words.no_answer;
    say(words.own_unfetched({ path: address.pathname, why }));
    return false;
  }
  const bytes = await response.arrayBuffer();
  await open([new File([bytes], address.pathname.split('/').pop() || 'module.wasm')]);
  return true;
}

/** Hears what the engine found in a module. */
export async function found(json) {
  const { title, path, sections } = JSON.parse(json).module.found;
  const item = items.find(item => item.name === title && item.state === 'examining');
  if (!item) return;
  item.sections = sections;
  item.hash = sections.flatMap(({ rows }) => rows).find(([name]) => name === 'sha256')?.[1];
  item.state = path ? 'runs' : 'refused';
  if (stands(item)) return;
  if (!item.restored) {
    say((path ? words.own_runs : words.own_refused)({ title }));
  }
  lookAgain();
  draw();
  await save();
}

/** Puts a dropped module in the place of the missing one that it is. */
function stands(item) {
  const missing = items.find(other => other.state === 'missing' && other.wanted === item.hash);
  if (!missing) return false;
  items = items.filter(other => other !== item);
  give(item.name);
  add({ ...missing, bytes: item.bytes, state: 'examining' });
  draw();
  return true;
}

/** The engine ended, and with it what it was examining. */
export function lost() {
  const gone = items.filter(item => item.state === 'examining');
  if (gone.length === 0) return;
  items = items.filter(item => item.state !== 'examining');
  say(words.own_lost(gone[0]));
  draw();
}

/** Puts a module into the chain, or takes it out. */
function use(item) {
  const inChain = isUsed(item);
  const editor = inChain ? edit(text => takeOut(text, item.path)) : putIn(item.path);
  if (editor === null) say(words.own_no_chain(item));
  else if (editor === '') say((inChain ? words.own_out_here : words.own_in_here)(item));
  else say((inChain ? words.own_out : words.own_in)({ name: item.name, editor }));
  draw();
  save();
}

/** Puts the module of a path into the chain, where the list has it. */
const putIn = path => edit(text => arrange(put(text, path), items.map(({ path }) => path)));

/** Moves a module to another place of the list, and its filter with it. */
function move(item, to, settled = true) {
  items.splice(items.indexOf(item), 1);
  items.splice(to, 0, item);
  draw();
  if (!settled) return;
  edit(text => arrange(text, items.map(({ path }) => path)));
  const place = { name: item.name, place: to + 1, all: items.length };
  say((isUsed(item) ? words.own_moved_in : words.own_moved)(place));
  save();
}

function remove(item) {
  edit(text => takeOut(text, item.path));
  items = items.filter(other => other !== item);
  give(item.name);
  say(words.own_removed(item));
  draw();
  save();
}

/** Whether a text has a module in it: at its path, or as a file that lies beside the lab. */
const has = (text, { path, name }) => names(text, path) || text.includes(`path: ${name}`) || text.includes(`path: ${JSON.stringify(name)}`);
const isUsed = item => texts().some(text => has(text, item));

/** Takes up the order of the chain, which the visitor may have changed in the text. */
function follow() {
  const text = chain();
  if (!text) return;
  const ordered = order(text, items.map(({ path }) => path))
    .map(path => items.find(item => item.path === path));
  items = items.map(item => (ordered.includes(item) ? null : item));
  items = items.map(item => item ?? ordered.shift());
}

let waiting;
document.addEventListener('input', ({ target }) => {
  if (items.length === 0 || !target.closest?.('code-editor, [data-chain]')) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => { follow(); draw(); }, 200);
});

async function save() {
  // Those that were kept before are known by their hash while they are examined again.
  const modules = items.filter(({ state, bytes, hash }) => bytes && hash && state !== 'refused');
  await keep(lab, modules.map(item =>
    ({ name: item.name, hash: item.hash, bytes: item.bytes, used: isUsed(item) }))).catch(unkept);
}

const draw = () => {
  const change = chain() !== undefined;
  shown?.draw(items.map(item => ({ item, used: change ? isUsed(item) : null })));
};
const say = text => shown?.say(text);

/**
 * The modules that a lab names, for a link or a file.
 *
 * @param {string[]} parts the lab's texts
 */
export function carried(parts) {
  return items
    .filter(item => item.state === 'runs' && parts.some(text => text.includes(item.path) || has(text, item)))
    .map(({ name, hash, bytes, path }) => ({
      name, hash, bytes, path, size: bytes.byteLength,
      base64: bytes.byteLength <= SMALL ? toBase64(new Uint8Array(bytes)) : undefined,
    }));
}
