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

/** Uses all that a plugin can leave behind, and holds a request's body until it is whole. */
const BUSY = `envoy:
  http_filters:
  - name: envoy.filters.http.wasm
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config: {name: busy, vm_config: {vm_id: shop, runtime: envoy.wasm.runtime.v8, code: {local: {filename: /f.wasm}}}}
files:
  /f.wasm:
    wat: |
      (module
        (import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
        (import "env" "proxy_define_metric" (func $metric (param i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_increment_metric" (func $add (param i32 i64) (result i32)))
        (import "env" "proxy_register_shared_queue" (func $queue (param i32 i32 i32) (result i32)))
        (import "env" "proxy_enqueue_shared_queue" (func $put (param i32 i32 i32) (result i32)))
        (import "env" "proxy_set_shared_data" (func $set (param i32 i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "hits")
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "malloc") (param i32) (result i32) (i32.const 1024))
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $tick (i32.const 1000)))
          (drop (call $metric (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 64)))
          (drop (call $add (i32.load (i32.const 64)) (i64.const 3)))
          (drop (call $queue (i32.const 0) (i32.const 4) (i32.const 68)))
          (drop (call $put (i32.load (i32.const 68)) (i32.const 0) (i32.const 4)))
          (drop (call $set (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4) (i32.const 0)))
          (i32.const 1))
        (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
          (i32.eqz (local.get 2))))
upstreams:
  web:
  - reply: {status: 200}
scenarios:
- name: one
  traffic:
  - request: {method: POST, path: /, body: one two three, chunks: [4, 4, 5]}
`;

test('a learner sees what is held, shared data, queues, metrics, timers and VMs at a callback, by keyboard', async ({ page, site }) => {
  test.slow();
  await page.goto(`${site}playground/`);
  await started(page);
  await tab(page, 'lab.yaml').click();
  await page.getByRole('textbox', { name: 'lab.yaml' }).fill(BUSY);
  await page.keyboard.press('Control+Enter');
  await expect(tab(page, /^Timeline/)).toContainText(/\d/);
  await tab(page, /^Timeline/).click();
  await panel(page, /^Timeline/).getByRole('searchbox').fill('on_request_body');
  const grid = panel(page, /^Timeline/).getByRole('grid');
  await expect(grid.getByRole('row', { name: /on_request_body/ })).toHaveCount(3);
  await grid.focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  const state = panel(page, 'State');
  await expect(state.getByText(/^Event \d+: proxy_on_request_body/)).toBeVisible();
  const table = name => state.getByRole('table', { name });
  await expect(table(/^Shared data/)).toContainText('hits');
  await expect(table(/^Queues/)).toContainText('4 bytes: hits');
  await expect(table(/^Metrics/)).toContainText('hits');
  await expect(table(/^Timers/)).toContainText('worker 0');
  await expect(table(/^VMs/)).toContainText('vm_id "shop"');
  await expect(table(/^Stream 0: request body/)).toContainText('13 bytes: one two three');
  await expect(table(/^Stream 0: request body/)).toContainText('busy (StopIteration)');
});
