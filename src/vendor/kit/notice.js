// One sentence for the visitor, above the page's content, until it is closed.

/** @param {string} text */
export function say(text) {
  document.querySelector('.page-notice')?.remove();
  const notice = document.createElement('div');
  notice.className = 'notice bad page-notice';
  notice.setAttribute('role', 'alert');
  const sentence = document.createElement('p');
  sentence.textContent = text;
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'button quiet';
  close.textContent = 'Close';
  close.addEventListener('click', () => notice.remove());
  notice.append(sentence, close);
  // Outside of what the app draws.
  document.body.prepend(notice);
}
