// The filter chain as text, which is what the visitor sees and goes on editing: the entries of the
// first `http_filters:` list that is written line by line.

/** Ends a path in YAML. */
const END = String.raw`(?=["'\s,}#]|$)`;

const escaped = text => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Whether a text names a file. */
export const names = (text, path) =>
  new RegExp(String.raw`filename: *["']?${escaped(path)}${END}`).test(text);

/** The lines before the entries, each entry's lines, and those behind; nothing where there is no list. */
function apart(text) {
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
  return { before: lines.slice(0, first), entries, after: lines.slice(at), spaces: ' '.repeat(dash) };
}

const together = ({ before, entries, after }) => [...before, ...entries.flat(), ...after].join('\n');

/** Whether a text has a chain that can be edited here. */
export const hasChain = text => apart(text) !== null;

/** Puts a filter that runs the file of a path into the chain, before the router. */
export function put(text, path) {
  const parts = apart(text);
  const name = path.split('/').pop().replace(/\.wasm$/, '');
  const entry = `- name: envoy.filters.http.wasm
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
    config:
      name: "${name}"
      vm_config:
        runtime: envoy.wasm.runtime.v8
        code: {local: {filename: ${path}}}`.split('\n').map(line => parts.spaces + line);
  const last = parts.entries.at(-1).join('\n');
  const place = last.includes('envoy.filters.http.router') ? parts.entries.length - 1 : parts.entries.length;
  parts.entries.splice(place, 0, entry);
  return together(parts);
}

/** Takes every filter that runs the file of a path out of the chain. */
export function takeOut(text, path) {
  const parts = apart(text);
  if (!parts) return text;
  parts.entries = parts.entries.filter(entry => !names(entry.join('\n'), path));
  return together(parts);
}

/** Which of these files the chain runs, by its order. */
export function order(text, paths) {
  const entries = apart(text)?.entries ?? [];
  const named = entries.flatMap(entry => paths.filter(path => names(entry.join('\n'), path)));
  return [...new Set(named)];
}

/** Puts the filters of these files in this order; every other filter stays where it is. */
export function arrange(text, paths) {
  const parts = apart(text);
  if (!parts) return text;
  const rank = entry => paths.findIndex(path => names(entry.join('\n'), path));
  const own = parts.entries.filter(entry => rank(entry) >= 0).sort((a, b) => rank(a) - rank(b));
  parts.entries = parts.entries.map(entry => (rank(entry) >= 0 ? own.shift() : entry));
  return together(parts);
}
