// The first script of every page: sets the kept theme and width before the first paint, then starts the
// page's wasm when the document has been read.
//
// It leaves on <html> what the app cannot know from a relative link, because the address changes
// while the app runs: `data-engine-script` and `data-engine-wasm`, the engine's absolute addresses,
// `data-compiler-script`, the AssemblyScript compiler's, and those of the assembler and the exporter.
// `data-root`, `data-search` and `data-offline` are absolute for the same reason.
// `data-boot` says how far it came: `loading`, `started` or `failed`.
(() => {
  const root = document.documentElement;
  const names = document.currentScript.dataset;
  const absolute = name => new URL(name, document.baseURI).href;
  const app = absolute(names.appScript);
  const wasm = absolute(names.appWasm);
  root.dataset.engineScript = absolute(names.engineScript);
  root.dataset.engineWasm = absolute(names.engineWasm);
  root.dataset.compilerScript = absolute(names.compilerScript);
  root.dataset.assemblerScript = absolute(names.assemblerScript);
  root.dataset.assemblerWasm = absolute(names.assemblerWasm);
  root.dataset.exporterScript = absolute(names.exporterScript);
  root.dataset.exporterWasm = absolute(names.exporterWasm);
  // Empty while developing: what changes all the time is not to be kept.
  root.dataset.offline = names.offlineScript && absolute(names.offlineScript);
  // In a page's own links it is relative, and the address changes.
  root.dataset.root = absolute(root.dataset.root);
  if (root.dataset.search) root.dataset.search = absolute(root.dataset.search);
  root.dataset.boot = 'loading';

  // Browsers look for the icon again when the app changes the address.
  const icon = document.querySelector('link[rel=icon]');
  icon.href = absolute(icon.getAttribute('href'));

  try {
    const theme = localStorage.getItem('tour.theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    const split = parseFloat(localStorage.getItem('tour.split'));
    if (split) root.style.setProperty('--split', `${split}%`);
  } catch {
    // Storage is closed to us in a sandboxed frame: the system's theme it is.
  }

  let begin;
  const begun = new Promise(resolve => { begin = resolve; });

  // What the app leaves to scripts (src/vendor/kit), loaded when it is first called.
  const kit = absolute(names.kitScript);
  self.tourKit = async (name, ...texts) => (await import(kit))[name](...texts);

  // An element with a text area that becomes an editor when it is first seen. Until then, and
  // where the editors cannot be had, the text area does.
  const editors = absolute(names.editorScript);
  customElements.define('code-editor', class extends HTMLElement {
    connectedCallback() {
      this.watcher = new IntersectionObserver(async seen => {
        if (!seen.some(entry => entry.isIntersecting)) return;
        this.watcher.disconnect();
        try {
          await begun;
          const { edit } = await import(editors);
          if (!this.isConnected || this.leave) return;
          this.leave = edit(this);
          if (this.querySelector('textarea[aria-label$=".ts"]')) await self.tourKit('warm');
        } catch (error) {
          console.warn('plain text areas stand in for the editors:', error);
        }
      });
      this.watcher.observe(this);
    }

    disconnectedCallback() {
      this.watcher.disconnect();
      this.leave?.();
      this.leave = undefined;
    }
  });

  // Theme, progress, copy buttons: what every page does, app or not. It begins when the app has taken
  // the document over as it was written.
  const site = import(absolute(names.siteScript));

  const start = async () => {
    try {
      const page = await import(app);
      await page.default({ module_or_path: wasm });
      (await site).begin();
      root.dataset.boot = 'started';
      begin();
    } catch (error) {
      // The text can still be read; the console says what is missing.
      root.dataset.boot = 'failed';
      console.error('the interactive part of this page did not start:', error);
      (await site).begin();
    }
  };
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', start, { once: true });
  } else {
    start();
  }
})();
