// A learner does one exercise of each kind, by mouse and by keyboard, and hears how it went.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { test, expect, repository, started, write } from './site.js';

const lesson = {
  order: 'learn/runtime/life-of-a-plugin/',
  predict: 'learn/runtime/one-vm-per-worker/',
  find: 'learn/first-http-filters/find-the-event/',
  host: 'learn/abi/memory-ownership/',
  quiz: 'learn/extend/choose/',
  own: 'learn/capstones/bring-your-own-filter/',
  assemblyscript: 'learn/first-http-filters/answer-in-its-place/',
  wat: 'learn/webassembly/a-module-by-hand/',
  config: 'learn/first-http-filters/add-a-header/',
  lua: 'learn/extend/ten-lines-of-lua/',
  patch: 'learn/bodies/chunks/',
};

const task = page => page.locator('section.task').first();
const check = page => task(page).getByRole('button', { name: 'Check', exact: true });
const verdict = page => task(page).locator('.verdict-of');
const done = page => expect(task(page).getByRole('heading')).toContainText('done');

async function open(page, site, kind) {
  await page.goto(site + lesson[kind]);
  await started(page);
  // The forms are wired when their first answer can be kept.
  if (await page.locator('form.answer').count()) {
    await expect(page.locator('.tasks[data-ready]')).toHaveCount(1);
  }
}

/** Goes on with Tab until this has the focus. */
async function tabTo(page, target) {
  for (let n = 0; n < 80; n += 1) {
    if (await target.evaluate(node => node === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('the keyboard does not reach it');
}

test('a learner predicts what a run will give, is told what was wrong, and mends it', async ({ page, site }) => {
  await open(page, site, 'predict');
  await task(page).getByLabel('How many of the eight reach the upstream').fill('3');
  await task(page).getByRole('group', { name: 'The status of the fourth answer' }).getByLabel('200').check();
  await task(page).getByRole('group', { name: 'The status of the seventh answer' }).getByLabel('429').check();
  await task(page).getByLabel('How many VMs').fill('3');
  await check(page).click();
  await expect(verdict(page)).toContainText('if all workers shared one count');
  await expect(verdict(page)).toContainText('6');
  await verdict(page).getByRole('button', { name: /event/ }).first().click();
  await expect(page.getByRole('tab', { name: /Timeline/ })).toHaveAttribute('aria-selected', 'true');
  await task(page).getByLabel('How many of the eight reach the upstream').fill('6');
  await check(page).click();
  await done(page);
  await expect(task(page).locator('.why')).toBeVisible();
});

test('on a phone a learner checks an answer, reads the verdict beside it, and follows it to its event', async ({ page, site }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, site, 'predict');
  const pane = name => page.getByRole('navigation', { name: 'What to show' }).getByRole('button', { name });
  await pane('Edit').click();
  // All of the form is there, without a box that scrolls within the page.
  expect(await page.locator('.tasks').evaluate(box => box.scrollHeight - box.clientHeight)).toBe(0);
  await task(page).getByLabel('How many of the eight reach the upstream').fill('3');
  await check(page).click();
  await expect(verdict(page)).toContainText('if all workers shared one count');
  await expect(verdict(page)).toBeVisible();
  await verdict(page).getByRole('button', { name: /^Show event/ }).first().click();
  await expect(pane('Result')).toHaveAttribute('aria-pressed', 'true');
  const row = page.getByRole('tabpanel', { name: /^Timeline/ }).locator('[aria-selected=true]');
  await expect(row).toBeInViewport();
  // Run still shows what it gave.
  await pane('Edit').click();
  await page.getByRole('navigation', { name: 'What to show' }).getByRole('button', { name: /^Run/ }).click();
  await expect(pane('Result')).toHaveAttribute('aria-pressed', 'true');
});

test('a prediction is written and checked by keyboard alone, and is still there after a reload', async ({ page, site }) => {
  await open(page, site, 'predict');
  await tabTo(page, task(page).getByLabel('How many of the eight reach the upstream'));
  await page.keyboard.type('6');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await page.keyboard.type('3');
  await page.keyboard.press('Enter');
  await done(page);
  await page.reload();
  await started(page);
  await expect(task(page).getByLabel('How many VMs')).toHaveValue('3');
});

const life = ['root', 'start', 'configure', 'stream', 'request', 'response', 'log', 'gone'];
const order = page => task(page).locator('.order > li').evaluateAll(items => items.map(item => item.dataset.id));

test('a learner puts events in order with the buttons, by keyboard', async ({ page, site }) => {
  await open(page, site, 'order');
  for (const [place, id] of life.entries()) {
    while ((await order(page)).indexOf(id) > place) {
      const up = task(page).locator(`li[data-id="${id}"]`).getByRole('button', { name: /^Move up/ });
      await up.focus();
      await page.keyboard.press('Enter');
      // The button that was pressed keeps the focus.
      await expect(up).toBeFocused();
    }
  }
  await check(page).focus();
  await page.keyboard.press('Enter');
  await done(page);
});

test('a learner moves an event by mouse, and is told what cannot come before what', async ({ page, site }) => {
  await open(page, site, 'order');
  const item = id => task(page).locator(`li[data-id="${id}"]`);
  while ((await order(page))[0] !== 'response') {
    await item('response').getByRole('button', { name: /^Move up/ }).click();
  }
  await expect.poll(async () => (await order(page))[0]).toBe('response');
  await check(page).click();
  await expect(verdict(page)).toContainText('The VM is told of its start before the plugin');
  await page.getByRole('button', { name: 'Reset' }).click();
  await expect.poll(async () => (await order(page))[0]).toBe('stream');
});

test('a learner drags events into order by mouse, and a drag is kept', async ({ page, site }) => {
  // All of the list is in sight.
  await page.setViewportSize({ width: 1280, height: 2400 });
  await open(page, site, 'order');
  const item = id => task(page).locator(`li[data-id="${id}"]`);
  const drag = async (id, onto) => {
    const from = await item(id).locator('span').first().boundingBox();
    const to = await item(onto).boundingBox();
    await page.mouse.move(from.x + 20, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(to.x + 40, to.y + to.height / 2, { steps: 4 });
    await page.mouse.move(to.x + 40, to.y + 3, { steps: 4 });
    await page.mouse.up();
  };
  for (const [place, id] of life.entries()) {
    const now = await order(page);
    await item(id).scrollIntoViewIfNeeded();
    if (now[place] !== id) await drag(id, now[place]);
    await expect.poll(async () => (await order(page))[place]).toBe(id);
  }
  await page.reload();
  await started(page);
  await expect.poll(() => order(page)).toEqual(life);
  await check(page).click();
  await done(page);
});

test('a learner chooses a patch, reads why it is not enough, and chooses again', async ({ page, site }) => {
  await open(page, site, 'patch');
  await task(page).getByLabel('B. Pause until').check();
  await check(page).click();
  await expect(verdict(page)).toContainText('When trailers follow a body');
  await task(page).getByLabel('C. Pause until').check();
  await check(page).click();
  await done(page);
  await expect(task(page).locator('.why')).toBeVisible();
});

test('a learner finds the event in the timeline that decided', async ({ page, site }) => {
  await open(page, site, 'find');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('tab', { name: /Timeline/ }).click();
  const timeline = page.getByRole('tabpanel', { name: /Timeline/ });
  const pick = async name => {
    await timeline.getByRole('searchbox').fill(name);
    await timeline.getByRole('row', { name: new RegExp(name.replace('proxy_', '')) }).last().click();
    await task(page).getByRole('button', { name: /^Take the event/ }).click();
    await check(page).click();
  };
  await pick('proxy_get_header_map_value');
  await expect(verdict(page)).toContainText('Here the filter reads the key');
  await page.getByRole('tab', { name: /Timeline/ }).click();
  await pick('proxy_send_local_response');
  await done(page);
});

test('a learner plays the host, and the guest believes what it is told', async ({ page, site }) => {
  await open(page, site, 'host');
  const call = name => task(page).getByRole('group', { name });
  await call(/x-name/).getByLabel('allocate').fill('3');
  await call(/x-name/).getByLabel('size').fill('5');
  await call(/x-team/).getByLabel('status').selectOption('Ok');
  await call(/x-team/).getByLabel('bytes').fill('core');
  await call(/x-team/).getByLabel('size').fill('4');
  await call(/x-role/).getByLabel('status').selectOption('NotFound');
  await check(page).click();
  await expect(verdict(page)).toContainText('You asked for less memory than you wrote');
  await call(/x-name/).getByLabel('allocate').fill('5');
  await page.keyboard.press('Enter');
  await done(page);
});

test('a learner answers a quiz, and each choice has something to say', async ({ page, site }) => {
  await open(page, site, 'quiz');
  await task(page).getByLabel('The built-in local rate limit filter').check();
  await task(page).getByLabel('A few lines of Lua').check();
  await task(page).getByLabel('A native shared object').check();
  await task(page).getByLabel('An external authorization service').check();
  await check(page).click();
  await expect(verdict(page)).toContainText("its faults are Envoy's");
  await task(page).getByLabel('Wasm', { exact: true }).check();
  await check(page).click();
  await done(page);
});

test('a learner brings a module of their own, and hidden scenarios try it', async ({ page, site }) => {
  await open(page, site, 'own');
  const give = name => page.getByLabel('Open your own .wasm').setInputFiles({
    name: 'mine.wasm',
    mimeType: 'application/wasm',
    buffer: readFileSync(join(repository, `target/filters/${name}.wasm`)),
  });
  await give('add-header');
  await expect(page.getByRole('status').getByText('mine.wasm')).toBeVisible();
  await page.keyboard.press('Control+Enter');
  await expect(verdict(page)).toContainText('Your filter lets');
  await page.getByRole('tab', { name: /Checks/ }).click();
  await expect(page.getByRole('heading', { name: /a name that begins alike/ })).toBeVisible();
  await give('block-path');
  await page.keyboard.press('Control+Enter');
  await done(page);
});

test('a learner writes a filter in AssemblyScript, and passes', async ({ page, site }) => {
  await open(page, site, 'assemblyscript');
  await page.getByRole('tab', { name: 'filter.ts' }).click();
  const editor = page.locator('.cm-content').and(page.getByRole('textbox', { name: 'filter.ts' }));
  await expect(editor).toBeVisible();
  const solution = join(repository, 'content/en/04-first-http-filters/02-answer-in-its-place/solution/filter.ts');
  await write(editor, readFileSync(solution, 'utf8'));
  await page.keyboard.press('Control+Enter');
  await expect(task(page).getByRole('heading')).toContainText('done', { timeout: 60_000 });
});

test('a quiz is answered by keyboard alone, and the verdict is announced', async ({ page, site }) => {
  await open(page, site, 'quiz');
  const questions = await task(page).getByRole('group').all();
  const right = ['The built-in local rate limit filter', 'A few lines of Lua', 'Wasm', 'An external authorization service'];
  for (const [at, text] of right.entries()) {
    const choices = await questions[at].getByRole('radio').all();
    await tabTo(page, choices[0]);
    await page.keyboard.press('Space');
    const wanted = task(page).getByLabel(text, { exact: true });
    for (let n = 0; n < choices.length && !await wanted.isChecked(); n += 1) await page.keyboard.press('ArrowDown');
    await expect(wanted).toBeChecked();
  }
  await page.keyboard.press('Enter');
  await done(page);
  await expect(task(page).locator('.verdict-of[role=status]')).not.toBeEmpty();
});

test('a patch is chosen by keyboard alone', async ({ page, site }) => {
  await open(page, site, 'patch');
  await tabTo(page, task(page).getByRole('radio').first());
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(task(page).getByLabel('C. Pause until')).toBeChecked();
  await page.keyboard.press('Enter');
  await done(page);
});

test('an event is found in the timeline and taken by keyboard alone', async ({ page, site }) => {
  await open(page, site, 'find');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('tab', { name: /^Timeline/ })).toContainText(/\d/);
  await tabTo(page, page.getByRole('tab', { name: /^Result/ }));
  await page.keyboard.press('ArrowRight');
  await tabTo(page, page.getByRole('searchbox').filter({ visible: true }));
  await page.keyboard.type('proxy_send_local_response');
  const rows = page.getByRole('tabpanel', { name: /^Timeline/ }).getByRole('grid');
  await expect(rows.getByRole('row', { name: /vm_start/ })).toHaveCount(0);
  await tabTo(page, rows);
  await page.keyboard.press('End');
  await expect(rows.locator('[aria-selected=true]')).toContainText('send_local_response');
  const take = task(page).getByRole('button', { name: /^Take the event/ });
  for (let n = 0; n < 80 && !await take.evaluate(node => node === document.activeElement); n += 1) {
    await page.keyboard.press('Shift+Tab');
  }
  await page.keyboard.press('Enter');
  await tabTo(page, check(page));
  await page.keyboard.press('Enter');
  await done(page);
});

test('a learner plays the host by keyboard alone', async ({ page, site }) => {
  await open(page, site, 'host');
  const call = name => task(page).getByRole('group', { name });
  await tabTo(page, call(/x-name/).getByLabel('allocate'));
  await page.keyboard.type('5');
  await page.keyboard.press('Tab');
  await page.keyboard.type('5');
  await tabTo(page, call(/x-team/).getByLabel('status'));
  await page.keyboard.type('Ok');
  await tabTo(page, call(/x-team/).getByLabel('bytes'));
  await page.keyboard.type('core');
  await tabTo(page, call(/x-team/).getByLabel('size'));
  await page.keyboard.type('4');
  await tabTo(page, call(/x-role/).getByLabel('status'));
  await page.keyboard.type('NotFound');
  await tabTo(page, check(page));
  await page.keyboard.press('Enter');
  await done(page);
});

for (const kind of ['config', 'lua', 'wat', 'predict', 'order', 'patch']) {
  test(`hints come one by one, then a solution that passes: ${kind}`, async ({ page, site }) => {
    await page.goto(site + lesson[kind]);
    await started(page);
    await page.keyboard.press('Control+Enter');
    // The run is over: the timeline has its events.
    await expect(page.getByRole('tab', { name: /^Timeline/ })).toContainText(/\d/);
    const hint = task(page).getByRole('button', { name: /^Hint/ });
    for (let n = 1; await hint.isVisible(); n += 1) {
      await hint.click();
      await expect(task(page).locator('.hints li:visible')).toHaveCount(n);
    }
    await task(page).getByRole('button', { name: /solution/i }).click();
    await page.keyboard.press('Control+Enter');
    await done(page);
  });
}

test('axe has no objection to any form', async ({ page, site }) => {
  for (const kind of ['predict', 'order', 'find', 'host', 'quiz', 'own', 'patch']) {
    await open(page, site, kind);
    const { violations } = await new AxeBuilder({ page }).include('.tasks').analyze();
    expect(violations.map(({ id, nodes }) => `${kind}: ${id}: ${nodes[0].target}`)).toEqual([]);
  }
});
