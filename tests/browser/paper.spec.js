// A part on paper, the licences' texts, the page of an address that does not exist.
import { AxeBuilder } from '@axe-core/playwright';
import { test, expect, complaints, started, xtask } from './site.js';

const part = 'learn/first-http-filters/print/';

test('the map leads to a part on paper, which a press prints', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(`${site}learn/`);
  await started(page);
  await page.getByRole('link', { name: /Print this part.*First HTTP filters/ }).click();
  await expect(page).toHaveURL(site + part);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('First HTTP filters');
  await page.evaluate(() => { self.print = () => { self.printed = true; }; });
  await page.getByRole('button', { name: 'Print' }).click();
  expect(await page.evaluate(() => self.printed)).toBe(true);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.target).join(', ')}`)).toEqual([]);
  expect(found).toEqual([]);
});

test('on paper stand all lessons with code, tasks and lines, black on white, and no control', async ({ page, site }) => {
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await page.addInitScript(() => localStorage.setItem('tour.theme', 'dark'));
  await page.goto(site + part);
  await started(page);
  const lessons = page.locator('.paper-lesson');
  const titles = await lessons.locator('h2').allTextContents();
  expect(titles.length).toBeGreaterThan(1);
  expect(titles).toContain('Add a header');
  const first = lessons.filter({ has: page.getByRole('heading', { name: 'Add a header', exact: true }) });
  await expect(first.locator('figure.code').getByText('envoy.yaml')).toBeVisible();
  await expect(first.locator('.paper-task').first()).toBeVisible();
  expect(await first.locator('.paper-lines span').first().evaluate(line => line.getBoundingClientRect().height)).toBeGreaterThan(20);
  // Nothing to press, choose or type in.
  for (const control of await page.locator('button, input, select, textarea, summary').all()) await expect(control).toBeHidden();
  await expect(page.locator('.site-header')).toBeHidden();
  const colours = await lessons.locator('p').evaluateAll(all => all.map(text => getComputedStyle(text).color));
  for (const colour of new Set(colours)) {
    const sum = colour.match(/\d+/g).slice(0, 3).reduce((all, part) => all + Number(part), 0);
    expect(sum, colour).toBeLessThan(390);
  }
  // Each lesson begins on a page of its own, and no part of the text is beside the paper.
  const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
  expect(pdf.match(/\/Type\s*\/Page\b/g).length).toBeGreaterThanOrEqual(titles.length);
  await page.setViewportSize({ width: 794, height: 1123 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(794);
  // One id is one element, also where lessons are alike.
  const ids = await page.locator('[id]').evaluateAll(all => all.map(element => element.id));
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
});

test('licences are there in full, each text once', async ({ page, site }) => {
  await page.goto(`${site}licences/`);
  await started(page);
  const texts = page.locator('details.licence');
  expect(await texts.count()).toBeGreaterThan(10);
  const all = await texts.locator('pre').allTextContents();
  expect(new Set(all).size).toBe(all.length);
  await texts.first().locator('summary').click();
  await expect(texts.first().locator('pre')).toBeVisible();
  await expect(texts.getByRole('button', { name: 'Copy', includeHidden: true })).toHaveCount(0);
  for (const name of ['wasmi ', 'leptos ', 'codemirror ', 'assemblyscript ', 'wat ', 'proxy-wasm ']) {
    const said = page.locator('details.licence summary, #without ~ ul li').filter({ hasText: name });
    expect(await said.count(), name).toBeGreaterThan(0);
  }
});

for (const mount of ['/', '/x/y/']) {
  test(`an address that does not exist leads on, below ${mount}`, async ({ page, request }) => {
    const server = await xtask(['static', 'dist', '--port', '0', '--mount', mount]);
    try {
      for (const path of ['nothing', 'learn/nothing/at/all/']) {
        expect((await request.get(server.url + path)).status()).toBe(404);
        await page.goto(server.url + path);
        await started(page);
        await expect(page.getByRole('heading', { level: 1 })).toHaveText('This page does not exist');
        const header = page.locator('.site-header');
        // The style sheet has come.
        expect(await header.evaluate(element => getComputedStyle(element).display)).not.toBe('block');
        await page.getByRole('link', { name: 'See all lessons' }).click();
        await expect(page).toHaveURL(`${server.url}learn/`);
        await expect(page.getByRole('heading', { level: 1 })).toHaveText('The course');
      }
    } finally {
      server.stop();
    }
  });
}
