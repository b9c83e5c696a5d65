// The editors: CodeMirror over the text area in a <code-editor>.
//
// The text area stays in the document, hidden, and stays what the app knows: it reads and sets
// `value`, hears `input`, and says by `data-problem` what is wrong and where. Each editor lives in a
// shadow root, whose adopted style sheets the site's policy allows.
import {
  defaultKeymap, history, historyKeymap, indentLess, insertTab, isolateHistory,
} from '@codemirror/commands';
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { unifiedMergeView } from '@codemirror/merge';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Annotation, Compartment, EditorState, Prec } from '@codemirror/state';
import {
  EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars,
  keymap, lineNumbers,
} from '@codemirror/view';
import { plain } from './codec.js';
import { language } from './language.js';
import { requestCodec } from './request.js';
import { colours, sheet, theme } from './theme.js';
import * as words from 'words';

/** Marks a change that came from the app, which need not be told of it. */
const fromApp = Annotation.define();

/** Where an editor shows what the app changed. */
const difference = new Compartment();

/**
 * Puts an editor over the text area of an element.
 *
 * @param {HTMLElement} element the <code-editor>, with one text area in it
 * @returns {() => void} takes the editor away again
 */
export function edit(element) {
  const area = element.querySelector('textarea');
  const codec = area.dataset.codec === 'request' ? requestCodec : plain;
  const host = document.createElement('div');
  host.className = 'code-editor-host';
  const shadow = host.attachShadow({ mode: 'open' });
  shadow.adoptedStyleSheets = [sheet()];
  const help = hidden('help', words.editor_help);
  const trouble = hidden('trouble', '');
  shadow.append(help, trouble);

  // Whether Tab indents: only after something was typed since the focus came or Escape was pressed.
  let typed = false;
  // What the codec refuses: it is shown here, and the app keeps the last text that meant something.
  let refused = null;

  const view = new EditorView({
    parent: shadow,
    root: shadow,
    state: EditorState.create({
      doc: codec.show(area.value),
      extensions: [
        lineNumbers(), lintGutter(), highlightActiveLineGutter(), highlightActiveLine(),
        highlightSpecialChars(), highlightSelectionMatches(), history(), drawSelection(),
        EditorState.allowMultipleSelections.of(true), indentOnInput(), bracketMatching(),
        indentUnit.of('  '), EditorState.tabSize.of(2),
        syntaxHighlighting(colours), theme, difference.of([]),
        language(area.dataset.codec ?? area.getAttribute('aria-label') ?? ''),
        Prec.high(keymap.of([
          { key: 'Escape', run: () => { typed = false; return false; } },
          { key: 'Tab', run: view => typed && indent(view) },
          { key: 'Shift-Tab', run: view => typed && indentLess(view) },
        ])),
        // Ctrl-Enter runs the lab.
        keymap.of([
          ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter'),
          ...historyKeymap, ...searchKeymap, ...lintKeymap,
        ]),
        EditorView.contentAttributes.of(() => ({
          'aria-label': area.getAttribute('aria-label') ?? '',
          'aria-describedby': 'trouble help',
          'aria-invalid': trouble.textContent === '' ? 'false' : 'true',
          autocapitalize: 'off',
        })),
        EditorView.domEventHandlers({ focus: () => { typed = false; }, beforeinput: replaceSelection }),
        EditorView.updateListener.of(update => {
          if (!update.docChanged || update.transactions.some(change => change.annotation(fromApp))) return;
          typed = true;
          if (compared) later(() => compare(null));
          const read = codec.read(update.state.doc.toString());
          refused = read.problem ?? null;
          if (read.text !== undefined) tell(read.text);
          if (refused || codec !== plain) later(mark);
        }),
      ],
    }),
  });

  // A reset, a solution or a module that was put in: shown as a diff until the learner goes on.
  let compared = false;
  const compare = original => {
    compared = original !== null;
    view.dispatch({ effects: difference.reconfigure(compared
      ? unifiedMergeView({ original, mergeControls: false, allowInlineDiffs: true })
      : []) });
  };

  const value = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
  const tell = text => {
    value.set.call(area, text);
    area.dispatchEvent(new Event('input', { bubbles: true }));
  };
  // The app sets the value when it resets the lab or brings back edits: one step to undo.
  Object.defineProperty(area, 'value', {
    configurable: true,
    get() { return value.get.call(this); },
    set(text) {
      const same = value.get.call(this) === text;
      value.set.call(this, text);
      if (same) return;
      const old = view.state.doc.toString();
      const changes = replacement(old, codec.show(value.get.call(this)));
      if (!changes) return;
      refused = null;
      const annotations = [fromApp.of(true), isolateHistory.of('full')];
      view.dispatch({ changes, annotations, userEvent: 'input.replace' });
      if (codec === plain) compare(old);
    },
  });

  /** Shows what is wrong at its place. */
  const mark = () => {
    const problem = refused ?? reported(area);
    const at = problem && place(view.state.doc, problem);
    trouble.textContent = problem ? words.editor_problem(problem) : '';
    view.dispatch(setDiagnostics(view.state, problem
      ? [{ ...at, severity: 'error', message: problem.message }]
      : []));
  };
  const watcher = new MutationObserver(mark);
  watcher.observe(area, { attributeFilter: ['data-problem'] });

  const focused = document.activeElement === area;
  const { selectionStart, selectionEnd } = area;
  element.append(host);
  element.dataset.rich = '';
  mark();
  if (focused && codec === plain) {
    view.dispatch({ selection: { anchor: selectionStart, head: selectionEnd } });
    view.focus();
  }
  return () => {
    watcher.disconnect();
    delete area.value;
    delete element.dataset.rich;
    view.destroy();
    host.remove();
  };
}

/** After the update that is under way, in which nothing may be dispatched. */
const later = work => queueMicrotask(work);

function hidden(id, text) {
  const element = document.createElement('p');
  element.id = id;
  element.hidden = true;
  element.textContent = text;
  return element;
}

/**
 * Text in place of a selection is put there by the editor: the browser would join lines by elements
 * with a style of their own, which the site's policy refuses.
 */
function replaceSelection(event, view) {
  const { data, inputType, isComposing } = event;
  const selected = view.state.selection.ranges.some(range => !range.empty);
  if (inputType !== 'insertText' || isComposing || data === null || !(selected || data.includes('\n'))) return false;
  event.preventDefault();
  view.dispatch(view.state.update(view.state.replaceSelection(data), { scrollIntoView: true, userEvent: 'input.type' }));
  return true;
}

/** One step of indentation at a cursor, or of every line of a selection. */
function indent(view) {
  const { state } = view;
  if (state.selection.ranges.some(range => !range.empty)) return insertTab(view);
  view.dispatch(state.update(state.replaceSelection('  '), { scrollIntoView: true, userEvent: 'input' }));
  return true;
}

/** What the app says is wrong: `LINE:COLUMN:MESSAGE`. */
function reported(area) {
  const found = /^(\d+):(\d+):([^]*)$/.exec(area.dataset.problem ?? '');
  return found && { line: Number(found[1]), column: Number(found[2]), message: found[3] };
}

/** The word at a problem's place, or the rest of its line: something that can be underlined. */
function place(doc, { line, column }) {
  const { from, to, text } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  const start = Math.min(from + Math.max(column, 1) - 1, to);
  const word = /^[^\s:,(){}[\]]+/.exec(text.slice(start - from));
  const end = word ? start + word[0].length : to;
  return end > start ? { from: start, to: end } : { from, to };
}

/** The smallest replacement that makes one text of another. */
function replacement(old, text) {
  if (old === text) return null;
  const least = Math.min(old.length, text.length);
  let head = 0;
  while (head < least && old[head] === text[head]) head += 1;
  let tail = 0;
  while (tail < least - head && old.at(-1 - tail) === text.at(-1 - tail)) tail += 1;
  return { from: head, to: old.length - tail, insert: text.slice(head, text.length - tail) };
}
