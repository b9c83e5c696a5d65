// The search: a dialog with a field and results as one types. The index is fetched when it is first
// opened, and ranked by rank.js.
import * as words from 'words';
import { rank, read } from './rank.js';

let index;

async function entries() {
  const response = await fetch(document.documentElement.dataset.search);
  if (!response.ok) throw new Error(String(response.status));
  return read(await response.json());
}

/** Opens the search. */
export async function search() {
  if (document.querySelector('dialog.find')) return;
  const dialog = document.createElement('dialog');
  dialog.className = 'find';
  dialog.setAttribute('aria-label', words.find_label);
  const field = document.createElement('input');
  const as = { type: 'search', role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'found', 'aria-autocomplete': 'list',
    'aria-label': words.find_label, placeholder: words.find_example, autocomplete: 'off', spellcheck: 'false' };
  for (const [name, value] of Object.entries(as)) field.setAttribute(name, value);
  const count = document.createElement('p');
  count.className = 'count';
  count.setAttribute('role', 'status');
  count.textContent = words.find_empty;
  const list = document.createElement('ul');
  list.id = 'found';
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', words.find_label);
  dialog.append(field, count, list);
  document.body.append(dialog);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
  dialog.showModal();
  field.focus();

  let found = [], chosen = 0;
  const choose = at => {
    chosen = found.length ? (at + found.length) % found.length : 0;
    [...list.children].forEach((row, n) => {
      row.setAttribute('aria-selected', String(n === chosen));
      if (n === chosen) row.scrollIntoView({ block: 'nearest' });
    });
    if (found.length) field.setAttribute('aria-activedescendant', `found-${chosen}`);
    else field.removeAttribute('aria-activedescendant');
  };
  const open = at => {
    const entry = found[at];
    if (!entry) return;
    dialog.close();
    // A click on a link of the page: the app follows it without a new document.
    const link = document.createElement('a');
    link.href = new URL(`.${entry.path}`, document.documentElement.dataset.root);
    link.hidden = true;
    document.body.append(link);
    link.click();
    link.remove();
  };
  const show = async () => {
    let all;
    try {
      all = await (index ??= entries());
    } catch {
      index = undefined;
      count.textContent = words.find_unread;
      return;
    }
    found = rank(all, field.value);
    list.replaceChildren(...found.map((entry, at) => row(entry, at, open)));
    count.textContent = field.value.trim() === '' ? words.find_empty
      : found.length ? words.find_count({ n: found.length }) : words.find_none({ text: field.value.trim() });
    choose(0);
  };
  field.addEventListener('input', show);
  field.addEventListener('keydown', async event => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      choose(chosen + by);
    } else if (event.key === 'Escape') {
      // The field would only be emptied.
      dialog.close();
    } else if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault();
      // Typed faster than the index came.
      if (!found.length) await show();
      open(chosen);
    }
  });
  await show();
}

function row(entry, at, open) {
  const item = document.createElement('li');
  item.id = `found-${at}`;
  item.setAttribute('role', 'option');
  const hit = document.createElement('div');
  hit.className = 'hit';
  const title = document.createElement('strong');
  title.textContent = entry.title;
  const kind = document.createElement('span');
  kind.className = 'kind';
  kind.textContent = entry.kind;
  hit.append(title, kind);
  const said = document.createElement('div');
  said.className = 'said';
  said.textContent = entry.said;
  item.append(hit, said);
  item.addEventListener('click', () => open(at));
  return item;
}
