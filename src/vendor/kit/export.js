// Exporting a lab: an archive with what runs it elsewhere.
import { button, download, element, size, told } from './element.js';
import { exporter } from './exporter.js';
import { carried, settled } from './own/index.js';
import * as words from 'words';

/** What a lab is exported to: the command's word, its name, what is in it. */
const TARGETS = [
  ['envoy', words.export_envoy, words.export_envoy_about],
  ['compose', words.export_compose, words.export_compose_about],
  ['istio', words.export_istio, words.export_istio_about],
  ['project', words.export_project, words.export_project_about],
];

/**
 * Offers a lab as archives.
 *
 * @param {string} message what a run would send: `{ run: { lab, edits, request } }`
 * @param {string} touched `true` when the request is not the lab file's own
 */
export async function exportLab(message, touched) {
  await settled();
  const { lab, edits, request } = JSON.parse(message).run;
  const modules = carried([lab, ...Object.values(edits)]);
  const asked = { lab, edits, request: touched === 'true' ? request : null, own: modules.map(({ name }) => name) };
  offer(target => exporter({ export: { target, ...asked } }, modules.map(({ bytes }) => bytes)));
}

function offer(made) {
  document.querySelector('dialog.share')?.remove();
  const said = element('p', { role: 'status', class: 'export-said' }, ...told(words.export_lead));
  const found = element('div', { class: 'export-found', tabindex: '0', role: 'group', 'aria-label': words.export_files });
  let busy = false;
  const choose = async (target, name) => {
    if (busy) return;
    busy = true;
    found.replaceChildren();
    said.classList.remove('bad');
    said.textContent = words.export_making({ name });
    try {
      const { name: folder, files, notes, archive } = await made(target);
      download(`${folder}.zip`, 'application/zip', archive);
      said.textContent = words.export_made({ file: `${folder}.zip`, size: size(archive.length), n: files.length });
      found.replaceChildren(...list(words.export_files, files.map(file => [element('code', {}, file)])),
        ...list(words.export_notes, notes.map(told)));
    } catch (error) {
      said.classList.add('bad');
      said.replaceChildren(...told(words.export_failed({ why: error.sentence ?? error.message })));
    }
    busy = false;
  };
  const rows = TARGETS.map(([target, name, about]) => {
    const start = button('', name, () => choose(target, name));
    start.setAttribute('aria-describedby', `export-${target}`);
    return element('li', {}, start, element('span', { id: `export-${target}` }, about));
  });
  const close = button('quiet', words.close, () => dialog.close());
  const dialog = element('dialog', { class: 'share', 'data-kind': 'export', 'aria-labelledby': 'export-title' },
    element('h2', { id: 'export-title' }, words.export_title),
    element('ul', { class: 'export-targets' }, ...rows), said, found,
    element('div', { class: 'share-row' }, close));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** A heading with a list, or nothing where there is nothing to list. */
function list(heading, items) {
  if (items.length === 0) return [];
  const rows = items.map(item => element('li', {}, ...item));
  return [element('h3', {}, heading), element('ul', {}, ...rows)];
}
