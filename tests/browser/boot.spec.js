// The finished page and engine start, wherever the site stands.
import { createServer } from 'node:http';
import { hello } from './engine.js';
import { test, expect, complaints, started, xtask } from './site.js';

test('the home page starts without a complaint', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(site);
  await started(page);
  await expect(page.locator('h1')).toBeVisible();
  expect(found).toEqual([]);
});

test('the engine starts in a blob worker and answers hello', async ({ page, site }) => {
  await page.goto(site);
  expect(await hello(page)).toEqual({ ready: { version: expect.any(Number) } });
});

test('page and engine start in a sandboxed frame on another site', async ({ page, site }) => {
  const found = complaints(page);
  // Another site than 127.0.0.1, and an origin that is nobody's.
  const host = createServer((_, answer) => {
    answer.setHeader('content-type', 'text/html');
    answer.end(`<!doctype html><title>host</title><link rel="icon" href="data:,">
      <iframe sandbox="allow-scripts" src="${site}"></iframe>`);
  });
  await new Promise(done => host.listen(0, 'localhost', done));
  try {
    await page.goto(`http://localhost:${host.address().port}/`);
    const frame = await (await page.locator('iframe').elementHandle()).contentFrame();
    const html = page.frameLocator('iframe').locator('html');
    await expect(html).toHaveAttribute('data-boot', 'started');
    expect(await frame.evaluate(() => self.origin)).toBe('null');
    expect(await hello(frame)).toEqual({ ready: { version: expect.any(Number) } });
    expect(found).toEqual([]);
  } finally {
    host.close();
  }
});

test('the site works below any path, and everything stays below it', async ({ page }) => {
  const server = await xtask(['static', 'dist', '--port', '0', '--mount', '/x/y/']);
  try {
    const found = complaints(page);
    const outside = [];
    page.on('request', request => {
      if (request.url().startsWith('http') && !request.url().startsWith(server.url)) outside.push(request.url());
    });
    await page.goto(server.url);
    await started(page);
    const map = page.locator('header a[href$="learn/"]').first();
    await map.click();
    await expect(page).toHaveURL(`${server.url}learn/`);
    await page.reload();
    await started(page);
    await expect(page.locator('h1')).toBeVisible();
    // On by links to a lesson, whose Run fetches the engine and the sample filter.
    await page.locator('main a[href$="/add-a-header/"]').first().click();
    await expect(page).toHaveURL(`${server.url}learn/first-http-filters/add-a-header/`);
    await page.getByRole('button', { name: /^Run/ }).filter({ visible: true }).first().click();
    const result = page.getByRole('tabpanel', { name: 'Result' });
    await expect(result.getByText('x-hello').first()).toBeVisible();
    expect(outside).toEqual([]);
    expect(found).toEqual([]);
  } finally {
    server.stop();
  }
});

test('every file comes with the published headers, and a missing one is a 404', async ({ request, site }) => {
  const page = await request.get(site);
  const headers = page.headers();
  expect(headers['content-security-policy']).toContain("script-src 'self' 'wasm-unsafe-eval'");
  expect(headers['access-control-allow-origin']).toBe('*');
  expect(headers['x-frame-options']).toBeUndefined();
  expect(headers['cross-origin-opener-policy']).toBeUndefined();
  const script = (await page.text()).match(/engine-[0-9a-f]{16}\.js/)[0];
  const engine = await request.get(site + script);
  expect(engine.headers()['cache-control']).toContain('immutable');
  const missing = await request.get(`${site}engine-0000000000000000.wasm`);
  expect(missing.status()).toBe(404);
  const outside = await request.get(`${site}%2e%2e%2fCargo.toml`);
  expect(outside.status()).toBe(400);
});
