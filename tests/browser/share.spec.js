// A visitor shares a lab: the link holds all of it, opens anywhere, and a broken one says so.
import { deflateRawSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { test, expect, complaints, started } from './site.js';

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

const bomb = () => `#s=1.${deflateRawSync(Buffer.alloc(40_000_000, 'a')).toString('base64url')}`;

for (const [name, hash, words] of [
  ['cut off', fragment(FIRST).slice(0, 300), 'not whole'],
  ['no lab', fragment({ hello: 'world' }), 'not whole'],
  ['of wrong types', fragment({ ...FIRST, request: { method: 7 } }), 'not whole'],
  ['no format', '#s=hello', 'not whole'],
  ['of a later format', fragment(FIRST).replace('#s=1.', '#s=2.'), 'format 2'],
  ['huge', `#s=1.${'A'.repeat(500_000)}`, 'longer than any lab'],
  ['a zip bomb', bomb(), 'more than any lab'],
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
