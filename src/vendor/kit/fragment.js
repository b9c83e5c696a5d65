// A lab as the fragment of a link: `#s=1.` and the deflated JSON in base64url.
//
// The number is the format's. A reader of ours reads every format that was ever written; this is
// format 1:
//
//   { lab, parts, request, touched, scenarios, modules }
//
// `lab` is the lab file's text, `parts` its editable parts by name, `request` the request of the
// form and `touched` whether it stands in for the lab file's own, `scenarios` their names. `modules`
// are the visitor's own: `{ name, hash, size }`, and `base64` where they are small; `name` is the
// file's, `hash` its sha256 in hexadecimal, `size` in bytes.
import { fromBase64, toBase64 } from './base64.js';
import * as words from 'words';

/** What stands before a lab in a fragment. */
export const MARK = '#s=';

/** How long a fragment may be, in characters: far more than any lab needs. */
export const LONGEST = 400_000;

/** How many bytes the JSON may have: what unpacks to more is no lab. */
const MOST = 4_000_000;

/** How many modules a lab may bring. */
const MODULES = 16;

/** What a visitor reads of a link that is not ours or not whole. */
export const BROKEN = words.link_broken;

/** @param {object} lab what the format says @returns {Promise<string>} the fragment */
export async function pack(lab) {
  const bytes = new TextEncoder().encode(JSON.stringify(lab));
  const packed = await through(bytes, new CompressionStream('deflate-raw'), Infinity);
  return `${MARK}1.${base64url(packed)}`;
}

/**
 * @param {string} fragment as the address has it
 * @returns {Promise<object>} the lab; rejected with one sentence for the visitor
 */
export async function unpack(fragment) {
  const found = /^#s=(\d{1,6})\.([A-Za-z0-9_-]*)$/.exec(fragment);
  if (!found) throw new Error(BROKEN);
  if (found[1] !== '1') {
    throw new Error(words.link_format({ format: found[1] }));
  }
  if (fragment.length > LONGEST) throw new Error(words.link_long);
  let lab;
  try {
    const packed = fromBase64(found[2].replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = await through(packed, new DecompressionStream('deflate-raw'), MOST);
    lab = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    if (error instanceof TooMuch) throw new Error(words.link_large);
    throw new Error(BROKEN);
  }
  if (!isLab(lab)) throw new Error(BROKEN);
  return lab;
}

class TooMuch extends Error {}

/** Sends bytes through a stream, and gives up when more than `most` come out. */
async function through(bytes, stream, most) {
  const writer = stream.writable.getWriter();
  // What goes wrong is heard at the other end.
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  const parts = [];
  let length = 0;
  const reader = stream.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      reader.cancel().catch(() => {});
      throw new TooMuch();
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function base64url(bytes) {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const isText = value => typeof value === 'string';
const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether this has the shape of format 1. What the texts say is for the engine to judge. */
function isLab(lab) {
  return isObject(lab) && isText(lab.lab)
    && isObject(lab.parts) && Object.values(lab.parts).every(isText)
    && (lab.request === null || isObject(lab.request))
    && typeof lab.touched === 'boolean'
    && Array.isArray(lab.scenarios) && lab.scenarios.every(isText)
    && Array.isArray(lab.modules) && lab.modules.length <= MODULES && lab.modules.every(isModule);
}

function isModule(module) {
  return isObject(module) && isText(module.name) && module.name.length > 0 && module.name.length <= 100
    && /^[0-9a-f]{64}$/.test(module.hash) && Number.isSafeInteger(module.size) && module.size >= 0
    && (module.base64 === undefined || isBase64(module.base64));
}

function isBase64(text) {
  try {
    fromBase64(text);
    return isText(text);
  } catch {
    return false;
  }
}
