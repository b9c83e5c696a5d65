// A learner watches a message move through the proxy.
import { AxeBuilder } from '@axe-core/playwright';
import { test, expect, complaints, started } from './site.js';

const addHeader = 'learn/first-http-filters/add-a-header/';

const tab = (page, name) => page.getByRole('tab', { name });
const panel = page => page.getByRole('tabpanel', { name: 'Picture' });
const chain = page => panel(page).getByRole('list', { name: 'From the client to the upstream' });
const here = page => chain(page).locator('[aria-current=step]');

async function opened(page, site) {
  await page.goto(site + addHeader);
  await started(page);
  await page.keyboard.press('Control+Enter');
  await tab(page, 'Picture').click();
  await expect(chain(page).getByText('add-header', { exact: true })).toBeVisible();
}

test('a learner picks an event in the timeline and sees where its message is', async ({ page, site }) => {
  const found = complaints(page);
  await opened(page, site);
  await expect(here(page)).toHaveCount(0);
  await tab(page, 'Timeline').click();
  const rows = page.getByRole('tabpanel', { name: 'Timeline' }).getByRole('grid');
  await rows.getByRole('row', { name: /host call add_header_map_value/ }).first().click();
  await tab(page, 'Picture').click();
  await expect(here(page)).toContainText(/Wasm filter, VM \d+\s*add-header/);
  await expect(here(page)).toContainText('request headers');
  await expect(here(page).getByRole('img', { name: 'towards the upstream' })).toBeVisible();
  const worker = panel(page).getByRole('list', { name: 'Threads and their VMs' })
    .getByRole('listitem').filter({ hasText: 'worker 0' }).first();
  await expect(worker).toContainText('runs now');
  expect(found).toEqual([]);
});

test('the message goes from the client to the upstream and back as a learner steps by keyboard', async ({ page, site }) => {
  await opened(page, site);
  const slider = panel(page).getByRole('slider', { name: 'Event' });
  await slider.press('Home');
  const seen = [];
  const last = Number(await slider.getAttribute('max'));
  for (let at = 1; at <= last; at += 1) {
    await slider.press('ArrowRight');
    await expect(slider).toHaveAttribute('aria-valuetext', at === last ? /^The end/ : new RegExp(`^Event ${at}:`));
    if (await here(page).count() === 0) continue;
    const [name] = await here(page).locator('strong').allTextContents();
    if (seen.at(-1) !== name) seen.push(name);
  }
  expect(seen.slice(0, 6)).toEqual(['client', 'add-header', 'router', 'web', 'add-header', 'client']);
});

/** Opens the playground with this lab. */
async function playground(page, site, lab) {
  await page.goto(`${site}playground/`);
  await started(page);
  await tab(page, 'lab.yaml').click();
  await page.getByRole('textbox', { name: 'lab.yaml' }).fill(lab);
  await page.keyboard.press('Control+Enter');
}

/** One filter of these samples in the chain. */
const labOf = (sample, reply, request = '{path: /}') => `envoy:
  http_filters:
  - name: envoy.filters.http.wasm
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config: {name: mine, vm_config: {runtime: envoy.wasm.runtime.v8, code: {local: {filename: /f.wasm}}}}
files:
  /f.wasm: {sample: ${sample}}
upstreams:
  web:
  - reply: ${reply}
scenarios:
- name: one
  traffic:
  - request: ${request}
`;

test('a learner steps to where a filter holds a body back, and reads how much of it', async ({ page, site }) => {
  await playground(page, site, labOf('rewrite-body', '{status: 200, body: "A secret, cut.", chunks: [5, 9]}'));
  await tab(page, 'Picture').click();
  const mine = chain(page).getByRole('listitem').filter({ hasText: 'Wasm filter' }).first();
  await expect(mine).toBeVisible();
  const slider = panel(page).getByRole('slider', { name: 'Event' });
  await slider.press('Home');
  const last = Number(await slider.getAttribute('max'));
  const notes = new Set();
  for (let at = 1; at <= last; at += 1) {
    await slider.press('ArrowRight');
    await expect(slider).toHaveAttribute('aria-valuetext', at === last ? /^The end/ : new RegExp(`^Event ${at}:`));
    for (const note of await mine.getByRole('listitem').allTextContents()) notes.add(note);
  }
  expect([...notes]).toContain('holds 5 bytes of the response body of stream 0');
  expect([...notes].join()).toMatch(/stops the response of stream 0: /);
  // At the end nothing is held.
  await expect(mine).not.toContainText('holds');
});

test('a learner sees which VM has failed, at its filter and on its thread', async ({ page, site }) => {
  await playground(page, site, labOf('panic', '{status: 200}', '{path: /, headers: {x-boom: "1"}}'));
  await tab(page, 'Picture').click();
  await expect(chain(page).locator('.failed')).toContainText('This VM has failed and is gone.');
  await expect(chain(page).locator('.failed')).toContainText(/Wasm filter, VM \d+/);
  const threads = panel(page).getByRole('list', { name: 'Threads and their VMs' });
  await expect(threads.locator('.failed')).toHaveCount(1);
  await expect(threads.locator('.failed')).toContainText('This VM has failed and is gone.');
  // Before it failed, it had not.
  await panel(page).getByRole('slider', { name: 'Event' }).press('Home');
  await expect(chain(page).locator('.failed')).toHaveCount(0);
});

for (const colorScheme of ['light', 'dark']) {
  test(`the picture has nothing for axe to object to, and fits a phone, ${colorScheme}`, async ({ page, site }) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(site + addHeader);
    await started(page);
    await page.getByRole('button', { name: 'Result' }).click();
    await page.getByRole('button', { name: /^Run/ }).filter({ visible: true }).first().click();
    await tab(page, 'Picture').click();
    await expect(chain(page).getByText('add-header', { exact: true })).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target)}`)).toEqual([]);
    const overflow = await page.evaluate(() =>
      document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow).toBe(0);
  });
}
