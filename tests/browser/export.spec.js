// An author takes a lab along as files that run elsewhere, and brings in a bootstrap or a log of Envoy's.
import { AxeBuilder } from '@axe-core/playwright';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, expect, complaints, repository, started, write } from './site.js';

const addHeader = 'learn/first-http-filters/add-a-header/';

const exporting = page => page.getByRole('dialog', { name: 'Export this lab' });
const importing = page => page.getByRole('dialog', { name: 'Import' });
const exportButton = page => page.getByRole('button', { name: 'Export', exact: true });
const run = page => page.getByRole('button', { name: /^Run/ }).filter({ visible: true }).first();
const results = page => page.getByRole('tabpanel', { name: 'Result' });
const timeline = page => page.getByRole('tabpanel', { name: 'Timeline' });
const sample = name => readFileSync(join(repository, `target/filters/${name}.wasm`));

async function editor(page, name) {
  await page.getByRole('tab', { name }).click();
  const found = page.locator('.cm-content').and(page.getByRole('textbox', { name }));
  await expect(found).toBeVisible();
  return found;
}

/** The files of an archive that is not compressed, by their paths in its folder. */
function unzip(bytes) {
  const files = {};
  let at = bytes.readUInt32LE(bytes.length - 6);
  for (let left = bytes.readUInt16LE(bytes.length - 12); left > 0; left -= 1) {
    const [name, extra, comment] = [28, 30, 32].map(place => bytes.readUInt16LE(at + place));
    const size = bytes.readUInt32LE(at + 20);
    const path = bytes.toString('utf8', at + 46, at + 46 + name);
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    files[path.slice(path.indexOf('/') + 1)] = bytes.subarray(start, start + size);
    at += 46 + name + extra + comment;
  }
  return files;
}

/** What is saved when something is done. */
async function saved(page, act) {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  return { name: download.suggestedFilename(), files: unzip(readFileSync(await download.path())) };
}

const byMouse = (page, target) => saved(page, () => exporting(page).getByRole('button', { name: target }).click());

/** No part of an open dialog is cut off, and axe has nothing to say. */
async function inGoodOrder(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target)}`)).toEqual([]);
  const wide = await page.evaluate(() => document.querySelector('dialog[open]').scrollWidth
    - document.querySelector('dialog[open]').clientWidth);
  expect(wide, 'the dialog scrolls sideways').toBeLessThanOrEqual(0);
}

test('an author saves each kind of bundle of a lesson\'s lab as it is edited now', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(site + addHeader);
  await started(page);
  const text = await editor(page, 'envoy.yaml');
  await write(text, (await text.innerText()).replace('name: add-header', 'name: of-my-own'));
  await exportButton(page).click();
  await inGoodOrder(page);
  const envoy = await byMouse(page, 'Envoy');
  expect(envoy.name).toMatch(/-envoy\.zip$/);
  expect(Object.keys(envoy.files)).toEqual(['envoy.yaml', 'add-header.wasm', 'surroundings.yaml', 'README.md']);
  expect(envoy.files['add-header.wasm'].equals(sample('add-header'))).toBe(true);
  expect(String(envoy.files['envoy.yaml'])).toContain('of-my-own');
  await expect(exporting(page).getByRole('status')).toHaveText(/-envoy\.zip is saved\. Files: 4, \d+ KB\./);
  const compose = await byMouse(page, 'Docker Compose');
  expect(Object.keys(compose.files)).toEqual(expect.arrayContaining(['docker-compose.yaml', 'verify.sh', 'upstreams.py']));
  const istio = await byMouse(page, 'Istio');
  expect(String(istio.files['wasm-plugin.yaml'])).toContain('kind: WasmPlugin');
  await expect(exporting(page).getByRole('heading', { name: 'Good to know' })).toBeVisible();
  const project = await byMouse(page, 'Project');
  expect(String(project.files['add-header/src/lib.rs'])).toContain('x-hello');
  expect(String(project.files['Cargo.toml'])).toContain('"add-header"');
  await inGoodOrder(page);
  await exporting(page).getByRole('button', { name: 'Close' }).click();
  await expect(exporting(page)).toBeHidden();
  expect(found).toEqual([]);
});

test('an author exports by keyboard, and comes back to where the focus was', async ({ page, site }) => {
  await page.goto(site + addHeader);
  await started(page);
  for (const [target, steps] of [['envoy', 0], ['compose', 1], ['istio', 2], ['project', 3]]) {
    await exportButton(page).focus();
    await page.keyboard.press('Enter');
    await expect(exporting(page).getByRole('button', { name: 'Envoy' })).toBeFocused();
    for (let step = 0; step < steps; step += 1) await page.keyboard.press('Tab');
    const { name } = await saved(page, () => page.keyboard.press('Enter'));
    expect(name).toMatch(new RegExp(`-${target}\\.zip$`));
    await page.keyboard.press('Escape');
    await expect(exportButton(page)).toBeFocused();
  }
});

test('a module of one\'s own and an edited request are in the files', async ({ page, site }) => {
  await page.goto(`${site}playground/`);
  await started(page);
  await page.getByLabel('Open your own .wasm')
    .setInputFiles({ name: 'mine.wasm', mimeType: 'application/wasm', buffer: sample('block-path') });
  await page.getByRole('button', { name: 'Put in the chain mine.wasm' }).click();
  await page.getByLabel('Path', { exact: true }).fill('/mine');
  await exportButton(page).click();
  const { files } = await byMouse(page, 'Envoy');
  expect(files['mine.wasm'].equals(sample('block-path'))).toBe(true);
  expect(String(files['surroundings.yaml'])).toContain('/mine');
});

test('a lab that cannot run is not exported: its editor says what to mend', async ({ page, site }) => {
  await page.goto(site + addHeader);
  await started(page);
  const text = await editor(page, 'envoy.yaml');
  await write(text, 'http_filterz: []\n');
  const problem = page.getByRole('tabpanel', { name: 'envoy.yaml' }).getByText('Line 1, column 1');
  await expect(problem).toBeVisible();
  await exportButton(page).click();
  await expect(exporting(page)).toBeHidden();
  await expect(problem).toBeVisible();
});

const file = (name, buffer) => ({ name, mimeType: 'application/octet-stream', buffer });
const choose = (page, ...files) => importing(page).getByLabel('Choose files').setInputFiles(files);
const openImport = page => page.getByRole('button', { name: 'Import', exact: true }).click();

/** The playground, the lab there edited, and what a lesson's lab exports. */
async function exported(page, site) {
  await page.goto(site + addHeader);
  await started(page);
  await run(page).click();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
  const seen = await results(page).innerText();
  await exportButton(page).click();
  const { files } = await byMouse(page, 'Envoy');
  await page.goto(`${site}playground/`);
  await started(page);
  await page.getByLabel('Path', { exact: true }).fill('/as-i-left-it');
  return { seen, files };
}

test('an exported bootstrap comes back with all that lies beside it, and gives the same run', async ({ page, site }) => {
  const found = complaints(page);
  const { seen, files } = await exported(page, site);
  await openImport(page);
  await inGoodOrder(page);
  await choose(page, ...Object.entries(files).map(([name, bytes]) => file(name, bytes)));
  await expect(page.getByText('envoy.yaml is a lab of its own now.')).toBeVisible();
  const modules = page.getByRole('list', { name: 'Your modules, in the order of the chain' });
  await expect(modules.locator('strong')).toHaveText(['add-header.wasm']);
  await run(page).click();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
  expect(await results(page).innerText()).toBe(seen);
  // The lab from before is as it was, and what came is still there behind it.
  await page.getByRole('button', { name: 'Back to it' }).click();
  await expect(page.getByLabel('Path', { exact: true })).toHaveValue('/as-i-left-it');
  await page.goForward();
  await run(page).click();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
  await page.reload();
  await started(page);
  await run(page).click();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
  expect(found).toEqual([]);
});

test('a pasted bootstrap is mended where it is wrong, and a sample stands in for its module', async ({ page, site }) => {
  const { files } = await exported(page, site);
  const text = String(files['envoy.yaml']);
  await openImport(page);
  const area = importing(page).getByRole('textbox', { name: 'Or paste a text' });
  const complaint = importing(page).getByRole('alert');
  await importing(page).getByRole('button', { name: 'Import' }).click();
  await expect(complaint).toHaveText('Paste a bootstrap or a log, or choose a file.');
  const broken = text.replace('static_resources:', 'static_resources:\n  listenerz: []');
  await area.fill(broken);
  await importing(page).getByRole('button', { name: 'Import' }).click();
  const line = broken.split('\n').findIndex(line => line.includes('listenerz')) + 1;
  await expect(complaint).toContainText(`envoy.yaml:${line}:3: `);
  await expect(area).toHaveValue(broken);
  await expect(area).toBeFocused();
  expect(await area.evaluate(area => area.value.slice(area.selectionStart, area.selectionEnd))).toBe('listenerz: []');
  await inGoodOrder(page);
  await area.fill(text);
  await area.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByText('the sample add-header stands in for it')).toBeVisible();
  await run(page).click();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
  await page.goBack();
  await expect(page.getByLabel('Path', { exact: true })).toHaveValue('/as-i-left-it');
});

test('files that are dropped on the playground are imported', async ({ page, site }) => {
  const { files } = await exported(page, site);
  const data = await page.evaluateHandle(texts => {
    const data = new DataTransfer();
    for (const [name, text] of texts) data.items.add(new File([text], name));
    return data;
  }, ['envoy.yaml', 'surroundings.yaml'].map(name => [name, String(files[name])]));
  await page.locator('.playground').dispatchEvent('drop', { dataTransfer: data });
  await expect(page.getByText('envoy.yaml is a lab of its own now.')).toBeVisible();
  await expect(page.getByLabel('Path', { exact: true })).not.toHaveValue('/as-i-left-it');
});

test('what is no bootstrap gets one clear message, runs nothing, and loses nothing', async ({ page, site }) => {
  const found = complaints(page);
  const { files } = await exported(page, site);
  await openImport(page);
  const complaint = importing(page).getByRole('alert');
  const whole = String(files['envoy.yaml']);
  const wrong = {
    'words.yaml': ['only words', 'words.yaml:1:1: no static_resources: this is no bootstrap'],
    'cut.yaml': [whole.slice(0, whole.indexOf('add-header.wasm') + 4), 'cut.yaml:'],
    'bytes.yaml': [Buffer.from([0, 159, 146, 150, 255]), 'bytes.yaml:'],
    'lab.zip': [Buffer.from('PK\x03\x04'), 'lab.zip is an archive. Unpack it'],
    'huge.yaml': ['#'.repeat(1_000_001), 'huge.yaml has 1.0 MB. The most is 1.0 MB'],
    'evil.yaml': ['"<img src=x onerror=self.ran=1>": [', 'evil.yaml:'],
  };
  for (const [name, [text, message]] of Object.entries(wrong)) {
    await choose(page, file(name, Buffer.from(text)));
    await expect(complaint).toContainText(message);
    await page.keyboard.press('Escape');
    await openImport(page);
  }
  // Nor does one that is taken run what stands in its texts.
  const evil = whole.replace('static_resources:', 'node: {id: "<img src=x onerror=self.ran=1>", cluster: "<script>self.ran=1</script>"}\nstatic_resources:')
    .replace(/^node:\n( .*\n)*/m, '');
  await choose(page, file('<img src=x onerror=self.ran=1>.yaml', Buffer.from(evil)));
  await expect(page.getByText('is a lab of its own now.')).toContainText('<img src=x onerror=self.ran=1>.yaml');
  await run(page).click();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
  expect(await page.evaluate(() => self.ran)).toBeUndefined();
  await page.goBack();
  await expect(page.getByLabel('Path', { exact: true })).toHaveValue('/as-i-left-it');
  expect(found).toEqual([]);
});

const log = readFileSync(join(repository, 'tests/it/traces/envoy.log'), 'utf8');

test('lines of Envoy\'s trace log become a timeline that is stepped through', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(`${site}playground/`);
  await started(page);
  await openImport(page);
  await importing(page).getByRole('textbox', { name: 'Or paste a text' }).fill(log);
  await importing(page).getByRole('button', { name: 'Import' }).click();
  await expect(timeline(page).getByText(/^\d+ events$/)).toBeVisible();
  const grid = timeline(page).getByRole('grid');
  await grid.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(grid.locator('[aria-selected=true]')).toHaveAttribute('id', 'row-1');
  await grid.getByRole('row', { name: /on_request_headers/ }).first().click();
  await expect(timeline(page).getByRole('region', { name: 'Event' })).toContainText('on_request_headers');
  await timeline(page).getByLabel('Kind of event').selectOption('host call');
  await expect(timeline(page).getByText(/^\d+ of \d+ events$/)).toBeVisible();
  // What is not of Wasm is named with its line, as the command line does.
  await page.getByRole('tab', { name: /^Logs/ }).click();
  const logs = page.getByRole('tabpanel', { name: 'Logs' });
  await expect(logs.getByText(/^envoy\.log: \d+ events of \d+ lines; \d+ are not of Wasm$/)).toBeVisible();
  await expect(logs.getByText(/^envoy\.log:\d+: not of Wasm: \[.*cm init: all clusters initialized/)).toBeVisible();
  for (const name of [/^Result/, /^Picture/, /^Checks/]) {
    await page.getByRole('tab', { name }).click();
    await expect(page.getByRole('tabpanel', { name })).toHaveText(/^A log has calls and their results/);
  }
  await page.getByRole('tab', { name: /^State/ }).click();
  await expect(page.getByRole('tabpanel', { name: 'State' }).getByText('what Envoy held meanwhile is not in it')).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target)}`)).toEqual([]);
  // The lab is what it was: a run takes the log's place.
  await run(page).click();
  await page.getByRole('tab', { name: /^Result/ }).click();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
  expect(found).toEqual([]);
});

test('on a phone in the dark both dialogs are whole', async ({ page, site }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${site}playground/`);
  await started(page);
  await exportButton(page).click();
  await byMouse(page, 'Istio');
  await inGoodOrder(page);
  await page.keyboard.press('Escape');
  await openImport(page);
  await inGoodOrder(page);
});

test('a native filter, a Lua filter and a Wasm filter that add one header give three traces of one request', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(`${site}playground/lua/`);
  await started(page);
  await run(page).click();
  await page.getByRole('tab', { name: /^Timeline/ }).click();
  const grid = timeline(page).getByRole('grid');
  await timeline(page).getByRole('searchbox').fill('x-hello');
  // Each in its own words, in the order of the chain, for one request.
  const adds = grid.getByRole('row', { name: /add_header_map_value|headers:add/ });
  await expect(adds).toHaveCount(3);
  await expect(adds.nth(0)).toHaveClass(/\bnative\b/);
  await expect(adds.nth(0)).toContainText('add_header_map_value');
  await expect(adds.nth(1)).toContainText('headers:add');
  await expect(adds.nth(2)).toHaveClass(/\bhost\b/);
  await expect(adds.nth(2)).toContainText('add_header_map_value');
  for (const row of await adds.all()) await expect(row).toContainText('world');
  expect(found).toEqual([]);
});
