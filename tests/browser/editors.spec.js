// A visitor writes: in editors that know the language, say what is wrong where it is, and leave the
// keyboard free.
import { deflateRawSync } from 'node:zlib';
import { test, expect, complaints, started, write } from './site.js';

const byHand = 'learn/webassembly/a-module-by-hand/';

const run = page => page.getByRole('button', { name: /^Run/ }).filter({ visible: true }).first();
const tab = (page, name) => page.getByRole('tab', { name });
const results = page => page.getByRole('tabpanel', { name: 'Result' });

/** An editor, once it is one and no longer a plain text area. */
async function editor(page, name) {
  const found = page.locator('.cm-content').and(page.getByRole('textbox', { name }));
  await expect(found).toBeVisible();
  return found;
}

/** The line number at which an error is marked, of the editor that is seen. */
const marked = page => page.locator('.cm-lintRange-error:visible');

test('an editor colours its language and follows the theme', async ({ page, site }) => {
  const found = complaints(page);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${site}playground/`);
  await started(page);
  await tab(page, 'envoy.yaml').click();
  const text = await editor(page, 'envoy.yaml');
  const key = text.getByText('http_filters', { exact: true });
  const colour = () => key.evaluate(element => getComputedStyle(element).color);
  const light = await colour();
  expect(light).not.toBe(await text.evaluate(element => getComputedStyle(element).color));
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(colour).not.toBe(light);
  expect(found).toEqual([]);
});

test('a mistake in Envoy\'s YAML is shown at its line while it is typed, and goes when it is mended', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(`${site}playground/`);
  await started(page);
  await tab(page, 'envoy.yaml').click();
  const text = await editor(page, 'envoy.yaml');
  await text.press('ControlOrMeta+End');
  await text.pressSequentially('\nbogus: 1');
  await expect(marked(page)).toHaveText('bogus');
  await expect(page.getByText(/^Line \d+, column \d+/)).toBeVisible();
  await expect(text).toHaveAttribute('aria-invalid', 'true');
  await text.press('Shift+Home');
  await text.press('Backspace');
  await expect(marked(page)).toHaveCount(0);
  await expect(page.getByText(/^Line \d+, column \d+/)).toHaveCount(0);
  expect(found).toEqual([]);
});

test('a mistake in WebAssembly text is shown at its line while it is typed', async ({ page, site }) => {
  await page.goto(site + byHand);
  await started(page);
  const text = await editor(page, 'module.wat');
  await write(text, '(module\n  (func (export "add") (result i32) (i32.cons 0)))');
  await expect(marked(page)).toHaveText('i32.cons');
});

test('Tab indents after typing, and leaves after Escape', async ({ page, site }) => {
  await page.goto(site + byHand);
  await started(page);
  const text = await editor(page, 'module.wat');
  await text.fill('');
  await text.pressSequentially('a');
  await text.press('Tab');
  await text.pressSequentially('b');
  await expect(text).toHaveText('a  b');
  await text.press('Escape');
  await text.press('Tab');
  await expect(text).not.toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(text).toBeFocused();
  // Nothing was typed since: Tab leads on, as everywhere else on the page.
  await page.keyboard.press('Tab');
  await expect(text).not.toBeFocused();
  // A screen reader hears of it with the editor.
  const said = await text.evaluate(element => element.getAttribute('aria-describedby').split(' ')
    .map(id => element.getRootNode().getElementById(id).textContent).join(' '));
  expect(said).toContain('press Escape first');
});

test('Lua is coloured as Lua', async ({ page, site }) => {
  const lab = {
    lab: 'name: Lua\nscenarios:\n- name: One\n  traffic:\n  - request: {path: /}\n',
    parts: { 'filter.lua': 'function envoy_on_request(handle)\n  local n = 1\nend\n' },
    request: null, touched: false, scenarios: ['One'], modules: [],
  };
  const packed = deflateRawSync(Buffer.from(JSON.stringify(lab))).toString('base64url');
  await page.goto(`${site}playground/#s=1.${packed}`);
  await started(page);
  await tab(page, 'filter.lua').click();
  const text = await editor(page, 'filter.lua');
  const colour = element => element.evaluate(element => getComputedStyle(element).color);
  const plain = await colour(text);
  for (const word of ['function', 'local', 'end']) {
    expect(await colour(text.getByText(word, { exact: true }))).not.toBe(plain);
  }
});

test('what is typed in an editor is text, and none of it a key of the site', async ({ page, site }) => {
  await page.goto(site + byHand);
  await started(page);
  const text = await editor(page, 'module.wat');
  await text.press('ControlOrMeta+End');
  await text.pressSequentially(' ;; m [ ] / ?');
  await expect(text).toContainText(';; m [ ] / ?');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(page.url()).toBe(site + byHand);
});

test('text is found and replaced by keyboard alone, and that is undone too', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(`${site}playground/`);
  await started(page);
  await tab(page, 'envoy.yaml').click();
  const text = await editor(page, 'envoy.yaml');
  await text.press('ControlOrMeta+f');
  const find = page.getByRole('textbox', { name: 'Find' });
  await expect(find).toBeFocused();
  await page.keyboard.type('log-headers.wasm');
  await page.keyboard.press('Tab');
  const replace = page.getByRole('textbox', { name: 'Replace' });
  while (!await replace.evaluate(element => element.matches(':focus'))) await page.keyboard.press('Tab');
  await page.keyboard.type('block-path.wasm');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(text).toBeFocused();
  await expect(text).toContainText('filename: /etc/envoy/block-path.wasm');
  await expect(text).not.toContainText('log-headers.wasm');
  await text.press('ControlOrMeta+z');
  await expect(text).toContainText('log-headers.wasm');
  expect(found).toEqual([]);
});

test('a reset is shown as a diff, and undone in the editor by its own key', async ({ page, site }) => {
  await page.goto(site + byHand);
  await started(page);
  const text = await editor(page, 'module.wat');
  await text.press('ControlOrMeta+End');
  await text.pressSequentially(' ;; mine');
  await page.getByRole('button', { name: 'Reset' }).click();
  const taken = page.locator('.cm-deletedText, .cm-deletedChunk').filter({ hasText: ';; mine' });
  await expect(taken.first()).toBeVisible();
  await text.press('ControlOrMeta+z');
  await expect(taken).toHaveCount(0);
  await expect(text).toContainText(';; mine');
});

test('what was typed is there again after a reload', async ({ page, site }) => {
  await page.goto(site + byHand);
  await started(page);
  const text = await editor(page, 'module.wat');
  await text.press('ControlOrMeta+End');
  await text.pressSequentially(' ;; mine');
  await page.reload();
  await started(page);
  await expect(await editor(page, 'module.wat')).toContainText(';; mine');
});

test('a plain text area stands in when the editors cannot be had, and the lab runs', async ({ page, site }) => {
  await page.route(/\/editor-[0-9a-f]+\.js$/, route => route.abort());
  await page.goto(site + byHand);
  await started(page);
  const text = page.locator('textarea').and(page.getByRole('textbox', { name: 'module.wat' }));
  await expect(text).toBeVisible();
  await text.press('ControlOrMeta+End');
  await text.pressSequentially(' ;; mine');
  await run(page).click();
  await expect(results(page).getByText('5', { exact: true })).toBeVisible();
  await expect(text).toHaveValue(/ ;; mine$/);
});

test('a request is written as text, and its fields follow', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(`${site}playground/`);
  await started(page);
  await page.getByText('Raw request').click();
  const raw = await editor(page, 'Raw request');
  await expect(raw).toContainText('GET /hello HTTP/1.1');
  await write(raw, 'PUT /raw HTTP/1.1\nhost: example.org\nx-raw: yes\n\nbody text');
  await expect(page.getByLabel('Method', { exact: true })).toHaveValue('PUT');
  await expect(page.getByLabel('Value of header').first()).toHaveValue('yes');
  await raw.press('ControlOrMeta+Enter');
  await expect(results(page).getByText('x-raw').first()).toBeVisible();
  await expect(results(page).getByText('body text').first()).toBeVisible();
  // What is no request is marked, and the fields keep the last one that was.
  await tab(page, 'Request').click();
  await write(raw, 'PUT raw');
  await expect(marked(page)).toHaveText('raw');
  await expect(page.getByLabel('Path', { exact: true })).toHaveValue('/raw');
  expect(found).toEqual([]);
});

test('a filter is written in AssemblyScript from an empty file, mended at its line, and run', async ({ page, site }) => {
  test.setTimeout(180_000);
  const found = complaints(page);
  await page.goto(`${site}playground/`);
  await started(page);
  await page.getByRole('link', { name: 'AssemblyScript' }).click();
  await started(page);
  await tab(page, 'filter.ts').click();
  const text = await editor(page, 'filter.ts');
  await text.fill('');
  await run(page).click();
  // An empty module is no filter: the lab says so instead of passing everything on.
  await expect(page.getByRole('region', { name: 'Lab' }).getByText(/proxy_abi_version|abi/i).filter({ visible: true }).first())
    .toBeVisible({ timeout: 90_000 });
  const filter = wrong => `export * from "@gcoredev/proxy-wasm-sdk-as/assembly/proxy";
import { Context, FilterHeadersStatusValues, RootContext, registerRootContext, stream_context } from "@gcoredev/proxy-wasm-sdk-as/assembly";
class Root extends RootContext {
  createContext(id: u32): Context { return new Mine(id, this); }
}
class Mine extends Context {
  onRequestHeaders(count: u32, end: bool): FilterHeadersStatusValues {
    stream_context.headers.request.${wrong ? 'ad' : 'add'}("x-mine", "written here");
    return FilterHeadersStatusValues.Continue;
  }
}
registerRootContext((id: u32) => new Root(id), "hello");
`;
  await tab(page, 'filter.ts').click();
  await write(text, filter(true));
  await expect(marked(page)).toHaveText('ad', { timeout: 60_000 });
  await expect(page.getByText(/^Line 8, column/)).toBeVisible();
  await write(text, filter(false));
  await expect(marked(page)).toHaveCount(0, { timeout: 60_000 });
  await run(page).click();
  await expect(results(page).getByText('x-mine').first()).toBeVisible({ timeout: 60_000 });
  expect(found).toEqual([]);
});

test('a solution comes after the last hint, is shown as a diff, and can be undone', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(site + byHand);
  await started(page);
  const text = await editor(page, 'module.wat');
  await text.press('ControlOrMeta+End');
  await text.pressSequentially(' ;; mine');
  const solution = page.getByRole('button', { name: 'Show a solution' }).first();
  await expect(solution).toBeHidden();
  const hint = page.getByRole('button', { name: /hint/i }).filter({ visible: true }).first();
  while (await hint.count() > 0) await hint.click();
  await solution.click();
  await expect(page.locator('.cm-changedLine, .cm-insertedLine').filter({ visible: true }).first()).toBeVisible();
  await run(page).click();
  await expect(page.locator('.task.done')).toBeVisible();
  await text.press('ControlOrMeta+z');
  await expect(text).toContainText(';; mine');
  expect(found).toEqual([]);
});

test('edits survive a lesson that has changed since', async ({ page, site }) => {
  await page.goto(site + byHand);
  await started(page);
  const text = await editor(page, 'module.wat');
  await text.press('ControlOrMeta+End');
  await text.pressSequentially(' ;; mine');
  // The next version of the lesson begins with another text and has one more part.
  await page.route(url => url.pathname === new URL(byHand, site).pathname, async route => {
    const answer = await route.fetch();
    const html = (await answer.text()).replaceAll('The larger of two numbers', 'The greater of two numbers');
    await route.fulfill({ response: answer, body: html });
  });
  await page.reload();
  await started(page);
  await expect(await editor(page, 'module.wat')).toContainText(';; mine');
  await expect(page.getByText('These are your edits from last time.')).toBeVisible();
  await page.getByRole('button', { name: 'Reset' }).click();
  await expect(await editor(page, 'module.wat')).toContainText('greater of two numbers');
});
