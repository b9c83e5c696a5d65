// A list of HTTP filters that is written in brackets, as YAML's flow style and as JSON: where its
// entries begin and end. What stands between them (spaces, comments) keeps its place.

/** What begins such a list; not in a comment. */
const HEAD = /^[^#\n]*?(?<![\w.])(["']?)http_filters\1\s*:\s*\[/m;

/** Where a value in quotes ends that begins here, behind its last quote; nothing where it does not. */
function unquoted(text, from) {
  const whole = text[from] === '"' ? /"(?:[^"\\]|\\[^])*"/y : /'(?:[^']|'')*'/y;
  whole.lastIndex = from;
  return whole.test(text) ? whole.lastIndex : -1;
}

/**
 * The list's entries with what stands before and behind each, and what `chain.js` wants of a list;
 * nothing where there is no such list, or no end of it.
 */
export function flow(text) {
  const head = HEAD.exec(text);
  if (!head) return null;
  const first = head.index + head[0].length;
  const entries = [];
  // Where the part between two commas begins, and what it holds but for spaces and comments.
  let [part, begin, end] = [first, -1, -1];
  const cut = at => {
    const entry = { lead: text.slice(part, begin), text: text.slice(begin, end), tail: text.slice(end, at) };
    if (begin >= 0) entries.push(entry);
    [part, begin, end] = [at + 1, -1, -1];
  };
  let depth = 0;
  for (let at = first; at < text.length; at += 1) {
    const char = text[at];
    const starts = /[\s[{,:]/.test(text[at - 1]);
    if (char === '#' && /\s/.test(text[at - 1])) {
      const line = text.indexOf('\n', at);
      if (line < 0) return null;
      at = line;
      continue;
    }
    if (/\s/.test(char)) continue;
    if (depth === 0 && char === ']') {
      const closing = part;
      const empty = begin < 0;
      cut(at);
      // What stands before the bracket stays there, whichever entry is the last.
      let rest = empty ? text.slice(closing, at) : '';
      if (!empty) [rest, entries.at(-1).tail] = [entries.at(-1).tail, ''];
      return whole(text, head, entries, rest, at);
    }
    if (depth === 0 && char === ',') {
      cut(at);
      continue;
    }
    if (begin < 0) begin = at;
    if (starts && (char === '"' || char === "'")) {
      at = unquoted(text, at) - 1;
      if (at < 0) return null;
    }
    if ('[{'.includes(char)) depth += 1;
    if (']}'.includes(char)) depth -= 1;
    if (depth < 0) return null;
    end = at + 1;
  }
  return null;
}

function whole(text, head, entries, rest, close) {
  const lead = entries[0]?.lead ?? '';
  // Each on a line of its own, or one behind the other.
  const [line] = /\n[ \t]*$/.exec(lead) ?? [];
  return {
    at: head.index,
    entries,
    together: entries => {
      const list = entries.map(({ lead, text, tail }, at) =>
        (at > 0 && lead === '' ? ' ' : lead) + text + tail).join(',');
      return text.slice(0, head.index) + head[0] + list + rest + text.slice(close);
    },
    made: (name, path) => ({
      lead: line ?? (entries.length > 0 ? lead || '' : ''), text: flowEntry(name, path, head[1] === '"'), tail: '',
    }),
  };
}

/** An entry that runs the file of a path, as JSON or with as few quotes as YAML needs. */
export function flowEntry(name, path, json) {
  const plain = text => !json && /^[a-z_]+$|^[A-Za-z/][\w-]*[./][\w./-]*$/.test(text);
  const key = text => (plain(text) ? text : JSON.stringify(text));
  const value = one => {
    if (typeof one === 'object') return `{${Object.entries(one).map(([k, v]) => `${key(k)}: ${value(v)}`).join(', ')}}`;
    return plain(one) && /[./]/.test(one) ? one : JSON.stringify(one);
  };
  return value({
    name: 'envoy.filters.http.wasm',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm',
      config: {
        name,
        vm_config: { runtime: 'envoy.wasm.runtime.v8', code: { local: { filename: path } } },
      },
    },
  });
}
