// A visitor opens a lesson, changes something and presses Run.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rowsOfRun } from './engine.js';
import { test, expect, complaints, repository, started, write } from './site.js';

const addHeader = 'learn/first-http-filters/add-a-header/';
const byHand = 'learn/webassembly/a-module-by-hand/';

/** The lab's buttons are there twice, one for narrow screens; a visitor sees one of them. */
const run = page => page.getByRole('button', { name: /^Run/ }).filter({ visible: true }).first();
const stop = page => page.getByRole('button', { name: /^Stop/ }).filter({ visible: true }).first();
const tab = (page, name) => page.getByRole('tab', { name });
/** An editor, once it is no longer a plain text area. */
async function editorOf(page, name) {
  const found = page.locator('.cm-content').and(page.getByRole('textbox', { name }));
  await expect(found).toBeVisible();
  return found;
}
const results = page => page.getByRole('tabpanel', { name: 'Result' });

test('a changed request header goes through the filter to the upstream', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(site + addHeader);
  await started(page);
  await tab(page, 'Request').click();
  await page.getByRole('button', { name: 'Add header' }).click();
  await page.getByLabel('Name of header').last().fill('x-visitor');
  await page.getByLabel('Value of header').last().fill('ada');
  await page.keyboard.press('Control+Enter');

  const result = results(page);
  await expect(result.getByText('x-visitor').first()).toBeVisible();
  await expect(result.getByText('x-hello').first()).toBeVisible();

  await tab(page, 'Timeline').click();
  const timeline = page.getByRole('tabpanel', { name: 'Timeline' });
  await expect(timeline.getByText('on_request_headers').first()).toBeVisible();
  await timeline.getByRole('searchbox').fill('x-visitor');
  await expect(timeline.getByText('context_create')).toHaveCount(0);
  // What the upstream saw: opened, the event shows the header that was added here.
  await timeline.getByRole('row', { name: /upstream request_headers/ }).click();
  await expect(timeline.getByRole('region', { name: 'Event' }).getByText(/x-visitor.*ada/)).toBeVisible();
  expect(found).toEqual([]);
});

test('a learner who reads first finds all in place, and runs without a network', async ({ page, context, site }) => {
  await page.clock.install();
  await page.goto(site + addHeader);
  await started(page);
  // The last one that the lab's scenarios need.
  const sample = page.waitForEvent('requestfinished', request => request.url().includes('/filters/log-headers.'));
  await page.clock.runFor(2_000);
  await sample;
  // The run that fetched it was nobody's: there is no result yet.
  await expect(results(page).getByText('x-hello')).toHaveCount(0);
  await context.setOffline(true);
  await run(page).click();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
});

test('a module that loops for ever is stopped, and the next run works', async ({ page, site }) => {
  await page.goto(site + byHand);
  await started(page);
  await write(await editorOf(page, 'module.wat'), `(module
    (func (export "add") (param i32 i32) (result i32) (loop $on (br $on)) (i32.const 0))
    (func (export "sub") (param i32 i32) (result i32) (i32.const 0))
    (func (export "max") (param i32 i32) (result i32) (i32.const 0)))`);
  await run(page).click();
  // The page answers while the module runs: its theme changes.
  await page.getByRole('button', { name: /^Theme/ }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  const lab = page.getByRole('region', { name: 'Lab' });
  await expect(lab.getByText(/out of fuel|was stopped after/).first()).toBeVisible();

  await page.getByRole('button', { name: 'Reset' }).click();
  await run(page).click();
  await expect(lab.getByText(/out of fuel|was stopped after/)).toHaveCount(0);
  await expect(results(page).getByText('5', { exact: true })).toBeVisible();
});

test('modules that recurse, grow, log or trap for ever are reported, and the page lives on', async ({ page, site }) => {
  await page.goto(site + byHand);
  await started(page);
  const lab = page.getByRole('region', { name: 'Lab' });
  const bodies = [
    ['(call $deeper (local.get 0))', /the stack limit/],
    ['(loop $on (br_if $on (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable', /unreachable/],
    ['(loop $on (drop (call $log (i32.const 2) (i32.const 0) (i32.const 60000))) (br $on)) (i32.const 0)', /log limit/],
    ['(i32.div_s (local.get 0) (i32.const 0))', /divide by zero/],
  ];
  for (const [body, report] of bodies) {
    await write(await editorOf(page, 'module.wat'), `(module
      (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func $deeper (param i32) (result i32) (i32.add (call $deeper (local.get 0)) (i32.const 1)))
      (func (export "add") (param i32 i32) (result i32) ${body})
      (func (export "sub") (param i32 i32) (result i32) (i32.const 0))
      (func (export "max") (param i32 i32) (result i32) (i32.const 0)))`);
    await run(page).click();
    await expect(lab.getByText(report).filter({ visible: true }).first()).toBeVisible();
  }
  await page.getByRole('button', { name: 'Reset' }).click();
  await run(page).click();
  await expect(results(page).getByText('5', { exact: true })).toBeVisible();
});

test('a learner types on while the engine is silent, and runs again after it was stopped', async ({ page, site }) => {
  // The first run is lost on its way to the worker, which therefore never answers it.
  await page.addInitScript(() => {
    let lost = false;
    self.Worker = class extends Worker {
      postMessage(message, ...rest) {
        if (!lost && message.json?.startsWith('{"run":')) {
          lost = true;
          return;
        }
        super.postMessage(message, ...rest);
      }
    };
  });
  await page.goto(site + byHand);
  await started(page);
  await run(page).click();
  await expect(stop(page)).toBeVisible();
  const editor = await editorOf(page, 'module.wat');
  await editor.press('ControlOrMeta+End');
  await editor.pressSequentially(' ;; mine');
  await expect(editor).toContainText(/ ;; mine$/);
  await expect(stop(page)).toBeVisible();
  await expect(results(page).getByText(/was stopped after \d+ ms/)).toBeVisible();

  await run(page).click();
  await expect(results(page).getByText(/was stopped after/)).toHaveCount(0);
  await expect(results(page).getByText('5', { exact: true })).toBeVisible();
  await expect(editor).toContainText(/ ;; mine$/);
});

test('a learner stops a run while the engine is loading, and runs again', async ({ page, site }) => {
  const found = complaints(page);
  const engine = await held(page, /engine-[0-9a-f]+\.wasm$/);
  await page.goto(site + addHeader);
  await started(page);
  await run(page).click();
  const lab = page.getByRole('region', { name: 'Lab' });
  await expect(lab.getByText(/Loading the engine/).filter({ visible: true }).first()).toBeVisible();
  await engine.asked;
  await stop(page).click();
  await expect(results(page).getByText(/You stopped the run/)).toBeVisible();
  await expect(run(page)).toBeVisible();

  // What comes now comes too late for that run, and serves the next one.
  await engine.release();
  await run(page).click();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
  await expect(results(page).getByText(/You stopped the run/)).toHaveCount(0);
  expect(found).toEqual([]);
});

test('a learner waits a minute for a sample filter and gets the result', async ({ page, site }) => {
  const found = complaints(page);
  const sample = await held(page, /filters\/add-header\.wasm$/);
  await page.clock.install();
  await page.goto(site + addHeader);
  await started(page);
  await run(page).click();
  await sample.asked;
  // Far longer than an engine may be silent: it is not the engine that is slow.
  await page.clock.runFor(60_000);
  await expect(stop(page)).toBeVisible();
  await sample.release();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
  expect(found).toEqual([]);
});

test('a learner whose sample filter comes late stops waiting, and the next run shows its result', async ({ page, site }) => {
  const found = complaints(page);
  const sample = await held(page, /filters\/add-header\.wasm$/);
  await page.goto(site + addHeader);
  await started(page);
  await run(page).click();
  await sample.asked;
  // It runs still, and says no word of a module that is stuck.
  await expect(stop(page)).toBeVisible();
  await stop(page).click();
  await expect(results(page).getByText(/You stopped the run/)).toBeVisible();

  await run(page).click();
  await expect(stop(page)).toBeVisible();
  // The sample arrives for both: only the run that still waits takes it.
  await sample.release();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
  await expect(run(page)).toBeVisible();
  await expect(results(page).getByText(/stopped/)).toHaveCount(0);
  expect(found).toEqual([]);
});

test('a learner clicks Run twice in a hurry and gets the result of one run', async ({ page, site }) => {
  const found = complaints(page);
  await page.addInitScript(() => {
    self.runsSent = 0;
    self.Worker = class extends Worker {
      postMessage(message, ...rest) {
        if (message.json?.startsWith('{"run":')) self.runsSent += 1;
        super.postMessage(message, ...rest);
      }
    };
  });
  await page.goto(site + addHeader);
  await started(page);
  await run(page).dblclick();
  await expect(results(page).getByText('x-hello').first()).toBeVisible();
  await expect(run(page)).toBeVisible();
  await expect(results(page).getByText(/stopped/)).toHaveCount(0);
  expect(await page.evaluate(() => self.runsSent)).toBe(1);
  expect(found).toEqual([]);
});

test('the browser and the command line write the same trace, byte for byte', async ({ page, site }) => {
  await page.goto(site);
  await started(page);
  for (const lesson of ['04-first-http-filters/01-add-a-header', '01-webassembly/01-a-module-by-hand']) {
    const dir = join(repository, 'content/en', lesson);
    const lab = readFileSync(join(dir, 'lab.yaml'), 'utf8');
    const start = join(dir, 'start');
    const edits = Object.fromEntries(
      readdirSync(start).map(name => [name, readFileSync(join(start, name), 'utf8')]));
    const [, , ...texts] = await rowsOfRun(page, lab, edits);
    const report = tour(['run', '--json', join(dir, 'lab.yaml')]);
    expect(report).toBe(tour(['run', '--json', join(dir, 'lab.yaml')]));
    expect(texts.length).toBe(JSON.parse(report).scenarios.length);
    for (const text of texts) {
      // {"rows":{…,"rows":[…]}}
      const rows = text.slice(text.lastIndexOf('"rows":[') + '"rows":'.length, -2);
      expect(JSON.parse(rows).length).toBeGreaterThan(0);
      expect(report).toContain(`"events":${rows}`);
    }
  }
});

/** Holds back what the page asks for at an address; what was held comes when it is released. */
async function held(page, address) {
  let asked, release;
  const first = new Promise(resolve => { asked = resolve; });
  const open = new Promise(resolve => { release = resolve; });
  await page.route(address, async route => {
    asked();
    await open;
    await route.continue();
  });
  return { asked: first, release };
}

/** Runs the command line; a lab whose checks fail exits with 1, which is no concern here. */
function tour(args) {
  try {
    return execFileSync(join(repository, 'target/debug/tour'), args, { encoding: 'utf8' });
  } catch (error) {
    if (error.status === 1) return error.stdout;
    throw error;
  }
}
