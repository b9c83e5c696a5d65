// A lab as one file: the lab file's text with its editable parts put where they stand.
import * as words from 'words';

/**
 * @param {string} text the lab file
 * @param {Record<string, string>} parts its editable parts by name
 * @param {object | null} request what stands in for its first request
 * @param {{ path: string, file: string }[]} modules where modules stand in the lab, and the files
 *   that have to lie beside it
 * @returns {string} a lab file that needs nothing else beside it
 */
export function labFile(text, parts, request, modules) {
  const whole = modules.reduce(withFile, withParts(text, parts));
  return request === null ? whole : withRequest(whole, request);
}

/** Puts a request in place of the first one, where that is written in one line. */
function withRequest(text, { headers, trailers, ...rest }) {
  const line = /^( *- request: *)\{.*\} *$/m;
  const one = JSON.stringify({ ...rest, headers: values(headers), trailers: values(trailers) });
  if (line.test(text)) return text.replace(line, (_, before) => before + one);
  return `# ${words.share_request({ request: one })}\n${text}`;
}

/** Values by name; several of one name are a list. */
function values(pairs) {
  const all = {};
  for (const [name, value] of pairs) {
    all[name] = name in all ? [all[name], value].flat() : value;
  }
  return all;
}

function withParts(text, parts) {
  const place = /^( *)(- )?([^\n#]*?)\{ *edit: *("?)([\w./-]+)\4 *\}(.*)$/gm;
  return text.replace(place, (line, spaces, dash, before, _, name, after) => {
    const part = parts[name];
    if (part === undefined) return line;
    const own = `${spaces}${dash ?? ''}${before}`;
    const ends = after.trim() === '' || after.trim().startsWith('#');
    const yaml = /\.ya?ml$/.test(name);
    // In a line of its own it is YAML as it stands, or a block; within braces it is a quoted text.
    if (ends && /: *$/.test(before)) {
      const deeper = `${spaces}${dash ? '  ' : ''}  `;
      const indented = part.replace(/\n$/, '').split('\n')
        .map(line => (line === '' ? '' : deeper + line)).join('\n');
      // Lines that begin with a space would be taken for the indentation of the block.
      return yaml ? `${own.trimEnd()}\n${indented}` : `${own}|2\n${indented}`;
    }
    return yaml ? line : `${own}${JSON.stringify(part)}${after}`;
  });
}

/** Names a file beside the lab among its files, before or in the place of one of the same path. */
function withFile(text, { path, file }) {
  const entry = `${path}: {path: ${file}}`;
  const old = new RegExp(`^( +)["']?${path.replaceAll('.', '\\.')}["']?:.*$`, 'm');
  if (old.test(text)) return text.replace(old, (_, spaces) => spaces + entry);
  const block = /^files: *(#.*)?\n( *)/m;
  if (block.test(text)) return text.replace(block, (head, _, spaces) => `${head}${entry}\n${spaces}`);
  const flow = /^files: *\{/m;
  if (flow.test(text)) return text.replace(flow, head => `${head}${entry}, `);
  return `${text.replace(/\n*$/, '\n')}files:\n  ${entry}\n`;
}
