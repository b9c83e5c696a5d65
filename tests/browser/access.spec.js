// Everyone can use the pages: axe finds nothing to object to, in light and dark, narrow and wide,
// and nothing is cut off on a phone.
import { AxeBuilder } from '@axe-core/playwright';
import { test, expect, complaints, started } from './site.js';

const pages = ['', 'learn/', 'playground/', 'playground/assemblyscript/', 'learn/first-http-filters/add-a-header/'];

for (const colorScheme of ['light', 'dark']) {
  for (const width of [390, 1280]) {
    test(`axe has no objection, ${colorScheme}, ${width} px`, async ({ page, site }) => {
      const found = complaints(page);
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      for (const path of pages) {
        await page.goto(site + path);
        await started(page);
        const { violations } = await new AxeBuilder({ page }).analyze();
        const objections = violations.map(({ id, nodes }) =>
          `${path}: ${id}: ${nodes.map(node => node.target).join(', ')}`);
        expect(objections).toEqual([]);
        const overflow = await page.evaluate(() =>
          document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(overflow, `${path} scrolls sideways`).toBe(0);
      }
      expect(found).toEqual([]);
    });
  }
}

test('a lesson can be read without a script', async ({ browser, site }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${site}learn/first-http-filters/add-a-header/`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.locator('main')).toContainText('x-hello');
  await context.close();
});
