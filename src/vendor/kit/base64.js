// Bytes as base64.

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @returns {ArrayBuffer} the bytes; it throws where the text is no base64 */
export const fromBase64 = text => Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer;
