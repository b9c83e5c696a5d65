// How the list of the visitor's own modules looks, and how it is worked: by mouse, touch and keyboard.
//
// A module has a `name`, its `size` and `path`, a `state` (`examining`, `runs`, `refused` or
// `missing`), the engine's `sections` about it, its `hash`, the hash that a link has `wanted`, and
// `open` where what was found is to be seen at once.
import { button, element, size } from '../element.js';
import { importLab } from '../import.js';
import { drag } from './drag.js';
import * as words from 'words';

/**
 * Draws the list's frame into an element.
 *
 * @param {HTMLElement} root
 * @param {object} acts what can be done
 */
export function view(root, acts) {
  const said = element('p', { class: 'own-said', role: 'status' });
  const list = element('ol', { class: 'own-list', 'aria-label': words.own_list });
  root.replaceChildren(opener(acts), said, list);
  catchFiles(root.closest('.playground, .lesson'), acts);
  const box = root.closest('details');
  const rows = new Map();
  let items = [];
  const move = (item, to, settled) => acts.move(item, to, settled);
  drag(list, (row, to, settled) => {
    const item = items.find(item => rows.get(item).element === row);
    move(item, to, settled);
  });
  const step = (item, by) => {
    const to = items.indexOf(item) + by;
    if (to >= 0 && to < items.length) move(item, to, true);
  };
  return {
    say: text => { said.textContent = text; },
    draw: states => {
      // What is there is seen, and what is gone need not be.
      if (box && states.length > items.length) box.open = true;
      items = states.map(({ item }) => item);
      for (const { item } of states) if (!rows.has(item)) rows.set(item, row(item, acts, step));
      for (const [item, { element }] of rows) {
        if (items.includes(item)) continue;
        // The focus does not fall to the page's top when its row goes.
        if (element.contains(document.activeElement)) root.querySelector('input').focus();
        element.remove();
        rows.delete(item);
      }
      const wanted = items.map(item => rows.get(item).element);
      settle(list, wanted);
      states.forEach(({ item, used }, at) => rows.get(item).update(used, at, states.length));
    },
  };
}

/** Puts rows into this order, and keeps the focus where it is. */
function settle(list, wanted) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  wanted.forEach((row, at) => {
    if (list.children[at] !== row) list.insertBefore(row, list.children[at] ?? null);
  });
  if (focused !== document.activeElement) focused?.focus();
}

/** The button and the field through which modules come. */
function opener({ open, fetchFrom }) {
  const file = element('input', {
    type: 'file', class: 'visually-hidden', accept: '.wasm,application/wasm', multiple: '',
  });
  file.addEventListener('change', async () => {
    const files = [...file.files];
    await open(files);
    // The same file may be opened again when it was built anew.
    file.value = '';
  });
  const address = element('input', { type: 'text', inputmode: 'url', spellcheck: 'false', required: '' });
  const form = element('form', {},
    element('label', {}, words.own_address, address),
    element('button', { class: 'button', type: 'submit' }, words.own_fetch));
  form.addEventListener('submit', async event => {
    event.preventDefault();
    if (await fetchFrom(address.value.trim())) address.value = '';
  });
  return element('div', { class: 'own-open' },
    element('label', { class: 'button' }, words.own_open, file),
    element('span', {}, words.own_drop),
    element('details', {}, element('summary', {}, words.own_or_fetch), form),
    button('', words.import_title, () => importLab()));
}

/** Takes dropped files; without that the browser would leave the page for the file. */
function catchFiles(page, { dropped }) {
  if (!page || page.dataset.drop) return;
  page.dataset.drop = '';
  const files = event => event.dataTransfer?.types.includes('Files');
  page.addEventListener('dragover', event => { if (files(event)) event.preventDefault(); });
  // Before an editor takes the file for text.
  page.addEventListener('drop', event => {
    if (!files(event)) return;
    event.preventDefault();
    event.stopPropagation();
    dropped(event);
  }, { capture: true });
}

function row(item, { use, remove }, step) {
  const { name } = item;
  const about = text => [text, element('span', { class: 'visually-hidden' }, ` ${name}`)];
  const facts = element('span', { class: 'own-facts' });
  const put = button('quiet', '', () => use(item));
  const up = button('quiet', '↑', () => step(item, -1));
  up.setAttribute('aria-label', words.own_up({ name }));
  const down = button('quiet', '↓', () => step(item, 1));
  down.setAttribute('aria-label', words.own_down({ name }));
  const away = button('quiet', '', () => remove(item));
  away.append(...about(words.own_remove));
  const note = element('p', { class: 'notice bad' });
  const findings = element('details', {}, element('summary', {}, ...about(words.own_needs)));
  findings.open = item.open;
  const made = element('li', {},
    element('div', { class: 'own-row' },
      element('span', { class: 'own-grip', 'aria-hidden': 'true', title: words.own_drag }, '⠿'),
      element('strong', {}, name), facts, put, up, down, away),
    note, findings);
  let drawn;
  return {
    element: made,
    update: (used, at, count) => {
      const runs = item.state === 'runs';
      // Where there is no chain to put it in, an exercise has a place for it.
      const place = used ? words.own_in_as(item) : words.own_not_in;
      facts.textContent = [size(item.size), runs && used !== null && place,
        item.state === 'examining' && words.own_examining_now].filter(Boolean).join(', ');
      put.hidden = !runs || used === null;
      put.replaceChildren(...about(used ? words.own_take_out : words.own_put_in));
      // Not disabled: the one that is pressed keeps the focus.
      up.setAttribute('aria-disabled', String(at === 0));
      down.setAttribute('aria-disabled', String(at === count - 1));
      note.textContent = trouble(item);
      note.hidden = note.textContent === '';
      findings.hidden = !item.sections;
      if (item.sections !== drawn) {
        drawn = item.sections;
        findings.append(...drawn.map(table));
      }
    },
  };
}

/** What is to be known of a module before anything else. */
function trouble({ name, size: bytes, state, hash, wanted }) {
  if (state === 'missing') return words.own_missing({ name, wanted, size: size(bytes) });
  if (state === 'refused') return words.own_why({ name });
  if (hash && wanted && hash !== wanted) return words.own_other({ name, wanted });
  return '';
}

function table({ title, rows }) {
  const body = element('tbody', {}, ...rows.map(([name, value]) =>
    element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, value))));
  return element('div', { class: 'scroll', tabindex: '0' },
    element('table', { class: 'plain pairs' }, element('caption', {}, title), body));
}
