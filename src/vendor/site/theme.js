// The theme: light, dark or the system's. boot.js sets the kept one before the first paint.
import { get, set } from '../keep.js';
import * as words from 'words';

const KEY = 'tour.theme';
const names = ['system', 'light', 'dark'];
const LABELS = { system: words.theme_system, light: words.theme_light, dark: words.theme_dark };

const kept = () => {
  const name = get(KEY);
  return names.includes(name) ? name : 'system';
};

function show(name) {
  document.documentElement.dataset.theme = name;
  const button = document.querySelector('[data-does=theme]');
  if (!button) return;
  button.title = LABELS[name];
  button.setAttribute('aria-label', LABELS[name]);
}

/** Shows the kept theme on the button. */
export const begin = () => show(kept());

/** Goes on to the next theme. */
export function next() {
  const name = names[(names.indexOf(kept()) + 1) % names.length];
  set(KEY, name);
  show(name);
}
