// The first page's chain: the build's run at first, then the engine's own.
import { AxeBuilder } from '@axe-core/playwright';
import { test, expect, complaints, started } from './site.js';

const toggles = page => page.locator('.demo .toggle input');
const engines = page => {
  const asked = [];
  page.on('request', request => { if (/\/engine-/.test(request.url())) asked.push(request.url()); });
  return asked;
};

test('a toggled chain is run by the engine in the page, and its run is what the build had', async ({ page, site }) => {
  const found = complaints(page);
  const asked = engines(page);
  await page.goto(site);
  await started(page);
  await page.waitForLoadState('networkidle');
  expect(asked).toEqual([]);
  const said = page.locator('.demo-said');
  await expect(said).toContainText('made by the lessons');
  const picture = node => node.innerText.replace(/\s+/g, ' ').trim();
  const shown = page.locator('.demo .outcome:visible');
  // Every choice there is: toggled one at a time, as bits of a number change.
  for (const at of [0, 1, 0, 2, 0, 1, 0, 2]) {
    await page.evaluate(() => { document.querySelector('.demo .outcome.live').replaceChildren(); });
    await toggles(page).nth(at).click();
    await expect(page.locator('.demo .outcome.live .chain')).toBeVisible();
    await expect(said).toContainText('by the engine in this page');
    await expect(shown).toHaveCount(1);
    await expect(shown).toHaveClass(/live/);
    const live = await shown.evaluate(picture);
    await page.evaluate(() => document.querySelector('.demo').classList.remove('is-live'));
    await expect(shown).toHaveCount(1);
    expect(live).toBe(await shown.evaluate(picture));
    await page.evaluate(() => document.querySelector('.demo').classList.add('is-live'));
  }
  expect(asked.length).toBe(2);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  expect(found).toEqual([]);
});

test('the chain has a native filter, a script and a module', async ({ page, site }) => {
  await page.goto(site);
  await started(page);
  await page.getByRole('checkbox', { name: /lua/ }).check();
  const shown = page.locator('.demo .outcome:visible');
  await expect(shown).toHaveClass(/live/);
  await expect(shown).toContainText('Native filter');
  await expect(shown).toContainText('Lua filter');
  await expect(shown).toContainText('status 401');
  await expect(shown).toContainText('The request never reached an upstream.');
  await expect(shown).not.toContainText('add-header');
  await page.getByRole('checkbox', { name: /lua/ }).uncheck();
  await expect(shown).toContainText('x-hello: world');
  await expect(shown).toContainText('Wasm filter');
});

test('while the engine cannot be had, the run of the build is shown and said to be so', async ({ page, site }) => {
  await page.route(/\/engine-.*\.wasm$/, route => route.abort());
  await page.goto(site);
  await started(page);
  await page.getByRole('checkbox', { name: /lua/ }).check();
  await expect(page.locator('.demo-said')).toContainText('The engine does not run here');
  const shown = page.locator('.demo .outcome:visible');
  await expect(shown).toHaveCount(1);
  await expect(shown).toContainText('status 401');
  await page.unroute(/\/engine-.*\.wasm$/);
  await page.getByRole('checkbox', { name: /lua/ }).uncheck();
  await expect(page.locator('.demo-said')).toContainText('by the engine in this page');
});

test('a call of the reference is tried in a playground that makes it', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(`${site}reference/host-calls/#proxy_set_shared_data`);
  await started(page);
  await page.locator('#proxy_set_shared_data').getByRole('link', { name: 'Shared data and its numbers' }).click();
  await expect(page).toHaveURL(`${site}playground/try/shared-data/`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Playground: Shared data and its numbers');
  await expect(page.getByRole('tab', { name: 'filter.wat' })).toBeVisible();
  await page.getByRole('button', { name: /^Run/ }).click();
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await expect(page.getByRole('tabpanel', { name: 'Timeline' }).getByText('set_shared_data').first()).toBeVisible();
  expect(found).toEqual([]);
});

for (const [width, height] of [[768, 1024], [1280, 800]]) {
  test(`the chain stands in the first screen, and goes from left to right, ${width} px`, async ({ page, site }) => {
    await page.setViewportSize({ width, height });
    await page.goto(site);
    const stations = page.locator('.outcome:visible .station');
    const boxes = await stations.evaluateAll(all => all.map(station => station.getBoundingClientRect()));
    expect(boxes.length).toBe(4);
    for (const [at, box] of boxes.entries()) {
      expect(box.bottom).toBeLessThan(height);
      if (at > 0) expect(box.left).toBeGreaterThan(boxes[at - 1].right);
    }
  });
}
