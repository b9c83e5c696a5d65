// The keyboard map, and the switch for keys without Ctrl.
import { get, set } from '../keep.js';
import { words } from '../words.js';

/** Opens the map. */
export async function keys() {
  if (document.querySelector('dialog.keys')) return;
  const dialog = document.createElement('dialog');
  dialog.className = 'keys';
  const title = document.createElement('h2');
  title.id = 'keys-title';
  title.textContent = words.keys.title;
  dialog.setAttribute('aria-labelledby', title.id);
  const list = document.createElement('dl');
  for (const [key, does] of words.keys.rows) {
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
  label.append(box, words.keys.single);
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
