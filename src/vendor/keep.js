// Small things kept in the browser. Storage may be closed or full: then a value lives as long as
// the page, and `kept()` says so.

const memory = new Map();
let failed = false;

/** The value under a key, or null. */
export function get(key) {
  if (memory.has(key)) return memory.get(key);
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a text; null forgets it. */
export function set(key, text) {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
    memory.delete(key);
    failed = false;
  } catch {
    memory.set(key, text);
    failed = true;
  }
}

/** Whether what was kept last outlives the page. */
export const kept = () => !failed;
