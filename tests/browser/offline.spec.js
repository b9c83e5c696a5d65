// After the first visit the site needs no network.
import { test, expect, started } from './site.js';

test('lessons and labs run with the network cut', async ({ page, context, site }) => {
  await page.goto(site);
  await started(page);
  await page.evaluate(async () => { await navigator.serviceWorker.ready; });
  await context.setOffline(true);
  await page.goto(`${site}learn/first-http-filters/add-a-header/`);
  await started(page);
  await page.getByRole('button', { name: /^Run/ }).filter({ visible: true }).first().click();
  await expect(page.getByRole('tabpanel', { name: 'Result' }).getByText('x-hello').first()).toBeVisible();
  await page.keyboard.press('Escape');
  await page.locator('h1').click();
  await page.keyboard.press('/');
  await page.getByRole('dialog').getByRole('combobox').fill('root context');
  await expect(page.getByRole('dialog').getByRole('option').first()).toContainText('Root context');
});
