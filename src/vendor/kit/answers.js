// The forms of exercises: what a learner fills in stands as JSON in the hidden text area
// `textarea[data-answers]`, which the app reads and sets.

const AREA = 'textarea[data-answers]';
const FORM = 'form.answer';
const native = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');

/** Wires the forms of the page that is shown; called again after each change of page. */
export async function answers() {
  const area = document.querySelector(AREA);
  if (!area || Object.hasOwn(area, 'value')) return;
  listen(area.parentElement);
  Object.defineProperty(area, 'value', {
    configurable: true,
    get() { return native.get.call(this); },
    set(text) {
      const same = native.get.call(this) === text;
      native.set.call(this, text);
      // The app sets what it heard from here, and what a reset or a solution puts in its place.
      if (!same) fill(area);
    },
  });
  fill(area);
  area.parentElement.dataset.ready = '';
}

/** @param {HTMLElement} root what holds the text area and the forms */
function listen(root) {
  const heard = event => {
    const form = event.target.closest(FORM);
    if (form) keep(form);
  };
  root.addEventListener('input', heard);
  // Before the app hears it, and runs the lab.
  root.addEventListener('submit', heard, true);
  root.addEventListener('click', event => {
    const button = event.target.closest('[data-move], [data-pick]');
    const form = button?.closest(FORM);
    if (!form) return;
    if ('pick' in button.dataset) {
      form.elements.event.value = form.closest('.tasks').querySelector(AREA).dataset.picked ?? '';
      form.elements.event.focus();
    } else {
      move(button.closest('li'), Number(button.dataset.move));
      button.focus();
    }
    keep(form);
  });
  let dragged = null;
  root.addEventListener('dragstart', event => {
    dragged = event.target.closest?.('.order > li') ?? null;
  });
  root.addEventListener('dragover', event => {
    const over = event.target.closest('.order > li');
    if (!dragged || over?.parentElement !== dragged.parentElement) return;
    event.preventDefault();
    const { top, height } = over.getBoundingClientRect();
    const wanted = event.clientY < top + height / 2 ? 'before' : 'after';
    if (over !== dragged) over[wanted](dragged);
  });
  root.addEventListener('drop', event => {
    if (!dragged) return;
    event.preventDefault();
    keep(dragged.closest(FORM));
  });
  root.addEventListener('dragend', () => { dragged = null; });
}

/** Moves an item of a list up or down by one place. */
function move(item, step) {
  const other = step < 0 ? item.previousElementSibling : item.nextElementSibling;
  other?.[step < 0 ? 'before' : 'after'](item);
}

/** Writes what one form says into the text area. */
function keep(form) {
  const area = form.closest('.tasks').querySelector(AREA);
  const all = read(area);
  all[form.dataset.answer] = answer(form);
  native.set.call(area, JSON.stringify(all));
  area.dispatchEvent(new Event('input', { bubbles: true }));
}

function answer(form) {
  switch (form.dataset.kind) {
    case 'order': return items(form).map(item => item.dataset.id);
    case 'find': return /^\d+$/.test(form.elements.event.value) ? Number(form.elements.event.value) : null;
    default: return Object.fromEntries([...new FormData(form)].filter(([, value]) => value.trim() !== ''));
  }
}

function items(form) {
  return [...form.querySelectorAll('.order > li')];
}

/** Shows in the forms what stands in the text area. */
function fill(area) {
  const all = read(area);
  for (const form of area.parentElement.querySelectorAll(FORM)) {
    const given = all[form.dataset.answer];
    if (form.dataset.kind === 'order') {
      // As it was written, when there is no answer yet.
      form.first ??= items(form).map(item => item.dataset.id);
      const order = Array.isArray(given) ? given : form.first;
      const byId = Object.fromEntries(items(form).map(item => [item.dataset.id, item]));
      form.querySelector('.order').append(...order.flatMap(id => byId[id] ?? []));
    } else {
      form.reset();
      const fields = typeof given === 'number' ? { event: given } : given ?? {};
      for (const [name, value] of Object.entries(fields)) {
        const field = form.elements.namedItem(name);
        if (field) field.value = String(value);
      }
    }
  }
}

/** The answers by exercise; none when the text is not ours. */
function read(area) {
  try {
    const all = JSON.parse(native.get.call(area));
    return typeof all === 'object' && all !== null && !Array.isArray(all) ? all : {};
  } catch {
    return {};
  }
}
