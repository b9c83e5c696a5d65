// The bar between a lesson's text and its lab: dragged or moved with the arrow keys, and kept.
// boot.js sets the kept width before the first paint.
import { set } from '../keep.js';
import * as words from 'words';

const KEY = 'tour.split';
const LEAST = 25, MOST = 70, STEP = 2;

/** Puts the bar into a lesson that has a lab. */
export function addBar(lesson) {
  if (!lesson?.matches('.with-lab') || lesson.querySelector('.split')) return;
  const root = document.documentElement;
  const bar = document.createElement('div');
  bar.className = 'split';
  bar.tabIndex = 0;
  const as = (name, value) => bar.setAttribute(name, value);
  as('role', 'separator');
  as('aria-orientation', 'vertical');
  as('aria-label', words.split);
  as('aria-valuemin', LEAST);
  as('aria-valuemax', MOST);
  const now = () => parseFloat(root.style.getPropertyValue('--split')) || 45;
  const move = percent => {
    const width = Math.min(MOST, Math.max(LEAST, Math.round(percent * 10) / 10));
    root.style.setProperty('--split', `${width}%`);
    as('aria-valuenow', Math.round(width));
    set(KEY, String(width));
  };
  as('aria-valuenow', Math.round(now()));
  bar.addEventListener('keydown', event => {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (!by) return;
    event.preventDefault();
    move(now() + by);
  });
  bar.addEventListener('pointerdown', event => {
    event.preventDefault();
    bar.setPointerCapture(event.pointerId);
    const drag = ({ clientX }) => {
      const { left, width } = lesson.getBoundingClientRect();
      move((clientX - left) / width * 100);
    };
    bar.addEventListener('pointermove', drag);
    bar.addEventListener('lostpointercapture', () => bar.removeEventListener('pointermove', drag), { once: true });
  });
  lesson.append(bar);
}
