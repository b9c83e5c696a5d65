// Keeps the site for when there is no network, and tells when a newer one has come. Only where the
// page is a window of its own: in somebody else's page the site leaves nothing behind.
import * as words from 'words';

/** How long after its start the page lets the worker fetch, in ms: reading comes first. */
const LATER = 4_000;

/** @param {string} script the worker's address; empty where the build made none */
export function begin(script) {
  if (!script || self !== top || !isSecureContext || !navigator.serviceWorker) return;
  setTimeout(async () => {
    try {
      const registration = await navigator.serviceWorker.register(script, { updateViaCache: 'none' });
      const look = () => { if (registration.waiting && navigator.serviceWorker.controller) tell(registration.waiting); };
      look();
      registration.addEventListener('updatefound', () => {
        registration.installing?.addEventListener('statechange', look);
      });
    } catch {
      // Private windows and old browsers refuse: the site works without.
    }
  }, LATER);
}

function tell(waiting) {
  if (document.querySelector('.update-notice')) return;
  const notice = document.createElement('div');
  notice.className = 'notice update-notice';
  notice.setAttribute('role', 'status');
  const sentence = document.createElement('p');
  sentence.textContent = words.update;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button';
  button.textContent = words.reload;
  button.addEventListener('click', () => {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    waiting.postMessage('take over');
  });
  notice.append(sentence, button);
  document.body.append(notice);
}
