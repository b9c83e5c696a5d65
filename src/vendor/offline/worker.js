// The service worker: keeps one whole version of the site, so that lessons and labs work without a
// network. `cargo xtask build` writes the version and the list of files below.
//
// A version is fetched whole before it is used, and used until every page of the one before has
// gone or the visitor has said so: a page and its engine never come from different builds.
const VERSION = '%VERSION%';
const FILES = [/*%FILES%*/];

/** How many files are fetched at once. */
const AT_ONCE = 6;

const mine = `tour ${self.registration.scope} `;
const name = mine + VERSION;

self.addEventListener('install', event => event.waitUntil(fetchAll()));

async function fetchAll() {
  const cache = await caches.open(name);
  const left = [...FILES];
  const work = async () => {
    for (let file = left.pop(); file !== undefined; file = left.pop()) {
      const address = new URL(file, self.registration.scope);
      // What an older version has under a name with a hash is the same file.
      const had = /-[0-9a-f]{16}\./.test(file) && await caches.match(address);
      if (had) {
        await cache.put(address, had);
        continue;
      }
      const response = await fetch(address, { cache: 'no-cache' });
      if (!response.ok) throw new Error(`${address} answers ${response.status}`);
      await cache.put(address, response);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

self.addEventListener('activate', event => event.waitUntil((async () => {
  for (const old of await caches.keys()) {
    if (old.startsWith(mine) && old !== name) await caches.delete(old);
  }
})()));

self.addEventListener('message', event => {
  if (event.data === 'take over') self.skipWaiting();
});

self.addEventListener('fetch', event => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(self.registration.scope)) return;
  event.respondWith((async () => {
    const cache = await caches.open(name);
    const kept = await cache.match(request, { ignoreSearch: true });
    if (kept) return kept;
    const response = await fetch(request);
    // What is large, or what few ask for, is kept when it was used once.
    if (response.ok && /\/(assemblyscript-|exporter-|sources\/)/.test(request.url)) await cache.put(request, response.clone());
    return response;
  })());
});
