// A learner reads what a run was checked for, and looks where it went wrong.
import { AxeBuilder } from '@axe-core/playwright';
import { test, expect, complaints, started, write } from './site.js';

const addHeader = 'learn/first-http-filters/add-a-header/';
const chunks = 'learn/bodies/chunks/';

const tab = (page, name) => page.getByRole('tab', { name });
const panel = page => page.getByRole('tabpanel', { name: /^Checks/ });
const bad = page => panel(page).locator('li.bad');
const grid = page => page.getByRole('tabpanel', { name: /^Timeline/ }).getByRole('grid');
const announced = page => page.getByRole('region', { name: 'Lab' }).getByRole('status');

async function ran(page, site, lesson) {
  await page.goto(site + lesson);
  await started(page);
  await page.keyboard.press('Control+Enter');
  await expect(tab(page, /^Checks/)).toContainText(/\d+\/\d+/);
}

test('a check that fails says what was expected and what came, and opens the timeline where it went wrong', async ({ page, site }) => {
  const found = complaints(page);
  await ran(page, site, chunks);
  await tab(page, /^Checks/).click();
  const body = bad(page).filter({ hasText: 'body' }).first();
  await expect(body).toContainText('A [redacted], cut in two.');
  await expect(body).toContainText('A secret, cut in two.');
  await expect(body).toContainText('The first chunk ends in the middle of the word.');
  await body.getByRole('button', { name: /^Show event \d+ in the timeline/ }).click();
  await expect(tab(page, /^Timeline/)).toHaveAttribute('aria-selected', 'true');
  await expect(grid(page).locator('[aria-selected=true]')).toContainText('client');
  await expect(grid(page).locator('[aria-selected=true]')).toBeInViewport();
  expect(found).toEqual([]);
});

test('every check that fails leads into the timeline, what never happened too, by keyboard alone', async ({ page, site }) => {
  await ran(page, site, addHeader);
  // The log line that nobody wrote.
  await tab(page, /^Result/).focus();
  await page.keyboard.press('End');
  await expect(tab(page, /^Checks/)).toHaveAttribute('aria-selected', 'true');
  await expect(bad(page).filter({ hasText: 'log lines at info' }).first()).toBeVisible();
  const all = await bad(page).count();
  await expect(bad(page).getByRole('button', { name: /^Show event/ })).toHaveCount(all);
  await bad(page).getByRole('button', { name: /^Show event/ }).first().focus();
  await page.keyboard.press('Enter');
  await expect(grid(page)).toBeFocused();
  await expect(grid(page)).toHaveAttribute('aria-activedescendant', /^row-\d+$/);
});

test('a hidden scenario is named, and nothing of it is shown until it passes', async ({ page, site }) => {
  await ran(page, site, addHeader);
  const name = 'two requests with a body';
  await expect(announced(page).filter({ hasText: /check/ }).first()).toBeAttached();
  await page.getByLabel('Scenario').selectOption(`${name} (hidden)`);
  const closed = 'This scenario is closed until it passes';
  await expect(page.getByRole('tabpanel', { name: 'Result' })).toContainText(closed);
  for (const view of [/^Timeline/, /^Picture/, /^State/, /^Logs/]) {
    await tab(page, view).click();
    await expect(page.getByRole('tabpanel', { name: view })).not.toContainText('upload');
  }
  await tab(page, /^Checks/).click();
  await expect(panel(page).getByRole('heading', { name })).toBeVisible();
  await expect(panel(page)).toContainText(closed);
  await expect(panel(page)).not.toContainText('Each request should show up');

  // It passes: now it is open.
  const hint = page.getByRole('button', { name: /^Hint/ });
  while (await hint.first().isVisible()) await hint.first().click();
  await page.getByRole('button', { name: 'Show a solution' }).click();
  await page.keyboard.press('Control+Enter');
  await expect(panel(page)).toContainText('Each request has a context of its own');
  await expect(panel(page)).not.toContainText(closed);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target)}`)).toEqual([]);
});

test('script in any field is text: request, answers, search, address, editors', async ({ page, site }) => {
  const evil = '"><img src=x onerror="self.ran = true"><script>self.ran = true</script>';
  test.slow();
  const found = [];
  page.on('pageerror', error => found.push(String(error)));
  for (const lesson of ['playground/', 'learn/runtime/one-vm-per-worker/', 'learn/abi/memory-ownership/', addHeader]) {
    await page.goto(site + lesson);
    await started(page);
    if (await page.locator('form.answer').count()) await expect(page.locator('.tasks[data-ready]')).toHaveCount(1);
    await page.keyboard.press('Control+Enter');
    await expect(tab(page, /^Timeline/)).toContainText(/\d/);
    for (const view of [/^Timeline/, /^State/]) {
      await tab(page, view).click();
      const memory = page.getByText(/^Memory of VM/);
      if (await memory.isVisible()) await memory.click();
      const fields = page.locator('main input:is([type=text], [type=search], :not([type])):visible');
      for (let at = 0; at < await fields.count(); at += 1) await fields.nth(at).fill(evil);
    }
    const add = page.getByRole('button', { name: 'Add header' });
    if (await add.isVisible()) {
      await add.click();
      await page.getByLabel('Name of header').last().fill(evil);
      await page.getByLabel('Value of header').last().fill(evil);
    }
    const body = page.getByRole('tabpanel', { name: 'Request' }).locator('textarea:visible');
    if (await body.count()) await body.first().fill(evil);
    await page.keyboard.press('Control+Enter');
    // Each editor in turn.
    for (const editor of await page.getByRole('tablist', { name: 'Editors' }).getByRole('tab').all()) {
      await editor.click();
      const text = page.locator('.lab-edit .cm-content').filter({ visible: true });
      if (await text.count()) {
        await write(text.first(), evil);
        await page.keyboard.press('Control+Enter');
      }
    }
    await page.reload();
    await started(page);
    expect(await page.locator('img').count(), lesson).toBe(0);
    expect(await page.evaluate(() => self.ran), lesson).toBeUndefined();
  }
  expect(found).toEqual([]);
});
