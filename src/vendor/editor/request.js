// A request as HTTP/1.1 would write it: the raw form of the request editor.
//
// The app's text is the JSON of its form (`RequestForm` in src/ui/logic/request.rs). What the raw
// form cannot say (chunk sizes, trailers, a body in base64) stays as the form has it.
import * as words from 'words';

/** RFC 9110, section 5.6.2: a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The last form that was shown or read: what a raw text does not say is taken from it. */
let form = {};

export const requestCodec = {
  show(json) {
    form = JSON.parse(json);
    const lines = [
      `${form.method} ${form.path} HTTP/1.1`,
      `host: ${form.authority}`,
      ...form.headers.rows.map(({ name, value }) => `${name}: ${value}`),
    ];
    return `${lines.join('\n')}\n\n${form.body}`;
  },

  read(text) {
    const end = text.search(/\n\n|\n$/);
    const head = end < 0 ? text : text.slice(0, end);
    const body = end < 0 ? '' : text.slice(end + 2);
    const [first, ...lines] = head.split('\n');
    const line = /^(\S+) (\S+)(?: HTTP\/\d(?:\.\d)?)?\s*$/.exec(first);
    if (!line || !TOKEN.test(line[1])) {
      return problem(1, 1, words.raw_first);
    }
    if (!line[2].startsWith('/') && line[2] !== '*') {
      return problem(1, line[1].length + 2, words.raw_path);
    }
    let { authority } = form;
    const headers = [];
    for (const [at, text] of lines.entries()) {
      const colon = text.indexOf(':');
      const name = text.slice(0, Math.max(colon, 0)).trimEnd();
      if (colon < 0) return problem(at + 2, 1, words.raw_header);
      if (!TOKEN.test(name)) return problem(at + 2, 1, words.problem_header_name({ name }));
      const value = text.slice(colon + 1).trim();
      if (name.toLowerCase() === 'host') authority = value;
      else headers.push({ name, value });
    }
    form = { ...form, method: line[1], path: line[2], authority, headers: rows(form.headers, headers), body };
    return { text: JSON.stringify(form) };
  },
};

/** Rows keep their numbers where their names stay, so that the form's fields stay the same ones. */
function rows(old, headers) {
  let next = old.next;
  const rows = headers.map((header, at) => {
    const have = old.rows[at];
    return { id: have ? have.id : next++, ...header };
  });
  return { rows, next };
}

function problem(line, column, message) {
  return { problem: { line, column, message } };
}
