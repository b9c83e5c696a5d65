// One sentence for the visitor, above the page's content, until it is closed.
import * as words from 'words';

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
  close.textContent = words.close;
  close.addEventListener('click', () => notice.remove());
  notice.append(sentence, close);
  // Outside of what the app draws.
  document.body.prepend(notice);
}

let told = false;

/** Tells once that nothing can be kept; everything else works as before. */
export async function unkept() {
  if (told) return;
  told = true;
  say(words.lab_unkept);
}
