// The page about a visitor's progress: as a file, from a file, on paper, and forgotten.
import { kept } from '../keep.js';
import { forget, load, mark, save } from '../site/progress.js';
import * as words from 'words';

/** Gives the page's buttons their work. */
export async function progress() {
  const tools = document.querySelector('[data-progress-file]');
  if (!tools || tools.dataset.ready) return;
  tools.dataset.ready = 'yes';
  const said = tools.querySelector('[role=status]');
  const tell = text => { said.textContent = text; };
  tell(kept() ? words.file_saved({ date: new Date().toISOString().slice(0, 10) }) : words.unkept);
  const on = (name, work) => tools.querySelector(`[data-progress-does=${name}]`).addEventListener('click', work);
  on('save', () => {
    const link = document.createElement('a');
    const text = JSON.stringify({ version: 1, lessons: load() }, null, 2);
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    link.download = words.file_name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
  on('print', () => print());
  on('forget', () => {
    if (!confirm(words.file_forget)) return;
    forget();
    for (const day of document.querySelectorAll('[data-day]')) day.textContent = '';
    mark(document);
    tell(words.file_forgotten);
  });
  tools.querySelector('input[type=file]').addEventListener('change', async event => {
    const [file] = event.target.files;
    event.target.value = '';
    try {
      const { version, lessons } = JSON.parse(await file.text());
      if (version !== 1) throw new Error('another version');
      tell(words.file_taken({ n: take(lessons) }));
      mark(document);
      if (!kept()) tell(words.unkept);
    } catch {
      tell(words.file_other);
    }
  });
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** Adds progress to what is there: of two days the earlier one holds. */
function take(lessons) {
  const mine = load();
  let count = 0;
  for (const [id, marks] of Object.entries(lessons)) {
    if (!/^[a-z0-9-]+$/.test(id)) continue;
    for (const what of ['read', 'passed']) {
      const day = marks?.[what];
      if (typeof day !== 'string' || !DAY.test(day)) continue;
      const have = mine[id]?.[what];
      mine[id] = { ...mine[id], [what]: have && have < day ? have : day };
    }
    if (mine[id]) count += 1;
  }
  save(mine);
  return count;
}
