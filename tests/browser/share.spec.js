// A visitor shares a lab: the link holds all of it, opens anywhere, and a broken one says so.
import { deflateRawSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { test, expect, complaints, repository, started } from './site.js';

const addHeader = 'learn/first-http-filters/add-a-header/';

const run = page => page.getByRole('button', { name: /^Run/ }).filter({ visible: true }).first();
const results = page => page.getByRole('tabpanel', { name: 'Result' });

async function editor(page, name) {
  await page.getByRole('tab', { name }).click();
  const found = page.locator('.cm-content').and(page.getByRole('textbox', { name }));
  await expect(found).toBeVisible();
  return found;
}

/** The link that the lab of a page makes. */
async function link(page) {
  await page.getByRole('button', { name: 'Share' }).click();
  const dialog = page.getByRole('dialog', { name: 'Share this lab' });
  await expect(dialog).toBeVisible();
  return dialog.getByLabel('Link to this lab').inputValue();
}

const fragment = lab => `#s=1.${deflateRawSync(Buffer.from(JSON.stringify(lab))).toString('base64url')}`;

/** A lab of format 1, as the first links had it: this must open for ever. */
const FIRST = {
  lab: 'name: Linked\nenvoy: {edit: envoy.yaml}\nfiles:\n  /f.wasm: {sample: add-header}\n' +
    'upstreams:\n  web:\n  - reply: {status: 200, body: linked}\n' +
    'scenarios:\n- name: One\n  traffic:\n  - request: {path: /one}\n- name: Two\n  traffic:\n  - request: {path: /two}\n',
  parts: {
    'envoy.yaml': 'http_filters:\n- name: envoy.filters.http.wasm\n  typed_config:\n' +
      '    "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n' +
      '    config: {name: f, vm_config: {runtime: envoy.wasm.runtime.v8, code: {local: {filename: /f.wasm}}}}\n' +
      '- name: envoy.filters.http.router\n  typed_config:\n' +
      '    "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router\n',
  },
  request: {
    method: 'GET', path: '/from-the-link', authority: 'example.com', headers: [['x-linked', 'yes']],
    body: '', chunks: [], trailers: [],
  },
  touched: true,
  scenarios: ['One', 'Two'],
  modules: [],
};

test('a lesson\'s lab is shared with its edits and gives the same run in a fresh profile', async ({ page, browser, site }) => {
  const found = complaints(page);
  await page.goto(site + addHeader);
  await started(page);
  await page.getByRole('tab', { name: 'Request' }).click();
  await page.getByLabel('Path', { exact: true }).fill('/shared-by-me');
  const text = await editor(page, 'envoy.yaml');
  await text.press('ControlOrMeta+End');
  await text.pressSequentially('\n# my own words');
  const shared = await link(page);
  expect(shared).toContain('/playground/#s=1.');
  await page.getByRole('button', { name: 'Close' }).click();
  await run(page).click();
  await expect(results(page).getByText('/shared-by-me').first()).toBeVisible();
  const seen = await results(page).innerText();

  const context = await browser.newContext();
  const other = await context.newPage();
  const elsewhere = complaints(other);
  await other.goto(shared);
  await started(other);
  await expect(await editor(other, 'envoy.yaml')).toContainText('# my own words');
  await run(other).click();
  await expect(results(other).getByText('/shared-by-me').first()).toBeVisible();
  expect(await results(other).innerText()).toBe(seen);
  await context.close();
  expect([...found, ...elsewhere]).toEqual([]);
});

test('a lab is shared by keyboard alone: the link is on the clipboard, and Escape leads back', async ({ page, context, site }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(`${site}playground/`);
  await started(page);
  const share = page.getByRole('button', { name: 'Share' });
  await share.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Share this lab' });
  await expect(dialog.getByRole('status')).toContainText('The link is copied.');
  const link = dialog.getByLabel('Link to this lab');
  await expect(link).toBeFocused();
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  expect(await clipboard()).toBe(await link.inputValue());
  const { violations } = await new AxeBuilder({ page }).include('dialog').analyze();
  expect(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target)}`)).toEqual([]);
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await page.keyboard.press('Tab');
  await expect(dialog.getByRole('button', { name: 'Copy link' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect.poll(clipboard).toContain('/playground/#s=1.');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(share).toBeFocused();
});

test('a link of the first format opens with its request and its scenarios', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(`${site}playground/${fragment(FIRST)}`);
  await started(page);
  await expect(page.getByLabel('Path', { exact: true })).toHaveValue('/from-the-link');
  await run(page).click();
  await expect(results(page).getByText('x-linked').first()).toBeVisible();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
  await expect(page.getByLabel('Scenario').getByRole('option')).toHaveText(['One', 'Two']);
  expect(found).toEqual([]);
});

test('a link followed from an open playground opens too, and the way back is the playground', async ({ page, site }) => {
  await page.goto(`${site}playground/`);
  await started(page);
  await page.evaluate(hash => { location.hash = hash; }, fragment(FIRST));
  await expect(page.getByLabel('Path', { exact: true })).toHaveValue('/from-the-link');
  await page.goBack();
  await expect(page.getByLabel('Path', { exact: true })).toHaveValue('/hello');
});

const bytes = name => readFileSync(join(repository, `target/filters/${name}.wasm`));
const file = (name, buffer) => ({ name, mimeType: 'application/wasm', buffer });
const open = (page, ...files) => page.getByLabel('Open your own .wasm').setInputFiles(files);
const put = (page, name) => page.getByRole('button', { name: `Put in the chain ${name}` });

/** A module that is too large for a link: it carries a section that nobody reads. */
function large(module) {
  const noise = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * at * 31 + at * 7) % 251));
  const body = Buffer.concat([Buffer.from([5]), Buffer.from('noise'), noise]);
  const size = [];
  for (let left = body.length; size.length === 0 || left > 0; left >>= 7) size.push((left & 127) | (left > 127 ? 128 : 0));
  return Buffer.concat([module, Buffer.from([0, ...size]), body]);
}

test('a lab with a small module of one\'s own is shared, and opens in a fresh profile with it', async ({ page, browser, site }) => {
  const found = complaints(page);
  await page.goto(`${site}playground/`);
  await started(page);
  await open(page, file('mine.wasm', bytes('block-path')), file('unused.wasm', bytes('add-header')));
  await put(page, 'mine.wasm').click();
  await page.getByLabel('Path', { exact: true }).fill('/admin');
  const shared = await link(page);
  await expect(page.getByRole('dialog')).toContainText('It holds the whole lab');

  const context = await browser.newContext();
  const other = await context.newPage();
  const elsewhere = complaints(other);
  await other.goto(shared);
  await started(other);
  await run(other).click();
  await expect(results(other).getByText('403').first()).toBeVisible();
  const list = other.getByRole('list', { name: 'Your modules, in the order of the chain' });
  await expect(list.locator('strong')).toHaveText(['mine.wasm']);
  await list.locator('summary').click();
  await expect(other.getByRole('row', { name: /^loads yes/ })).toBeVisible();
  await context.close();
  expect([...found, ...elsewhere]).toEqual([]);
});

test('a module too large for a link is asked for by name, hash and size, and runs when it is dropped', async ({ page, browser, site }) => {
  const buffer = large(bytes('block-path'));
  const hash = createHash('sha256').update(buffer).digest('hex');
  await page.goto(`${site}playground/`);
  await started(page);
  await open(page, file('large.wasm', buffer));
  await put(page, 'large.wasm').click();
  await page.getByLabel('Path', { exact: true }).fill('/admin');
  const shared = await link(page);
  await expect(page.getByRole('dialog')).toContainText(`sha256 ${hash}`);

  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(shared);
  await started(other);
  const kilobytes = `${Math.round(buffer.length / 1000)} KB`;
  await expect(other.getByText(`Drop large.wasm, sha256 ${hash}, ${kilobytes}, to run this lab.`)).toBeVisible();
  // Under whatever name it was saved.
  await open(other, file('saved as.wasm', buffer));
  await expect(other.getByText('Drop large.wasm')).toBeHidden();
  await run(other).click();
  await expect(results(other).getByText('403').first()).toBeVisible();
  // The browser knows it by its hash from now on.
  await other.reload();
  await started(other);
  await run(other).click();
  await expect(results(other).getByText('403').first()).toBeVisible();
  await context.close();
});

test('the lab file names the modules that have to lie beside it, and they are offered with it', async ({ page, site }) => {
  await page.goto(`${site}playground/`);
  await started(page);
  await open(page, file('my own.wasm', bytes('block-path')));
  await put(page, 'my own.wasm').click();
  await link(page);
  const saved = async name => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
    return [download.suggestedFilename(), readFileSync(await download.path())];
  };
  const [, text] = await saved('Download lab file');
  expect(String(text)).toContain('  /etc/envoy/my-own.wasm: {path: my-own.wasm}\n');
  await expect(page.getByRole('dialog').getByRole('status')).toContainText('Put my-own.wasm beside lab.yaml');
  const [name, module] = await saved('Download my-own.wasm');
  expect(name).toBe('my-own.wasm');
  expect(module.equals(bytes('block-path'))).toBe(true);
});

const evilModule = { name: '<img src=x onerror="self.ran = true">', hash: 'a'.repeat(64), size: 3, base64: 'AAAA' };

test('a module of a link is examined like any other, and its name is only text', async ({ page, site }) => {
  await page.goto(`${site}playground/${fragment({ ...FIRST, modules: [evilModule] })}`);
  await started(page);
  await expect(page.getByText(/cannot run in this lab/)).toBeVisible();
  expect(await page.evaluate(() => self.ran)).toBeUndefined();
  await run(page).click();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
});

const bomb = () => `#s=1.${deflateRawSync(Buffer.alloc(40_000_000, 'a')).toString('base64url')}`;

for (const [name, hash, words] of [
  ['cut off', fragment(FIRST).slice(0, 300), 'not whole'],
  ['no lab', fragment({ hello: 'world' }), 'not whole'],
  ['of wrong types', fragment({ ...FIRST, request: { method: 7 } }), 'not whole'],
  ['no format', '#s=hello', 'not whole'],
  ['of a later format', fragment(FIRST).replace('#s=1.', '#s=2.'), 'format 2'],
  ['huge', `#s=1.${'A'.repeat(500_000)}`, 'longer than any lab'],
  ['a zip bomb', bomb(), 'more than any lab'],
  ['of a module without a hash', fragment({ ...FIRST, modules: [{ ...evilModule, hash: 'abc' }] }), 'not whole'],
  ['of a module that is no base64', fragment({ ...FIRST, modules: [{ ...evilModule, base64: '<b>' }] }), 'not whole'],
  ['of modules without end', fragment({ ...FIRST, modules: Array(200).fill(evilModule) }), 'not whole'],
]) {
  test(`a link that is ${name} gives one clear message, and the playground works`, async ({ page, site }) => {
    await page.goto(`${site}playground/${hash}`);
    await started(page);
    await expect(page.getByRole('alert')).toHaveCount(1);
    await expect(page.getByRole('alert')).toContainText(words);
    await run(page).click();
    await expect(results(page).getByText('x-hello').first()).toBeVisible();
  });
}

test('nothing of a link runs as HTML', async ({ page, site }) => {
  const evil = '<img src=x onerror="self.ran = true"><script>self.ran = true</script>';
  const lab = {
    ...FIRST, lab: FIRST.lab.replace('name: Linked', `name: ${JSON.stringify(evil)}`),
    parts: { ...FIRST.parts, [evil]: evil }, scenarios: [evil, evil],
    request: { ...FIRST.request, path: `/${evil}`, headers: [['x-evil', evil]], body: evil },
    exercises: [{ id: 'x', kind: 'x', task: evil, scenarios: [], hints: [evil], why: evil }],
  };
  await page.goto(`${site}playground/${fragment(lab)}`);
  await started(page);
  await expect(page.getByLabel('Value of header').first()).toHaveValue(evil);
  await run(page).click();
  await expect(results(page).getByText('x-evil').first()).toBeVisible();
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.evaluate(() => self.ran)).toBeUndefined();
});

test('the lab file is downloaded whole, and opens as a lab again', async ({ page, site }) => {
  await page.goto(`${site}playground/`);
  await started(page);
  await link(page);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download lab file' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('lab.yaml');
  const text = readFileSync(await download.path(), 'utf8');
  expect(text).not.toContain('edit:');
  expect(text).toContain('  http_filters:');
  await page.goto(`${site}playground/${fragment({ ...FIRST, lab: text, parts: {}, request: null, touched: false, scenarios: ['One request'] })}`);
  await page.reload();
  await started(page);
  await run(page).click();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
});
