// How an editor looks. Every colour is a token of public/styles/tokens.css: custom properties reach
// into a shadow root, so editors follow the theme by themselves.
import { HighlightStyle } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

export const theme = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'var(--surface)', fontSize: 'var(--s14)' },
  '&.cm-focused': { outline: 'none' },
  // Above the line numbers, which would cover an outline.
  '&.cm-focused::after': {
    content: '""', position: 'absolute', inset: '0', border: '2px solid var(--accent)', pointerEvents: 'none', zIndex: '300',
  },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '22px' },
  '.cm-content': { padding: '12px 0', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0 12px 0 8px' },
  '.cm-cursor, .cm-dropCursor': { borderLeft: '2px solid var(--accent)' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--text-soft)', border: '0', fontSize: '0.75rem' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '32px', padding: '0 6px 0 0', lineHeight: '22px' },
  '.cm-gutter-lint': { width: '16px' },
  '.cm-gutter-lint .cm-gutterElement': { padding: '4px 2px 0' },
  '.cm-lint-marker': { width: '12px', height: '12px' },
  '.cm-lint-marker-error': {
    content: '""', boxSizing: 'border-box', borderRadius: '50%', border: '4px solid var(--bad)',
  },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--accent) 7%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 26%, transparent)',
  },
  '.cm-selectionMatch, .cm-searchMatch': { backgroundColor: 'var(--changed-soft)' },
  '.cm-searchMatch-selected': { outline: '1px solid var(--changed)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-soft)', outline: '1px solid var(--line-strong)' },
  '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'var(--bad-soft)' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad) 1px',
    textUnderlineOffset: '3px',
    textDecorationSkipInk: 'none',
  },
  '.cm-changedLine, .cm-insertedLine': { backgroundColor: 'var(--good-soft)' },
  '.cm-changedText, .cm-insertedText': { background: 'none', textDecoration: 'underline var(--good) 2px' },
  '.cm-deletedChunk, .cm-deletedLine': { backgroundColor: 'var(--bad-soft)' },
  '.cm-deletedChunk': { padding: '0 12px 0 8px' },
  '.cm-deletedText': { background: 'none', textDecoration: 'line-through var(--bad) 1px' },
  '.cm-changeGutter': { width: '3px', paddingLeft: '1px' },
  '.cm-changedLineGutter': { backgroundColor: 'var(--good)' },
  '.cm-deletedLineGutter': { backgroundColor: 'var(--bad)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--surface)', color: 'var(--text)', border: '1px solid var(--line-strong)',
    borderRadius: 'var(--radius)', maxWidth: 'min(32rem, 90vw)', fontFamily: 'var(--font)', fontSize: 'var(--s13)',
  },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--bad)', padding: '6px 10px' },
  '.cm-panels': { backgroundColor: 'var(--sunken)', color: 'var(--text)' },
  '.cm-panels.cm-panels-bottom': { borderTop: '1px solid var(--line)' },
  '.cm-panel': { fontFamily: 'var(--font)', fontSize: 'var(--s13)' },
  '.cm-textfield': {
    backgroundColor: 'var(--surface)', color: 'var(--text)', border: '1px solid var(--line-strong)',
    borderRadius: 'var(--radius)', padding: '4px 8px',
  },
  '.cm-button': {
    backgroundImage: 'none', backgroundColor: 'var(--surface)', color: 'var(--text)',
    border: '1px solid var(--line-strong)', borderRadius: 'var(--radius)',
  },
  '.cm-panel.cm-search [name=close], .cm-panel.cm-panel-lint [name=close]': { color: 'inherit' },
});

export const colours = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--text-soft)', fontStyle: 'italic' },
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'var(--wasm)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--upstream)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--client)' },
  { tag: [tags.definition(tags.propertyName), tags.propertyName, tags.attributeName], color: 'var(--accent)' },
  { tag: [tags.typeName, tags.className, tags.standard(tags.name), tags.tagName], color: 'var(--lua)' },
  { tag: tags.function(tags.variableName), color: 'var(--accent)' },
  { tag: tags.invalid, color: 'var(--bad)' },
]);

let made;

/** The sheet that every shadow root adopts: what is around the editor. */
export function sheet() {
  if (!made) {
    made = new CSSStyleSheet();
    made.replaceSync(':host { display: block; min-inline-size: 0; } .cm-editor { block-size: 100%; }');
  }
  return made;
}
