// What every page does besides its app: theme, progress, copy buttons, the bar beside the lab, keys.
// Loaded after the app has started; whatever is larger waits in `../kit` until it is asked for.
import { get } from '../keep.js';
import { addButtons, copy } from './code.js';
import { begin as beginOffline } from './offline.js';
import { goOn, mark, watch } from './progress.js';
import { addBar } from './split.js';
import * as theme from './theme.js';

let app;
let leave = () => {};

/** A page is there: the first one, or one that the app has moved to. */
function shown() {
  app = document.getElementById('app');
  leave();
  leave = () => {};
  const root = new URL(document.documentElement.dataset.root);
  const here = location.pathname;
  for (const link of document.querySelectorAll('.site-header nav a')) {
    const to = new URL(link.href).pathname;
    if (to === here) link.setAttribute('aria-current', 'page');
    else if (to !== root.pathname && here.startsWith(to)) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
  mark(app);
  goOn(app);
  addButtons(app);
  const lesson = app.querySelector('[data-lesson]');
  addBar(lesson);
  if (lesson) leave = watch(lesson);
  if (app.querySelector('[data-progress-file]')) self.tourKit('progress');
}

const does = { search: () => self.tourKit('search'), keys: () => self.tourKit('keys'), theme: theme.next, print: () => print() };

const writes = element => element.closest?.('input, textarea, select, [contenteditable=true], dialog');

function listen() {
  document.addEventListener('click', event => {
    const button = event.target.closest?.('[data-does], .copy');
    if (!button) return;
    if (button.matches('.copy')) copy(button);
    else does[button.dataset.does]?.();
  });

  document.addEventListener('change', event => {
    if (event.target.matches?.('.demo .toggle input')) self.tourKit('live');
  });

  document.addEventListener('keydown', event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    // A word's explanation goes away, and the word keeps the focus.
    if (event.key === 'Escape') document.documentElement.classList.add('no-tips');
    // An editor's text is in a shadow root, and its host is all that `target` names.
    if (writes(event.composedPath()[0]) || get('tour.keys') === 'off') return;
    const to = { '[': '.lesson-prev', ']': '.lesson-next', m: '.site-header a[href$="learn/"]' }[event.key];
    const key = { '/': 'search', '?': 'keys' }[event.key];
    if (key) {
      event.preventDefault();
      does[key]();
    } else if (to) {
      document.querySelector(to)?.click();
    }
  });
  // The list of a lab's own modules stands shut in a lesson: it is made when somebody opens it, or
  // comes with a file.
  const own = () => {
    if (app.querySelector('.own-modules:empty')) self.tourKit('own');
  };
  document.addEventListener('dragenter', own);
  document.addEventListener('toggle', ({ target }) => {
    if (target.matches('.own-box')) own();
  }, { capture: true });
  for (const over of ['pointerover', 'focusin']) {
    document.addEventListener(over, event => {
      if (event.target.closest?.('.term')) return;
      document.documentElement.classList.remove('no-tips');
    });
  }
}

/** Begins, once the page's nodes are the app's. */
export function begin() {
  theme.begin();
  listen();
  shown();
  new MutationObserver(shown).observe(app, { childList: true });
  beginOffline(document.documentElement.dataset.offline);
}
