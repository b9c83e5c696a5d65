// From an empty file to a link that somebody else opens.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, expect, complaints, repository, started, write } from './site.js';

const lesson = 'learn/first-http-filters/answer-in-its-place/';
const solution = readFileSync(
  join(repository, 'content/en/04-first-http-filters/02-answer-in-its-place/solution/filter.ts'), 'utf8');

const results = page => page.getByRole('tabpanel', { name: 'Result' });

async function editor(page) {
  await page.getByRole('tab', { name: 'filter.ts' }).click();
  const text = page.locator('.cm-content').and(page.getByRole('textbox', { name: 'filter.ts' }));
  await expect(text).toBeVisible();
  return text;
}

test('a filter in AssemblyScript: an empty file, an error at its line, mended, run, checked, shared, and the same run elsewhere', async ({ page, browser, site }) => {
  test.setTimeout(240_000);
  const found = complaints(page);
  await page.goto(site + lesson);
  await started(page);
  const text = await editor(page);
  await write(text, ' ');
  await page.keyboard.press('Backspace');
  await expect(text).toHaveText('');
  // By keyboard: a mistake, which is marked at its line.
  const line = solution.split('\n').findIndex(line => line.includes('FilterHeadersStatusValues.StopIteration'));
  await page.keyboard.insertText(solution.replace('Values.StopIteration', 'Values.StopIterating'));
  await expect(page.locator('.cm-lintRange-error:visible').first()).toBeVisible({ timeout: 90_000 });
  await expect(page.getByText(new RegExp(`^Line ${line + 1}, column`))).toBeVisible();
  await write(text, solution);
  await expect(page.getByText(/^Line \d+, column/)).toHaveCount(0, { timeout: 60_000 });
  await page.keyboard.press('Control+Enter');
  await expect(page.locator('.task.done')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('tab', { name: /^Checks/ })).toContainText(/(\d+)\/\1/);
  const seen = await results(page).innerText();
  const events = await page.getByRole('tab', { name: /^Timeline/ }).innerText();

  await page.getByRole('button', { name: 'Share' }).click();
  const link = await page.getByRole('dialog', { name: 'Share this lab' }).getByLabel('Link to this lab').inputValue();
  const other = await (await browser.newContext()).newPage();
  const foundThere = complaints(other);
  await other.goto(link);
  await started(other);
  await expect(await editor(other)).toContainText('open-sesame');
  await other.keyboard.press('Control+Enter');
  await expect(results(other)).toContainText('401', { timeout: 90_000 });
  expect(await results(other).innerText()).toBe(seen);
  expect(await other.getByRole('tab', { name: /^Timeline/ }).innerText()).toBe(events);
  await expect(other.getByRole('tab', { name: /^Checks/ })).toContainText(/(\d+)\/\1/);
  expect(foundThere).toEqual([]);
  expect(found).toEqual([]);
  await other.context().close();
});
