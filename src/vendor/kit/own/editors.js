// The lab's editors, as text areas: which of them holds the chain, and how a change gets there.
import { hasChain } from './chain.js';

/** The text areas of the lab's YAML. */
function areas() {
  return [...document.querySelectorAll('.lab code-editor textarea, .lab [data-chain]')]
    .filter(area => /\.ya?ml$/.test(area.getAttribute('aria-label') ?? ''));
}

/** The chain that no editor shows, where the lab has one: the app sets it, and tells nobody. */
export function onHidden(change) {
  const area = document.querySelector('.lab [data-chain]');
  if (!area) return;
  const { get, set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
  Object.defineProperty(area, 'value', {
    configurable: true,
    get,
    set(text) {
      const same = get.call(this) === text;
      set.call(this, text);
      if (!same) change();
    },
  });
}

/** Whether the chain stands in no editor, so that nothing but the list keeps what is in it. */
export const isHidden = () => areas().find(area => hasChain(area.value))?.hidden === true;

/** The texts of the lab's YAML. */
export const texts = () => areas().map(area => area.value);

/** The text with the chain; nothing where no editor has one. */
export const chain = () => texts().find(hasChain);

/**
 * Changes the chain as a learner would, in the editor: one step to undo.
 *
 * @param {(text: string) => string} change
 * @returns {string | null} the name of the editor, empty where it is hidden; nothing where none
 *   has a chain
 */
export function edit(change) {
  const area = areas().find(area => hasChain(area.value));
  if (!area) return null;
  const text = change(area.value);
  if (text !== area.value) {
    area.value = text;
    tell(area);
  }
  return area.hidden ? '' : area.getAttribute('aria-label');
}

/** Has the lab looked at anew: what was missing may be there by now. */
export function lookAgain() {
  areas().filter(area => area.dataset.problem).forEach(tell);
}

const tell = area => area.dispatchEvent(new Event('input', { bubbles: true }));
