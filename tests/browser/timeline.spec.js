// A learner looks through a run: as a table and as a sequence diagram, by mouse and by keyboard.
import { AxeBuilder } from '@axe-core/playwright';
import { test, expect, complaints, started, write } from './site.js';

const addHeader = 'learn/first-http-filters/add-a-header/';

const tab = (page, name) => page.getByRole('tab', { name });
const panel = page => page.getByRole('tabpanel', { name: 'Timeline' });
const grid = page => panel(page).getByRole('grid');
const picked = page => grid(page).locator('[aria-selected=true]');
const details = page => panel(page).getByRole('region', { name: 'Event' });

/** Runs a lab of so many requests in the playground and opens its timeline. */
async function big(page, site, requests) {
  await page.goto(site + 'playground/');
  await started(page);
  await tab(page, 'lab.yaml').click();
  // Once the editor stands over the text area: filling what is in sight would leave the rest.
  const area = page.locator('textarea[aria-label="lab.yaml"]');
  await expect(area).toBeHidden();
  const lab = await area.inputValue();
  const traffic = lab.slice(0, lab.indexOf('scenarios:')) +
    `scenarios:\n- name: many\n  traffic:\n${'  - {request: {path: /hello}}\n'.repeat(requests)}`;
  await write(page.getByRole('textbox', { name: 'lab.yaml' }), traffic);
  await page.keyboard.press('Control+Enter');
  await tab(page, 'Timeline').click();
  await expect(panel(page).getByText(/^\d+ events$/)).toBeVisible();
}

test('a learner steps through the events by arrow keys and opens the state at one', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(site + addHeader);
  await started(page);
  await page.keyboard.press('Control+Enter');
  await tab(page, 'Timeline').click();
  await expect(panel(page).getByText(/Choose an event/)).toBeVisible();
  await grid(page).focus();
  await page.keyboard.press('ArrowDown');
  await expect(picked(page)).toContainText('vm_start');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await expect(picked(page)).toContainText('vm_start');
  await page.keyboard.press('End');
  const n = Number((await panel(page).getByText(/^\d+ events$/).textContent()).split(' ')[0]);
  await expect(grid(page)).toHaveAttribute('aria-activedescendant', `row-${n - 1}`);
  await expect(picked(page)).toBeInViewport();
  await expect(details(page).getByText(`Event ${n - 1}`)).toBeVisible();
  await page.keyboard.press('Home');
  await expect(details(page).getByText('vm_start')).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(tab(page, 'State')).toBeFocused();
  await expect(page.getByRole('tabpanel', { name: 'State' }).getByText(/^Event 0: vm_start/)).toBeVisible();
  expect(found).toEqual([]);
});

test('a learner sees a host call with its arguments, its status, the reason and its fuel', async ({ page, site }) => {
  await page.goto(site + addHeader);
  await started(page);
  await page.keyboard.press('Control+Enter');
  await tab(page, 'Timeline').click();
  await grid(page).getByRole('row', { name: /host call add_header_map_value/ }).first().click();
  await expect(details(page).getByText('request_headers')).toBeVisible();
  await expect(details(page).getByText('x-hello')).toBeVisible();
  await expect(details(page).getByText('Ok')).toBeVisible();
  await grid(page).getByRole('row', { name: /callback on_request_headers/ }).first().click();
  await expect(details(page).getByText('Fuel')).toBeVisible();
});

test('a learner filters by text, by thread, by VM and by kind, and is told how many events are left', async ({ page, site }) => {
  await page.goto(site + addHeader);
  await started(page);
  await page.keyboard.press('Control+Enter');
  await tab(page, 'Timeline').click();
  const kinds = panel(page).getByLabel('Kind of event');
  await kinds.selectOption('host call');
  await expect(panel(page).getByText(/^\d+ of \d+ events$/)).toBeVisible();
  await expect(grid(page).getByRole('row', { name: /callback/ })).toHaveCount(0);
  await kinds.selectOption('All kinds');
  const lanes = panel(page).getByLabel('Thread or VM');
  await lanes.selectOption('client');
  await expect(grid(page).getByRole('row', { name: /client request_headers/ })).toBeVisible();
  await expect(grid(page).getByRole('row', { name: /upstream request_headers/ })).toHaveCount(0);
  const vm = (await lanes.locator('option').allTextContents()).findLast(name => /^VM \d+/.test(name));
  await lanes.selectOption(vm);
  await expect(grid(page).getByRole('row', { name: /host call add_header_map_value/ }).first()).toBeVisible();
  await expect(grid(page).getByRole('row', { name: /client request_headers/ })).toHaveCount(0);
  await lanes.selectOption('worker 0');
  await expect(panel(page).getByText(/^\d+ of \d+ events$/)).toBeVisible();
  await panel(page).getByRole('searchbox').fill('no such text');
  await expect(panel(page).getByText(/^No event fits/)).toBeVisible();
});

test('a learner reads the same events as a sequence diagram', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(site + addHeader);
  await started(page);
  await page.keyboard.press('Control+Enter');
  await tab(page, 'Timeline').click();
  await panel(page).getByRole('button', { name: 'Diagram' }).click();
  for (const lane of ['client', 'worker 0', 'upstream']) {
    await expect(grid(page).getByRole('columnheader', { name: lane, exact: true })).toBeAttached();
  }
  const call = grid(page).getByRole('gridcell', { name: /^VM \d+ add-header → worker 0: add_header_map_value/ });
  await call.first().click();
  await expect(details(page).getByText('x-hello')).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target)}`)).toEqual([]);
  expect(found).toEqual([]);
});

test('ten thousand events are scrolled and jumped through, of which only those in sight exist', async ({ page, site }) => {
  test.slow();
  const found = complaints(page);
  await big(page, site, 500);
  const n = Number((await panel(page).getByText(/^\d+ events$/).textContent()).split(' ')[0]);
  expect(n).toBeGreaterThan(10_000);
  await grid(page).hover();
  await page.mouse.wheel(0, 30 * 5_000);
  await expect(grid(page).locator('#row-5000')).toBeInViewport();
  await grid(page).focus();
  await page.keyboard.press('End');
  await expect(grid(page)).toHaveAttribute('aria-activedescendant', `row-${n - 1}`);
  await expect(picked(page)).toBeInViewport();
  await page.keyboard.press('Home');
  await expect(grid(page)).toHaveAttribute('aria-activedescendant', 'row-0');
  expect(await grid(page).getByRole('row').count()).toBeLessThan(150);
  expect(found).toEqual([]);
});
