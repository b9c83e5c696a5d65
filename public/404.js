// The page of an address that does not exist, where the build was not told the site's own address.
//
// A server shows that page at any depth, so its addresses begin at the host's root. The page asks
// for this script by several relative addresses; the one that is found says where the site lies.
(() => {
  const site = new URL('.', document.currentScript.src);
  const { dataset } = document.documentElement;
  if (dataset.lifted !== undefined) return;
  dataset.lifted = '';
  if (site.pathname === '/') return;

  const lift = element => {
    for (const { name, value } of [...element.attributes]) {
      if (/^\/(?!\/)/.test(value)) element.setAttribute(name, new URL(`.${value}`, site).href);
    }
  };
  document.addEventListener('DOMContentLoaded', () => {
    for (const element of document.querySelectorAll('html, link, a, script')) lift(element);
    // It was asked for at the host's root, and is not there.
    const old = document.querySelector('script[data-app-script]');
    const boot = document.createElement('script');
    for (const { name, value } of old.attributes) boot.setAttribute(name, value);
    old.replaceWith(boot);
  });
})();
