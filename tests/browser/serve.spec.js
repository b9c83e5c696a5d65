// `cargo xtask serve`, as the README promises it.
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test, expect, complaints, repository, started, xtask } from './site.js';

test('serve says ready, serves lessons, and reloads after a change', async ({ page, request }) => {
  // The first build of the page and the engine for development is in here.
  test.setTimeout(30 * 60_000);
  const server = await xtask(['serve', '--port', '0']);
  try {
    const lesson = await request.get(`${server.url}learn/first-http-filters/add-a-header/`);
    expect(lesson.status()).toBe(200);
    expect(await lesson.text()).toContain('x-hello');

    const found = complaints(page);
    await page.goto(server.url);
    await started(page);
    const reloaded = page.waitForEvent('load', { timeout: 10 * 60_000 });
    const now = new Date();
    await utimes(join(repository, 'public', 'boot.js'), now, now);
    await reloaded;
    await started(page);
    expect(found).toEqual([]);
  } finally {
    server.stop();
  }
});
