// The lab's editors, as text areas: which of them holds the chain, and how a change gets there.
import { hasChain } from './chain.js';

/** The text areas of the lab's YAML. */
function areas() {
  return [...document.querySelectorAll('.lab code-editor textarea')]
    .filter(area => /\.ya?ml$/.test(area.getAttribute('aria-label') ?? ''));
}

/** The texts of the lab's YAML. */
export const texts = () => areas().map(area => area.value);

/** The text with the chain; nothing where no editor has one. */
export const chain = () => texts().find(hasChain);

/**
 * Changes the chain as a learner would, in the editor: one step to undo.
 *
 * @param {(text: string) => string} change
 * @returns {string | null} the name of the editor; nothing where none has a chain
 */
export function edit(change) {
  const area = areas().find(area => hasChain(area.value));
  if (!area) return null;
  const text = change(area.value);
  if (text !== area.value) {
    area.value = text;
    tell(area);
  }
  return area.getAttribute('aria-label');
}

/** Has the lab looked at anew: what was missing may be there by now. */
export function lookAgain() {
  areas().filter(area => area.dataset.problem).forEach(tell);
}

const tell = area => area.dispatchEvent(new Event('input', { bubbles: true }));
