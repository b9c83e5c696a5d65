// A visitor goes back in time: the state of a run at one event, headers, memory and all.
import { test, expect, complaints, started } from './site.js';

const addHeader = 'learn/first-http-filters/add-a-header/';

const tab = (page, name) => page.getByRole('tab', { name });
const panel = (page, name) => page.getByRole('tabpanel', { name });
const headers = page => panel(page, 'State').getByRole('table', { name: /Stream 0: request headers/ });

test('a row of the timeline opens the state before its call, and the next event shows what it did', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(site + addHeader);
  await started(page);
  await page.keyboard.press('Control+Enter');
  await tab(page, 'Timeline').click();
  const timeline = panel(page, 'Timeline');
  await timeline.getByRole('row', { name: /host call add_header_map_value/ }).first().click();
  await timeline.getByRole('button', { name: 'Show the state at this event' }).click();

  const state = panel(page, 'State');
  await expect(tab(page, 'State')).toBeFocused();
  await expect(state.getByText(/^Event \d+: proxy_add_header_map_value, worker 0/)).toBeVisible();
  await expect(headers(page).getByText(':path')).toBeVisible();
  await expect(headers(page).getByText('x-hello')).toHaveCount(0);

  // The bytes that the call's arguments point to are marked in the module's memory.
  await state.getByText(/^Memory of VM \d+: \d+ pages/).click();
  await expect(state.locator('mark').first()).toContainText('78 2d 68 65');
  const first = state.getByRole('rowheader').filter({ hasText: /^[0-9a-f]{8}$/ }).first();
  await state.getByLabel('From address').fill('0x100000');
  await state.getByLabel('From address').press('Enter');
  await expect(first).toHaveText('00100000');

  await state.getByRole('button', { name: 'Next event' }).click();
  await expect(headers(page).getByText('x-hello')).toBeVisible();
  await expect(page.getByRole('status').getByText(/^Event \d+:/)).toBeAttached();
  expect(found).toEqual([]);
});

test('the slider goes through the run by keyboard, to its end and back', async ({ page, site }) => {
  await page.goto(site + addHeader);
  await started(page);
  await page.keyboard.press('Control+Enter');
  await tab(page, 'State').click();
  const state = panel(page, 'State');
  await expect(state.getByText('The end of the run')).toBeVisible();
  await expect(state.getByRole('table', { name: 'VMs' })).toBeVisible();
  const slider = state.getByRole('slider', { name: 'Event' });
  await slider.press('Home');
  await expect(state.getByText(/^Event 0: vm_start, main thread/)).toBeVisible();
  await slider.press('ArrowRight');
  await expect(state.getByText(/^Event 1: /)).toBeVisible();
  await expect(slider).toHaveAttribute('aria-valuetext', /^Event 1: /);
  await slider.press('End');
  await expect(state.getByText('The end of the run')).toBeVisible();
});
