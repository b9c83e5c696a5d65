// Importing: a bootstrap becomes a lab of its own, a log of Envoy's becomes a timeline.
//
// What was given and is wrong stays where it is, to be mended. The lab that was open before stays as
// it was too: an imported one opens as a shared one does, and the way back leads to the other.
import { button, element, size, told } from './element.js';
import { exporter, ofSite } from './exporter.js';
import { tell } from './notice.js';
import { openLab } from './share.js';
import * as words from 'words';

/** How a bootstrap begins. */
const EXAMPLE = 'static_resources: …';

/** How large a text may be, in bytes: a bootstrap of thousands of routes, a log of some minutes. */
const LARGEST = { yaml: 1_000_000, log: 8_000_000 };

/** How large a module may be, in bytes. */
const LARGEST_MODULE = 32_000_000;

/** How much of a text is shown to be edited, in characters. */
const SHOWN = 400_000;

/** A line of Envoy's Wasm component, as src/lab/wasm_log.rs reads them. */
const OF_WASM = /\[(host->vm|vm->host|host<-vm|vm<-host)\] |\]\[wasm\]|\tenvoy wasm\t/;

/** Asks for what is to be imported; with files it begins at once. */
export function importLab(files = []) {
  document.querySelector('dialog.share')?.remove();
  const given = { texts: [], modules: [] };
  const area = element('textarea', {
    rows: '10', spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', wrap: 'off', 'aria-describedby': 'import-said',
  });
  const chosen = element('p', { class: 'import-files', role: 'status' });
  const said = element('p', { id: 'import-said', class: 'import-said', role: 'alert' });
  const complain = sentence => said.replaceChildren(...told(sentence));
  const start = () => begin(given, area, complain, dialog);
  const take = async files => {
    complain('');
    try {
      for (const file of files) await add(given, file);
    } catch (error) {
      complain(error.message);
      return;
    }
    const main = mainOf(given);
    if (main) area.value = main.text.length > SHOWN ? '' : main.text;
    area.placeholder = main && area.value === '' ? words.import_long({ name: main.name }) : EXAMPLE;
    chosen.textContent = [...given.texts, ...given.modules].map(({ name }) => name).join(', ');
    if (main) await start();
  };
  area.placeholder = EXAMPLE;
  const file = element('input', { type: 'file', class: 'visually-hidden', multiple: '', accept: '.yaml,.yml,.json,.log,.txt,.lua,.wasm' });
  file.addEventListener('change', async () => {
    await take([...file.files]);
    file.value = '';
  });
  const dialog = element('dialog', { class: 'share', 'data-kind': 'import', 'aria-labelledby': 'import-title' },
    element('h2', { id: 'import-title' }, words.import_title),
    element('p', {}, ...told(words.import_lead)),
    element('div', { class: 'own-open' }, element('label', { class: 'button' }, words.import_choose, file), chosen),
    element('label', { class: 'import-text' }, words.import_text, area), said,
    element('div', { class: 'share-row' },
      button('primary', words.import_title, start), button('quiet', words.close, () => dialog.close())));
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('dragover', event => event.preventDefault());
  dialog.addEventListener('drop', event => {
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
  document.body.append(dialog);
  dialog.showModal();
  if (files.length > 0) take(files);
  else area.focus();
}

/** Adds a file in the place of one of its name. */
async function add(given, file) {
  const name = file.name.slice(-100);
  if (file.size > LARGEST_MODULE) throw new Error(words.import_large({ name, has: size(file.size), most: size(LARGEST_MODULE) }));
  const bytes = await file.arrayBuffer().catch(() => { throw new Error(words.import_unread({ name })); });
  const begins = String.fromCharCode(...new Uint8Array(bytes, 0, Math.min(4, bytes.byteLength)));
  if (begins === 'PK\x03\x04') throw new Error(words.import_archive({ name }));
  const isModule = begins === '\0asm';
  const list = isModule ? given.modules : given.texts;
  const others = list.filter(other => other.name !== name);
  if (isModule) {
    given.modules = [...others, { name, bytes, size: bytes.byteLength }];
    return;
  }
  const text = new TextDecoder().decode(bytes);
  limit(name, text);
  given.texts = [...others, { name, text }];
}

const isBeside = ({ name }) => name.startsWith('surroundings');

/** The text that is imported; the others are what it names. */
function mainOf({ texts }) {
  const own = texts.filter(file => !isBeside(file));
  return own.find(({ text }) => /^\s*["']?static_?resources/im.test(text) || OF_WASM.test(text)) ?? own[0];
}

function limit(name, text) {
  const most = OF_WASM.test(text) ? LARGEST.log : LARGEST.yaml;
  if (text.length > most) throw new Error(words.import_large({ name, has: size(text.length), most: size(most) }));
}

async function begin(given, area, complain, dialog) {
  complain('');
  const main = mainOf(given);
  const long = main && area.value === '' && main.text.length > SHOWN;
  const text = long ? main.text : area.value;
  const isLog = OF_WASM.test(text);
  // What is written in the place of a chosen text is that text.
  const name = main?.name ?? (isLog ? 'envoy.log' : 'envoy.yaml');
  if (text.trim() === '') {
    complain(words.import_nothing);
    return;
  }
  try {
    limit(name, text);
    if (isLog) {
      dialog.close();
      window.dispatchEvent(Object.assign(new Event('tour-log'), { name, text }));
      return;
    }
    await bootstrap(name, text, given, dialog);
  } catch (error) {
    complain(error.sentence ?? error.message);
    if (error.place?.file === name && error.place.line > 0) choose(area, error.place);
  }
}

async function bootstrap(name, text, given, dialog) {
  const others = given.texts.filter(file => file !== mainOf(given));
  const samples = await (await ofSite('sources/names.json')).json();
  const { lab, scenarios, request, stand_ins: standIns } = await exporter({ import: {
    files: [{ name, text }, ...others], modules: given.modules.map(({ name }) => name), samples,
  } });
  await openLab({ lab, parts: {}, request, touched: false, scenarios }, given.modules);
  dialog.close();
  const stand = standIns.map(([path, sample]) => words.import_stand_in({ path, sample }));
  tell([words.import_done({ name }), ...stand].join(' '), words.import_back, () => history.back());
}

/** Puts the selection on a line of a text area, so that it is in sight. */
function choose(area, { line, column }) {
  const lines = area.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(start + column - 1, start + (lines[line - 1] ?? '').length);
  area.scrollTop = area.scrollHeight * Math.max(0, line - 4) / lines.length;
}
