// Rows of a list that are dragged by their grip to another place, by mouse, pen or finger.

/**
 * @param {HTMLElement} list
 * @param {(row: HTMLElement, to: number, settled: boolean) => void} move called on the way, and once
 *   more when the row is let go; it puts the rows into their new order
 */
export function drag(list, move) {
  list.addEventListener('pointerdown', event => {
    const row = event.target.closest('.own-grip')?.closest('li');
    if (!row || event.button !== 0) return;
    event.preventDefault();
    const began = place(row);
    row.classList.add('dragged');
    const watch = new AbortController();
    const on = (name, act) => document.addEventListener(name, act, { signal: watch.signal });
    const end = to => {
      watch.abort();
      row.classList.remove('dragged');
      if (to !== began) move(row, to, true);
    };
    on('pointermove', ({ clientY }) => {
      const others = [...list.children].filter(other => other !== row);
      const to = others.filter(other => {
        const { top, height } = other.getBoundingClientRect();
        return clientY > top + Math.min(height, 60) / 2;
      }).length;
      if (to !== place(row)) move(row, to, false);
    });
    on('pointerup', () => end(place(row)));
    on('pointercancel', () => { move(row, began, false); end(began); });
    on('keydown', ({ key }) => {
      if (key === 'Escape') { move(row, began, false); end(began); }
    });
  });
}

const place = row => [...row.parentElement.children].indexOf(row);
