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

/**
 * One sentence that is no complaint, with something to do.
 *
 * @param {string} text
 * @param {string} action
 * @param {() => void} act
 */
export function tell(text, action, act) {
  say(text);
  const notice = document.querySelector('.page-notice');
  notice.classList.remove('bad');
  notice.setAttribute('role', 'status');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button';
  button.textContent = action;
  button.addEventListener('click', () => {
    notice.remove();
    act();
  });
  notice.lastChild.before(button);
}

let told = false;

/** Tells once that nothing can be kept; everything else works as before. */
export async function unkept() {
  if (told) return;
  told = true;
  say(words.lab_unkept);
}
