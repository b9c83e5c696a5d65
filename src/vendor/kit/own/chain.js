// The filter chain as text, which is what the visitor sees and goes on editing: the entries of the
// first `http_filters:` list, written line by line or in brackets. All else in the text stays as it is.
import { flow, flowEntry } from './flow.js';

/** Ends a path in YAML. */
const END = String.raw`(?=["'\s,}#]|$)`;

const escaped = text => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Whether a text names a file. */
export const names = (text, path) =>
  new RegExp(String.raw`filename["']?: *["']?${escaped(path)}${END}`).test(text);

/**
 * The entries of the chain, each with its `text`; nothing where there is no list. `together` makes the
 * whole text of such entries again, and `made` an entry of its own kind.
 */
function apart(text) {
  const inBrackets = flow(text);
  const inLines = block(text);
  if (!inBrackets || !inLines) return inBrackets ?? inLines;
  return inBrackets.at < inLines.at ? inBrackets : inLines;
}

/** The list that is written line by line. */
function block(text) {
  const lines = text.split('\n');
  const head = lines.findIndex(line => /^[ -]*http_filters: *(#.*)?$/.test(line));
  if (head < 0) return null;
  const least = lines[head].search(/[^ -]/);
  let dash = -1;
  const entries = [];
  let at = head + 1;
  let first = lines.length;
  for (; at < lines.length; at += 1) {
    const deep = lines[at].search(/\S/);
    const silent = deep < 0 || lines[at][deep] === '#';
    const begins = /^ *- /.test(lines[at]);
    if (!silent && dash < 0) {
      if (!begins || deep < least) break;
      [dash, first] = [deep, at];
    }
    if (!silent && (deep < dash || (deep === dash && !begins))) break;
    if (begins && deep === dash) entries.push([]);
    entries.at(-1)?.push(lines[at]);
  }
  if (entries.length === 0) return null;
  const around = [lines.slice(0, first), lines.slice(at)];
  return {
    at: lines.slice(0, head).join('\n').length,
    entries: entries.map(lines => ({ text: lines.join('\n') })),
    together: entries => [...around[0], ...entries.map(({ text }) => text), ...around[1]].join('\n'),
    made: (name, path) => ({ text: blockEntry(name, path, ' '.repeat(dash)) }),
  };
}

const blockEntry = (name, path, spaces) => `- name: envoy.filters.http.wasm
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
    config:
      name: "${name}"
      vm_config:
        runtime: envoy.wasm.runtime.v8
        code: {local: {filename: ${path}}}`.split('\n').map(line => spaces + line).join('\n');

/** Whether a text has a chain that can be edited here. */
export const hasChain = text => apart(text) !== null;

/** Puts a filter that runs the file of a path into the chain, before the router. */
export function put(text, path) {
  const { entries, together, made } = apart(text);
  const name = path.split('/').pop().replace(/\.wasm$/, '');
  const routed = entries.at(-1)?.text.includes('envoy.filters.http.router');
  const at = routed ? entries.length - 1 : entries.length;
  return together(entries.toSpliced(at, 0, made(name, path)));
}

/** Takes every filter that runs the file of a path out of the chain. */
export function takeOut(text, path) {
  const parts = apart(text);
  if (!parts) return text;
  return parts.together(parts.entries.filter(({ text }) => !names(text, path)));
}

/** Which of these files the chain runs, by its order. */
export function order(text, paths) {
  const entries = apart(text)?.entries ?? [];
  const named = entries.flatMap(({ text }) => paths.filter(path => names(text, path)));
  return [...new Set(named)];
}

/** Puts the filters of these files in this order; every other filter stays where it is. */
export function arrange(text, paths) {
  const parts = apart(text);
  if (!parts) return text;
  const rank = ({ text }) => paths.findIndex(path => names(text, path));
  const own = parts.entries.filter(entry => rank(entry) >= 0).sort((a, b) => rank(a) - rank(b));
  return parts.together(parts.entries.map(entry =>
    (rank(entry) >= 0 ? { ...entry, text: own.shift().text } : entry)));
}
