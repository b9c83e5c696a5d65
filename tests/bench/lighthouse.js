// Lighthouse on each kind of page, as its own command runs it: the mobile preset, the system's
// Chromium. The site is served at the address that it was built for.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { serve } from './serve.js';

const limits = { performance: 95, accessibility: 100, 'best-practices': 100, seo: 100 };

/** Prints the median of three runs for each kind of page and each category. */
export async function lighthouse({ root, dist, pages, row, median }) {
  const server = await serve(root, dist, process.env.SITE_PORT);
  try {
    for (const [kind, path] of Object.entries(pages)) {
      const runs = [1, 2, 3].map(() => scores(`${server.url}${path}`));
      for (const [category, limit] of Object.entries(limits)) {
        const score = median(runs.map(run => run[category]));
        row(`Lighthouse, mobile, ${kind}: ${category}`, score, 'of 100', limit, { least: true });
      }
    }
  } finally {
    server.stop();
  }
}

function scores(url) {
  const command = join(process.env.BENCH_PACKAGES, 'node_modules/lighthouse/cli/index.js');
  const run = spawnSync(process.execPath, [
    command, url, '--quiet', '--output=json', '--output-path=stdout',
    `--only-categories=${Object.keys(limits).join(',')}`, '--no-enable-error-reporting',
    '--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage --disable-gpu',
  ], {
    env: { ...process.env, CHROME_PATH: process.env.CHROMIUM },
    encoding: 'utf8', maxBuffer: 1 << 27, timeout: 5 * 60_000,
  });
  if (run.status !== 0) throw new Error(`lighthouse: ${run.stderr || run.error}`);
  const { categories, runtimeError } = JSON.parse(run.stdout);
  if (runtimeError) throw new Error(`lighthouse: ${runtimeError.message}`);
  return Object.fromEntries(
    Object.keys(limits).map(name => [name, Math.round(100 * categories[name].score)]));
}
