// A browser that keeps nothing: the page says so once, and everything else works.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, expect, repository, started } from './site.js';

const results = page => page.getByRole('tabpanel', { name: 'Result' });
const notice = page => page.getByRole('alert').filter({ hasText: 'keeps nothing for this page' });

/** What a browser does that blocks storage, and one whose storage is full. */
const ways = {
  blocked: () => {
    const closed = () => { throw new DOMException('closed', 'SecurityError'); };
    Object.defineProperty(window, 'localStorage', { get: closed });
    IDBFactory.prototype.open = closed;
  },
  full: () => {
    const full = () => { throw new DOMException('full', 'QuotaExceededError'); };
    Storage.prototype.setItem = full;
    IDBObjectStore.prototype.put = full;
  },
};

for (const [how, way] of Object.entries(ways)) {
  test(`with storage ${how}, edits and modules work for this visit, and one notice says so`, async ({ page, site }) => {
    const errors = [];
    page.on('pageerror', error => errors.push(String(error)));
    await page.addInitScript(way);
    await page.goto(`${site}playground/`);
    await started(page);
    await page.getByLabel('Path', { exact: true }).fill('/admin');
    await expect(notice(page)).toBeVisible();
    await page.getByRole('button', { name: 'Close' }).click();
    await expect(notice(page)).toHaveCount(0);

    const buffer = readFileSync(join(repository, 'target/filters/block-path.wasm'));
    await page.getByLabel('Open your own .wasm').setInputFiles({ name: 'mine.wasm', mimeType: 'application/wasm', buffer });
    await page.getByRole('button', { name: 'Put in the chain mine.wasm' }).click();
    await page.keyboard.press('Control+Enter');
    await expect(results(page).getByText('403').first()).toBeVisible();
    // It was said.
    await page.getByLabel('Path', { exact: true }).fill('/other');
    await expect(notice(page)).toHaveCount(0);
    await page.reload();
    await started(page);
    await expect(page.getByLabel('Path', { exact: true })).toHaveValue('/hello');
    expect(errors).toEqual([]);
  });
}
