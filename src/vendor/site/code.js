// A button on each piece of code that copies it.
import * as words from 'words';

/** Adds the buttons to a page. */
export function addButtons(page) {
  for (const pre of page.querySelectorAll('.prose pre')) {
    if (pre.parentElement.matches('.code, .code-block, .licence')) continue;
    const box = document.createElement('div');
    box.className = 'code-block';
    pre.replaceWith(box);
    box.append(pre);
  }
  for (const box of page.querySelectorAll('.prose :is(.code-block, figure.code)')) {
    if (box.querySelector('.copy')) continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = words.copy;
    box.append(button);
  }
}

/** Copies what a button belongs to. */
export async function copy(button) {
  const code = button.parentElement.querySelector('pre');
  try {
    await navigator.clipboard.writeText(code.innerText);
    button.textContent = words.copied;
  } catch {
    // The clipboard is closed to us: the visitor copies what is selected.
    getSelection().selectAllChildren(code);
    button.textContent = words.uncopied;
  }
  setTimeout(() => { button.textContent = words.copy; }, 2_000);
}
