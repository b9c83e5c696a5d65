// A visitor looks for the order of threads in which a counter loses a visit, and opens it.
import { test, expect, complaints, started } from './site.js';

const tab = (page, name) => page.getByRole('tab', { name });
const panel = (page, name) => page.getByRole('tabpanel', { name });

test('every order of two threads is tried, and the one that loses an update opens as a timeline', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(`${site}playground/threads/`);
  await started(page);
  await page.keyboard.press('Control+Enter');
  await tab(page, 'Checks').click();
  const checks = panel(page, 'Checks');
  await expect(checks.getByText('Every order of the threads')).toBeVisible();
  await checks.getByRole('button', { name: 'Try every order' }).click();
  await expect(checks.getByText('All 4 orders were run, and a check fails in 2.')).toBeVisible();
  await expect(checks.getByText('leaves a thread once')).toBeVisible();

  await checks.getByRole('button', { name: 'Open this order in the timeline' }).click();
  const timeline = panel(page, 'Timeline');
  await timeline.getByRole('searchbox').fill('set_shared_data');
  await expect(timeline.getByRole('row', { name: /host call set_shared_data/ }).first()).toBeVisible();
  await tab(page, 'Checks').click();
  // The run that is shown is the one in which the check fails; what was found stays.
  await expect(checks.getByText('shared data visits').first()).toBeVisible();
  await expect(checks.getByText('All 4 orders were run')).toBeVisible();
  expect(found).toEqual([]);
});
