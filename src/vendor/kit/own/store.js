// What the browser keeps of the visitor's own modules: their bytes under their sha256, and the list
// of each lab. Every promise here is rejected where storage is closed or full.

const NAME = 'tour';

/** Bytes by hash, and `[{ name, hash, used }]` by the lab's id. */
const [MODULES, LISTS] = ['modules', 'lists'];

let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(MODULES);
      request.result.createObjectStore(LISTS);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

const answer = request => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

const ended = transaction => new Promise((resolve, reject) => {
  transaction.oncomplete = () => resolve();
  transaction.onabort = () => reject(transaction.error);
});

/**
 * Keeps the list of a lab in place of the one before, and forgets bytes that no list names.
 *
 * @param {string} lab its id
 * @param {{ name: string, hash: string, bytes: ArrayBuffer, used: boolean }[]} modules
 */
export async function keep(lab, modules) {
  const transaction = (await database()).transaction([MODULES, LISTS], 'readwrite');
  const done = ended(transaction);
  const [bytes, lists] = [transaction.objectStore(MODULES), transaction.objectStore(LISTS)];
  for (const module of modules) bytes.put(module.bytes, module.hash);
  if (modules.length === 0) lists.delete(lab);
  else lists.put(modules.map(({ name, hash, used }) => ({ name, hash, used })), lab);
  lists.getAll().onsuccess = ({ target }) => {
    const named = new Set(target.result.flat().map(({ hash }) => hash));
    bytes.getAllKeys().onsuccess = ({ target: { result } }) => {
      for (const hash of result) if (!named.has(hash)) bytes.delete(hash);
    };
  };
  await done;
}

/** @param {string} hash @returns {Promise<ArrayBuffer | undefined>} the bytes, where they are kept */
export async function bytesOf(hash) {
  const transaction = (await database()).transaction(MODULES);
  return answer(transaction.objectStore(MODULES).get(hash));
}

/** @returns {Promise<{ name: string, hash: string, bytes: ArrayBuffer, used: boolean }[]>} the list of a lab */
export async function kept(lab) {
  const transaction = (await database()).transaction([MODULES, LISTS]);
  const list = await answer(transaction.objectStore(LISTS).get(lab)) ?? [];
  const modules = list.map(async module =>
    ({ ...module, bytes: await answer(transaction.objectStore(MODULES).get(module.hash)) }));
  return (await Promise.all(modules)).filter(({ bytes }) => bytes);
}
