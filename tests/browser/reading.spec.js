// Reading: find, look up, keep one's place, and read where nothing runs.
import { AxeBuilder } from '@axe-core/playwright';
import { readFileSync } from 'node:fs';
import { test, expect, complaints, started } from './site.js';

const lesson = 'learn/first-http-filters/add-a-header/';
const templates = ['', 'learn/', lesson, 'reference/', 'reference/host-calls/', 'reference/hosts/', 'reference/status-codes/', 'reference/messages/', 'reference/glossary/',
  'reference/properties/', 'progress/', 'licences/', 'learn/first-http-filters/print/', 'playground/try/add-header/'];

for (const colorScheme of ['light', 'dark']) {
  test(`axe has no objection to any page that is read, ${colorScheme}`, async ({ page, site }) => {
    test.setTimeout(240_000);
    await page.emulateMedia({ colorScheme });
    for (const path of templates) {
      await page.goto(site + path);
      await started(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${path}: ${id}: ${nodes.map(node => node.target).join(', ')}`)).toEqual([]);
    }
    await page.keyboard.press('/');
    await page.getByRole('dialog').getByRole('combobox').fill('header');
    await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).include('dialog').analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
  });
}

test('no page is wider than its window, from 320 px on', async ({ page, site }) => {
  test.setTimeout(240_000);
  for (const width of [320, 768, 2560]) {
    await page.setViewportSize({ width, height: 800 });
    for (const path of templates) {
      await page.goto(site + path);
      await started(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(over, `${path} at ${width}`).toBe(0);
    }
  }
});

test('nothing moves when the app takes over, and nothing comes from elsewhere', async ({ page, site }) => {
  test.setTimeout(240_000);
  const found = complaints(page);
  const elsewhere = [];
  page.on('request', request => {
    if (request.url().startsWith('http') && !request.url().startsWith(site)) elsewhere.push(request.url());
  });
  await page.addInitScript(() => {
    self.moved = 0;
    new PerformanceObserver(list => {
      for (const entry of list.getEntries()) self.moved += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  for (const path of templates) {
    await page.goto(site + path);
    await started(page);
    await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
    expect(await page.evaluate(() => self.moved), path).toBeLessThan(0.01);
  }
  expect(elsewhere).toEqual([]);
  expect(found).toEqual([]);
});

test('what is typed after / is found, and Enter opens the first result', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(site);
  await started(page);
  await page.keyboard.press('/');
  const field = page.getByRole('dialog').getByRole('combobox');
  await expect(field).toBeFocused();
  await field.pressSequentially('effective');
  await expect(page.getByRole('dialog').getByRole('option').first()).toContainText('Effective context');
  await field.press('Enter');
  await expect(page).toHaveURL(`${site}reference/glossary/#effective-context`);
  await expect(page.getByRole('heading', { name: 'Effective context' })).toBeInViewport();
  await page.keyboard.press('/');
  await field.fill('hang');
  await expect(page.getByRole('dialog').getByRole('option').first()).toContainText('My request hangs');
  await field.press('ArrowDown');
  await expect(page.getByRole('dialog').getByRole('option').nth(1)).toHaveAttribute('aria-selected', 'true');
  await field.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(found).toEqual([]);
});

test('the keyboard leads from home through a run to the next lesson', async ({ page, site }) => {
  await page.goto(site);
  await started(page);
  const walk = async (to, most = 60) => {
    for (let step = 0; step < most; step += 1) {
      if (await to.evaluate(element => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`not reached by Tab: ${to}`);
  };
  await walk(page.getByRole('link', { name: 'Start the first lesson' }));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`${site}learn/start/a-request-through-a-proxy/`);
  await expect(page.locator('h1')).toBeFocused();
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('tabpanel', { name: 'Result' }).getByText('200').first()).toBeVisible();
  const next = page.locator('.lesson-next');
  const title = (await next.innerText()).split('\n').pop();
  await page.locator('h1').focus();
  await walk(next);
  await page.keyboard.press('Enter');
  await expect(page.locator('h1')).toHaveText(title);
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toContainText('search');
  await page.keyboard.press('Escape');
  await page.keyboard.press('[');
  await expect(page).toHaveURL(`${site}learn/start/a-request-through-a-proxy/`);
});

test('keys without Ctrl can be switched off', async ({ page, site }) => {
  await page.goto(site);
  await started(page);
  await page.keyboard.press('?');
  await page.getByRole('checkbox', { name: /Keys without Ctrl/ }).uncheck();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.keyboard.press('/');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.getByRole('button', { name: /^Search/ }).click();
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
});

test('a filter can be taken out of the chain on the first page, without a script', async ({ browser, site }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(site);
  const saw = page.locator('.outcome:visible .station.upstream');
  await expect(saw).toContainText('x-hello: world');
  await page.getByRole('checkbox', { name: /add-header/ }).uncheck();
  await expect(saw).not.toContainText('x-hello');
  await page.getByRole('checkbox', { name: /lua/ }).check();
  await expect(saw).toContainText('never reached');
  await expect(page.locator('.outcome:visible .station.client')).toContainText('status 401');
  await context.close();
});

test('without a script a lesson shows the run that the build made', async ({ browser, site }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(site + lesson);
  await expect(page.getByRole('heading', { name: 'A run of this lab' })).toBeVisible();
  await expect(page.locator('.recorded')).toContainText('x-hello: world');
  await expect(page.getByRole('button', { name: /^Run/ })).toHaveCount(0);
  await page.goto(`${site}playground/try/headers/`);
  await expect(page.getByText('this browser runs no scripts')).toBeVisible();
  await context.close();
});

test('where WebAssembly is blocked every lesson reads', async ({ page, site }) => {
  test.setTimeout(240_000);
  await page.route('**/*.wasm', route => route.abort());
  await page.goto(`${site}learn/`);
  const paths = await page.locator('main .map-part li a').evaluateAll(links => links.map(link => link.href));
  expect(paths.length).toBeGreaterThan(2);
  for (const path of paths) {
    await page.goto(path);
    await expect(page.locator('html')).toHaveAttribute('data-boot', 'failed');
    await expect(page.locator('article.prose')).toBeVisible();
    await expect(page.locator('.lab')).toBeHidden();
  }
});

test('a word of the glossary is explained when it has the focus, and Escape takes it away', async ({ page, site }) => {
  await page.goto(site + lesson);
  await started(page);
  const word = page.locator('.term').first();
  await word.focus();
  await expect(word.getByRole('tooltip')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(word.getByRole('tooltip', { includeHidden: true })).toBeHidden();
});

test('code is copied by its button', async ({ page, context, site }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(site + lesson);
  await started(page);
  await page.locator('figure.code').first().hover();
  await page.getByRole('button', { name: 'Copy' }).first().click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('add_http_request_header');
});

test('the bar beside the lab moves by keys, and its place is kept', async ({ page, site }) => {
  await page.setViewportSize({ width: 1400, height: 900 });
  await page.goto(site + lesson);
  await started(page);
  const width = () => page.locator('.lab').first().evaluate(lab => lab.getBoundingClientRect().width);
  const before = await width();
  const bar = page.getByRole('separator', { name: /Width of the text/ });
  await bar.focus();
  for (let times = 0; times < 5; times += 1) await bar.press('ArrowLeft');
  const wider = await width();
  expect(wider).toBeGreaterThan(before + 50);
  await page.reload();
  await started(page);
  expect(Math.abs(await width() - wider)).toBeLessThan(2);
});

test('progress is kept, shown, saved as a file and added from one', async ({ page, site }) => {
  await page.goto(`${site}learn/webassembly/a-module-by-hand/`);
  await started(page);
  await page.locator('.lesson-nav').scrollIntoViewIfNeeded();
  await expect(async () => {
    expect(await page.evaluate(() => localStorage.getItem('tour.progress'))).toContain('a-module-by-hand');
  }).toPass();
  await page.goto(site);
  await expect(page.getByRole('link', { name: /^Continue: A module by hand/ })).toBeVisible();
  await page.goto(`${site}progress/`);
  await started(page);
  const row = page.getByRole('row', { name: /A module by hand/ });
  await expect(row).toContainText('read');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as a file' }).click();
  const kept = JSON.parse(readFileSync(await (await saved).path(), 'utf8'));
  expect(kept.lessons['a-module-by-hand'].read).toMatch(/^\d{4}-\d\d-\d\d$/);
  page.once('dialog', dialog => dialog.accept());
  await page.getByRole('button', { name: 'Forget it' }).click();
  await expect(row).not.toContainText('read');
  kept.lessons['add-a-header'] = { passed: '2026-01-02' };
  await page.getByLabel('Add from a file').setInputFiles({
    name: 'p.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(kept)),
  });
  await expect(page.getByRole('status')).toContainText('2 lessons');
  await expect(page.getByRole('row', { name: /Add a header/ })).toContainText('2026-01-02');
  await page.goto(`${site}learn/`);
  await expect(page.locator('main')).toContainText(/1 of \d+ lessons done/);
});
