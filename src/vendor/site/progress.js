// What this visitor has done, by the lessons' stable ids: `{ version, lessons: { ID: { read, passed } } }`
// with the days on which it happened. A lesson of tasks is done when all of them pass; one without
// is done when its end was seen.
import { get, set } from '../keep.js';
import * as words from 'words';

const KEY = 'tour.progress';
const PLACE = 'tour.place';

/** The progress as it is kept; what cannot be read counts as none. */
export function load() {
  try {
    const { version, lessons } = JSON.parse(get(KEY));
    return version === 1 && lessons && typeof lessons === 'object' ? lessons : {};
  } catch {
    return {};
  }
}

/** Keeps progress. */
export const save = lessons => set(KEY, JSON.stringify({ version: 1, lessons }));

/** Forgets it. */
export const forget = () => { set(KEY, null); set(PLACE, null); };

const today = () => new Date().toISOString().slice(0, 10);

function note(id, what) {
  const lessons = load();
  if (lessons[id]?.[what]) return;
  lessons[id] = { ...lessons[id], [what]: today() };
  save(lessons);
}

/** Watches a lesson: how far it is read, and whether its tasks pass. */
export function watch(lesson) {
  const id = lesson.dataset.lesson;
  const heading = lesson.querySelector('h1');
  const tasks = () => [...lesson.querySelectorAll('.task')];
  const place = hash => set(PLACE, JSON.stringify({
    path: location.pathname, hash, title: heading?.textContent ?? '',
  }));
  place('');
  const seen = new IntersectionObserver(entries => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      if (target.matches('.lesson-nav')) {
        note(id, 'read');
        if (!tasks().length) note(id, 'passed');
      } else if (target.id) {
        place(`#${target.id}`);
      }
    }
  });
  for (const part of lesson.querySelectorAll('.prose h2[id], .lesson-nav')) seen.observe(part);
  const passed = new MutationObserver(() => {
    const all = tasks();
    if (all.length && all.every(task => task.classList.contains('done'))) note(id, 'passed');
  });
  passed.observe(lesson, { subtree: true, attributeFilter: ['class'] });
  return () => { seen.disconnect(); passed.disconnect(); };
}

/** Marks what is done in every list of lessons on the page. */
export function mark(page) {
  const rows = [...page.querySelectorAll('[data-mark]')];
  if (rows.length === 0) return;
  const lessons = load();
  let done = 0, left = 0, next;
  for (const row of rows) {
    const { read, passed } = lessons[row.dataset.mark] ?? {};
    row.classList.toggle('passed', Boolean(passed));
    row.querySelector('.mark-word')?.remove();
    if (passed || read) {
      const word = document.createElement('span');
      word.className = 'mark-word';
      word.textContent = passed ? words.task_done : words.lesson_read;
      const day = row.querySelector('[data-day]');
      if (day) day.textContent = passed ?? read;
      (row.querySelector('[data-word]') ?? row).append(word);
    }
    if (passed) done += 1;
    else {
      left += parseInt(row.dataset.minutes, 10) || 0;
      next ??= row.querySelector('a');
    }
  }
  const box = page.querySelector('[data-progress]');
  if (!box) return;
  const bar = document.createElement('progress');
  bar.max = rows.length;
  bar.value = done;
  bar.setAttribute('aria-label', words.lessons_done({ done, all: rows.length }));
  const line = document.createElement('p');
  line.textContent = done === rows.length ? words.all_done
    : `${words.lessons_done({ done, all: rows.length })}, ${words.minutes_left({ minutes: left })}. ${words.next_step} `;
  if (next) {
    const link = document.createElement('a');
    link.href = next.href;
    link.textContent = (next.querySelector('.map-title') ?? next).textContent;
    line.append(link);
  }
  box.replaceChildren(bar, line);
}

/** Lets the first page lead on to where the visitor was. */
export function goOn(page) {
  const button = page.querySelector('[data-go-on]');
  if (!button) return;
  try {
    const { path, hash, title } = JSON.parse(get(PLACE));
    if (typeof path !== 'string' || !path.startsWith('/') || !title) return;
    button.href = path + hash;
    button.textContent = words.go_on({ title });
  } catch {
    // Nothing was read yet.
  }
}
