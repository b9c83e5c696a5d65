// A visitor brings a module of their own to the playground.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, expect, complaints, repository, started } from './site.js';

const open = async (page, name, buffer) =>
  page.getByLabel('Open your own .wasm').setInputFiles({ name, mimeType: 'application/wasm', buffer });
const module = name => readFileSync(join(repository, `target/filters/${name}.wasm`));

test('an opened module is examined, and runs in the first filter', async ({ page, site }) => {
  const found = complaints(page);
  const sent = [];
  page.on('request', request => {
    if (request.method() !== 'GET') sent.push(request.url());
  });
  await page.goto(site + 'playground/');
  await started(page);
  await open(page, 'my own.wasm', module('block-path'));

  const facts = page.getByRole('table', { name: /^my own\.wasm, \d+ bytes/ });
  await expect(facts.getByRole('row', { name: /^loads yes, Proxy-Wasm ABI 0\.2\.1/ })).toBeVisible();
  await expect(page.getByRole('table', { name: 'host calls' })
    .getByRole('rowheader', { name: 'proxy_send_local_response' })).toBeVisible();
  await expect(page.getByRole('table', { name: 'hosts' }).getByRole('row', { name: /^envoy loads/ })).toBeVisible();

  await page.getByRole('button', { name: 'Put it in the first filter' }).click();
  await page.getByRole('tab', { name: 'envoy.yaml' }).click();
  await expect(page.getByRole('textbox', { name: 'envoy.yaml' })).toHaveValue(/filename: \/etc\/envoy\/my-own\.wasm/);
  await page.getByRole('tab', { name: 'Request' }).click();
  await page.getByLabel('Path').fill('/admin');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('tabpanel', { name: 'Result' }).getByText('403').first()).toBeVisible();
  expect(sent).toEqual([]);
  expect(found).toEqual([]);
});

test('a file that is no module says what it is and what to do', async ({ page, site }) => {
  await page.goto(site + 'playground/');
  await started(page);
  await open(page, 'page.wasm', Buffer.from('<!doctype html>'));
  await expect(page.getByRole('status').getByText('page.wasm')).toBeVisible();
  await expect(page.getByRole('row', { name: /^loads no: / })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Put it in the first filter' })).toHaveCount(0);
});

test('a module that is dropped on the page is examined too', async ({ page, site }) => {
  await page.goto(site + 'playground/');
  await started(page);
  const bytes = [...module('add-header')];
  const data = await page.evaluateHandle(bytes => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'dropped.wasm'));
    return data;
  }, bytes);
  await page.locator('.playground').dispatchEvent('drop', { dataTransfer: data });
  await expect(page.getByRole('table', { name: /^dropped\.wasm, / })).toBeVisible();
});
