// The keyboard map, and the switch for keys without Ctrl.
import { get, set } from '../keep.js';
import * as words from 'words';

const KEYS = [
  ['/', words.keys_search],
  ['?', words.keys_list],
  ['[', words.keys_before],
  [']', words.keys_after],
  ['m', words.keys_map],
  [words.keys_run_cap, words.keys_run],
  [words.keys_leave_cap, words.keys_leave],
  ['← →', words.keys_arrows],
];

/** Opens the map. */
export async function keys() {
  if (document.querySelector('dialog.keys')) return;
  const dialog = document.createElement('dialog');
  dialog.className = 'keys';
  const title = document.createElement('h2');
  title.id = 'keys-title';
  title.textContent = words.keys_title;
  dialog.setAttribute('aria-labelledby', title.id);
  const list = document.createElement('dl');
  for (const [key, does] of KEYS) {
    const name = document.createElement('dt');
    const cap = document.createElement('kbd');
    cap.textContent = key;
    name.append(cap);
    const sentence = document.createElement('dd');
    sentence.textContent = does;
    list.append(name, sentence);
  }
  const label = document.createElement('label');
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.checked = get('tour.keys') !== 'off';
  box.addEventListener('change', () => set('tour.keys', box.checked ? null : 'off'));
  label.append(box, words.keys_single);
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'button';
  close.textContent = words.close;
  close.addEventListener('click', () => dialog.close());
  dialog.append(title, list, label, close);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}
