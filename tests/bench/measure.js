// Measures what the budgets limit and prints each number beside its limit. `cargo xtask bench`
// builds everything first and sets CHROMIUM, XTASK, TOUR, SITE_PORT, BENCH_PACKAGES and TEST_DURATION. A number
// over its limit makes it exit with 1.
//
// A number is the median of several runs: one slow run on a busy machine says nothing.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { lighthouse } from './lighthouse.js';
import { inPage } from './page.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dist = join(root, 'dist');
const lesson = 'learn/first-http-filters/add-a-header/';
const lab = 'content/en/04-first-http-filters/01-add-a-header/lab.yaml';
const rows = [];

/** One row of the table; a limit is the largest number that is good or, with `least`, the smallest. */
function row(what, value, unit, limit, { least = false } = {}) {
  // A number that could not be had is over any limit.
  const over = limit !== undefined && !(least ? value >= limit : value <= limit);
  rows.push({ what, value, over });
  const digits = Number.isInteger(value) || value >= 100 ? 0 : value < 10 ? 2 : 1;
  const shown = `${value.toFixed(digits)} ${unit}`;
  const beside = limit === undefined ? '' : `${least ? '≥' : '≤'} ${limit} ${unit}`;
  console.log(`${what.padEnd(66)} ${shown.padStart(12)}   ${beside.padEnd(12)} ${over ? 'OVER' : ''}`);
}

const median = numbers => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const kilobytes = files => files
  .map(file => brotliCompressSync(readFileSync(join(dist, file))).length)
  .reduce((sum, size) => sum + size, 0) / 1000;
const named = (start, end) => readdirSync(dist).filter(name => name.startsWith(start) && name.endsWith(end));

/** What a page asked for that is code of the page: what has a row of its own is left out, and sample filters. */
const pageCode = paths => paths.filter(path =>
  /\.(js|wasm)$/.test(path) && !/^(engine|editor|exporter|assemblyscript)-|^filters\//.test(path));

function sizes() {
  const page = readFileSync(join(dist, lesson, 'index.html'), 'utf8');
  const style = page.match(/styles\/style-[0-9a-f]+\.css/)[0];
  const fonts = [...page.matchAll(/rel="preload" href="[./]*(fonts\/[^"]+)"/g)].map(found => found[1]);
  row('before a lesson\'s text is painted: HTML, CSS, font, brotli',
    kilobytes([`${lesson}index.html`, style, 'boot.js', ...fonts]), 'KB', 60);
  row('the engine\'s wasm and JS, brotli',
    kilobytes([...named('engine-', '.js'), ...named('engine-', '.wasm')]), 'KB', 900);
  row('the editors, brotli', kilobytes(named('editor-', '.js')), 'KB', 200);
  row('the exporter\'s wasm and JS, brotli',
    kilobytes([...named('exporter-', '.js'), ...named('exporter-', '.wasm')]), 'KB', 400);
  row('the AssemblyScript compiler with all it needs, brotli',
    kilobytes(named('assemblyscript-', '.js')), 'KB', 2200);
}

function commandLine() {
  const times = [];
  for (let round = 0; round < 21; round += 1) {
    const start = process.hrtime.bigint();
    const run = spawnSync(process.env.TOUR, ['run', '--json', lab], { cwd: root });
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
    // 1: the starter of the lesson fails its checks, as it should; the run itself is whole.
    if (run.status !== 0 && run.status !== 1) throw new Error(run.stderr.toString());
  }
  row('tour run of the add-header lab, whole process', median(times), 'ms', 30);
}

/** A thousand requests natively, over as many workers and filters as a busy lab has. */
function thousandRequests() {
  const run = spawnSync(process.env.TOUR, ['bench', '--json', 'tests/bench/workers.yaml'], { cwd: root });
  if (run.status !== 0) throw new Error(run.stderr.toString());
  const numbers = JSON.parse(run.stdout);
  row('1000 requests over 8 workers and 3 filters, tour, capture off',
    numbers.thousand_requests_ns / 1e6, 'ms', 1000);
  row(`memory of each of its ${numbers.vms} VMs, at most`, numbers.largest_vm_bytes / 1024, 'KiB', 2048);
}

/** How long the whole test command took the last time. */
function testCommand() {
  let text;
  try {
    text = readFileSync(process.env.TEST_DURATION, 'utf8');
  } catch {
    console.log('cargo xtask test: never run here; its time stands here after it was (≤ 20 min)');
    return;
  }
  row('cargo xtask test, the last whole run here', parseInt(text, 10) / 60, 'min', 20);
}

sizes();
commandLine();
thousandRequests();
const seen = await inPage({
  root, dist, lesson, lab, row, median, require: createRequire(join(root, 'tests/browser/package.json')),
});
row('the page\'s wasm and JS a reader downloads before Run, brotli', kilobytes(pageCode(seen.reading)), 'KB', 250);
row('the same with the lab\'s own parts, after Run', kilobytes(pageCode(seen.running)), 'KB', 350);
await lighthouse({
  root, dist, row, median,
  pages: { home: '', 'a lesson': lesson, 'the reference': 'reference/', 'the playground': 'playground/' },
});
testCommand();

const over = rows.filter(row => row.over).length;
console.log(`\n${rows.length} numbers, ${over} over their limit`);
process.exit(over > 0 ? 1 : 0);
