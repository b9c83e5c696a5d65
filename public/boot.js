// The first script of every page: sets the kept theme before the first paint, then starts the
// page's wasm when the document has been read.
//
// It leaves on <html> what the app cannot know from a relative link, because the address changes
// while the app runs: `data-engine-script` and `data-engine-wasm`, the engine's absolute addresses.
// `data-boot` says how far it came: `loading`, `started` or `failed`.
(() => {
  const root = document.documentElement;
  const names = document.currentScript.dataset;
  const absolute = name => new URL(name, document.baseURI).href;
  const app = absolute(names.appScript);
  const wasm = absolute(names.appWasm);
  root.dataset.engineScript = absolute(names.engineScript);
  root.dataset.engineWasm = absolute(names.engineWasm);
  root.dataset.boot = 'loading';

  // Browsers look for the icon again when the app changes the address.
  const icon = document.querySelector('link[rel=icon]');
  icon.href = absolute(icon.getAttribute('href'));

  try {
    const theme = localStorage.getItem('tour.theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  } catch {
    // Storage is closed to us in a sandboxed frame: the system's theme it is.
  }

  const start = async () => {
    try {
      const page = await import(app);
      await page.default({ module_or_path: wasm });
      root.dataset.boot = 'started';
    } catch (error) {
      // The text can still be read; the console says what is missing.
      root.dataset.boot = 'failed';
      console.error('the interactive part of this page did not start:', error);
    }
  };
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', start, { once: true });
  } else {
    start();
  }
})();
