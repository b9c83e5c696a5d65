// Elements of the page's scripts. What a visitor or a link says is only ever text in them.

/** @returns {HTMLElement} an element with these attributes, and children or texts in it */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A button that does something. */
export function button(look, text, act) {
  const made = element('button', { class: `button ${look}`.trim(), type: 'button' }, text);
  made.addEventListener('click', act);
  return made;
}

/** A text for people as what an element holds: what stands between backticks is code. */
export function told(text) {
  return text.split('`').map((part, at) => (at % 2 ? element('code', {}, part) : part));
}

/** `26 KB` */
export function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Hands a file to the visitor. */
export function download(name, type, content) {
  const link = element('a', { download: name });
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
