// A visitor with a phone, or with the page enlarged: one pane at a time, and every part in reach.
import { test, expect, complaints, started } from './site.js';

const lesson = 'learn/first-http-filters/add-a-header/';
const bar = page => page.getByRole('navigation', { name: 'What to show' });
const pane = (page, name) => bar(page).getByRole('button', { name });
const seen = (page, role, name) => page.getByRole(role, { name }).filter({ visible: true });

const screens = { 'a phone': [390, 844], 'a page at 200 %': [640, 450] };

for (const [what, [width, height]] of Object.entries(screens)) {
  test(`on ${what} each pane has its own parts, and none is lost`, async ({ page, site }) => {
    const found = complaints(page);
    await page.setViewportSize({ width, height });
    await page.goto(site + lesson);
    await started(page);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.getByRole('region', { name: 'Lab' })).toBeHidden();

    await pane(page, 'Edit').click();
    for (const name of ['Request', 'envoy.yaml']) {
      await page.getByRole('tab', { name }).click();
      await expect(page.getByRole('tabpanel', { name })).toBeVisible();
    }
    // What changes the lab stands with its editors.
    await expect(seen(page, 'button', 'Reset')).toHaveCount(1);
    await expect(seen(page, 'button', 'Share')).toHaveCount(1);
    await expect(page.getByRole('tab', { name: /^Result/ })).toBeHidden();

    await bar(page).getByRole('button', { name: /^Run/ }).click();
    await expect(pane(page, 'Result')).toHaveAttribute('aria-pressed', 'true');
    for (const name of [/^Timeline/, /^Picture/, /^State/, /^Logs/, /^Checks/, /^Result/]) {
      await page.getByRole('tab', { name }).click();
      await expect(page.getByRole('tabpanel', { name })).toBeVisible();
    }
    await expect(seen(page, 'button', 'Reset')).toHaveCount(0);
    await expect(seen(page, 'button', 'Share')).toHaveCount(0);
    const overflow = await page.evaluate(() =>
      document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow, 'scrolls sideways').toBe(0);
    // Nothing hides behind the bar at the bottom for good.
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    const last = await page.getByRole('tabpanel', { name: /^Result/ }).boundingBox();
    const bottom = await bar(page).boundingBox();
    expect(last.y + last.height).toBeLessThanOrEqual(bottom.y);
    expect(found).toEqual([]);
  });

  test(`on ${what} the panes are chosen by keyboard alone`, async ({ page, site }) => {
    await page.setViewportSize({ width, height });
    await page.goto(`${site}playground/`);
    await started(page);
    await pane(page, 'Result').focus();
    await page.keyboard.press('Enter');
    await expect(page.getByText('No run yet.').filter({ visible: true })).toHaveCount(1);
    await page.keyboard.press('Shift+Tab');
    await expect(pane(page, 'Edit')).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.getByLabel('Path', { exact: true })).toBeVisible();
    await page.keyboard.press('Control+Enter');
    await expect(page.getByRole('tabpanel', { name: 'Result' }).getByText('x-hello').first()).toBeVisible();
  });
}
