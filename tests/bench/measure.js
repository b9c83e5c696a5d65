// Measures what the budgets limit and prints each number beside its limit. `cargo xtask bench`
// builds everything first and sets CHROMIUM, XTASK and TOUR.
//
// A number is the median of several runs: one slow run on a busy machine says nothing.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { inPage } from './page.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dist = join(root, 'dist');
const lesson = 'learn/first-http-filters/add-a-header/';
const lab = 'content/en/04-first-http-filters/01-add-a-header/lab.yaml';
const rows = [];

/** One row of the table; a limit is the largest number that is good. */
function row(what, value, unit, limit) {
  const over = limit !== undefined && value > limit;
  rows.push({ what, value, over });
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  const shown = `${value.toFixed(digits)} ${unit}`;
  const beside = limit === undefined ? '' : `≤ ${limit} ${unit}`;
  console.log(`${what.padEnd(66)} ${shown.padStart(12)}   ${beside.padEnd(12)} ${over ? 'OVER' : ''}`);
}

const median = numbers => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const kilobytes = files => files
  .map(file => brotliCompressSync(readFileSync(join(dist, file))).length)
  .reduce((sum, size) => sum + size, 0) / 1000;
const named = (start, end) => readdirSync(dist).filter(name => name.startsWith(start) && name.endsWith(end));

function sizes() {
  const page = readFileSync(join(dist, lesson, 'index.html'), 'utf8');
  const style = page.match(/styles\/style-[0-9a-f]+\.css/)[0];
  const fonts = [...page.matchAll(/rel="preload" href="[./]*(fonts\/[^"]+)"/g)].map(found => found[1]);
  row('before a lesson\'s text is painted: HTML, CSS, font, brotli',
    kilobytes([`${lesson}index.html`, style, 'boot.js', ...fonts]), 'KB', 60);
  // One module holds the reading parts and the lab's: the smaller limit is the one that binds.
  row('the page\'s wasm and JS, brotli, the lab\'s parts included',
    kilobytes([...named('app-', '.js'), ...named('app-', '.wasm')]), 'KB', 350);
  row('the engine\'s wasm and JS, brotli',
    kilobytes([...named('engine-', '.js'), ...named('engine-', '.wasm')]), 'KB', 900);
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

sizes();
commandLine();
await inPage({ root, dist, lesson, lab, row, median, require: createRequire(join(root, 'tests/browser/package.json')) });

const over = rows.filter(row => row.over).length;
console.log(`\n${rows.length} numbers, ${over} over their limit`);
process.exit(over > 0 ? 1 : 0);
