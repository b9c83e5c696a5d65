// A visitor brings modules of their own to the playground: they are examined, listed in the order of
// the chain, kept, and run like any other filter.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { test, expect, complaints, repository, started, write } from './site.js';

const module = name => readFileSync(join(repository, `target/filters/${name}.wasm`));
const file = (name, buffer) => ({ name, mimeType: 'application/wasm', buffer });
const open = async (page, ...files) => page.getByLabel('Open your own .wasm').setInputFiles(files);
const list = page => page.getByRole('list', { name: 'Your modules, in the order of the chain' });
const names = page => list(page).locator('strong');
const put = (page, name) => page.getByRole('button', { name: `Put in the chain ${name}` });
const takeOut = (page, name) => page.getByRole('button', { name: `Take out of the chain ${name}` });
const said = (page, text) => page.getByRole('status').getByText(text);
const results = page => page.getByRole('tabpanel', { name: 'Result' });
const chain = page => page.locator('textarea[aria-label="envoy.yaml"]');

async function playground(page, site) {
  await page.goto(`${site}playground/`);
  await started(page);
}

/** Waits until the browser's storage has this list for the lab that is shown. */
async function kept(page, ...expected) {
  await expect.poll(() => page.evaluate(() => new Promise((resolve, reject) => {
    const opening = indexedDB.open('tour', 1);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const reading = opening.result.transaction('lists').objectStore('lists').getAll();
      reading.onerror = () => reject(reading.error);
      reading.onsuccess = () => {
        opening.result.close();
        resolve(reading.result.flat().map(({ name }) => name));
      };
    };
  }))).toEqual(expected);
}

/** Two modules in the chain, the one that blocks before the one that adds. */
async function two(page, site) {
  await playground(page, site);
  await open(page, file('block.wasm', module('block-path')), file('add.wasm', module('add-header')));
  await put(page, 'block.wasm').click();
  await put(page, 'add.wasm').click();
  await expect(names(page)).toHaveText(['block.wasm', 'add.wasm']);
  await expect(chain(page)).toHaveValue(/block\.wasm[^]*add\.wasm[^]*router/);
}

test('a module that is opened is examined, put in the chain, and runs there', async ({ page, site }) => {
  const found = complaints(page);
  const sent = [];
  page.on('request', request => {
    if (request.method() !== 'GET') sent.push(request.url());
  });
  await playground(page, site);
  await open(page, file('my own.wasm', module('block-path')));
  const facts = page.getByRole('table', { name: /^my own\.wasm, \d+ bytes/ });
  await expect(facts.getByRole('row', { name: /^loads yes, Proxy-Wasm ABI 0\.2\.1/ })).toBeVisible();
  await expect(page.getByRole('table', { name: 'host calls' })
    .getByRole('rowheader', { name: 'proxy_send_local_response' })).toBeVisible();
  await expect(page.getByRole('table', { name: 'hosts' }).getByRole('row', { name: /^envoy loads/ })).toBeVisible();

  await put(page, 'my own.wasm').click();
  await expect(chain(page)).toHaveValue(/filename: \/etc\/envoy\/my-own\.wasm[^]*router/);
  await page.getByRole('tab', { name: 'Request' }).click();
  await page.getByLabel('Path', { exact: true }).fill('/admin');
  await page.keyboard.press('Control+Enter');
  await expect(results(page).getByText('403').first()).toBeVisible();
  expect(sent).toEqual([]);
  expect(found).toEqual([]);
});

test('a module is put in the chain, moved and removed by keyboard alone, and each step is announced', async ({ page, site }) => {
  await playground(page, site);
  await open(page, file('block.wasm', module('block-path')), file('add.wasm', module('add-header')));
  const press = async button => {
    await button.focus();
    await page.keyboard.press('Enter');
  };
  await press(put(page, 'block.wasm'));
  await expect(said(page, 'block.wasm is in the chain in envoy.yaml.')).toBeVisible();
  await press(put(page, 'add.wasm'));
  const up = page.getByRole('button', { name: 'Move add.wasm up' });
  await press(up);
  await expect(said(page, 'add.wasm is number 1 of 2 now, in the chain too.')).toBeVisible();
  await expect(names(page)).toHaveText(['add.wasm', 'block.wasm']);
  await expect(chain(page)).toHaveValue(/add\.wasm[^]*block\.wasm[^]*router/);
  // The button that was pressed keeps the focus, and says that it leads no further.
  await expect(up).toBeFocused();
  await expect(up).toHaveAttribute('aria-disabled', 'true');
  await press(takeOut(page, 'add.wasm'));
  await expect(chain(page)).not.toHaveValue(/envoy\/add\.wasm/);
  await press(page.getByRole('button', { name: 'Remove block.wasm' }));
  await expect(said(page, 'block.wasm is removed.')).toBeVisible();
  await expect(names(page)).toHaveText(['add.wasm']);
  await expect(chain(page)).not.toHaveValue(/block\.wasm/);
});

test('a module is dragged to another place, and its filter goes with it', async ({ page, site }) => {
  await two(page, site);
  const grips = list(page).getByTitle('Drag to another place');
  for (const summary of await list(page).locator('summary').all()) await summary.click();
  const from = await grips.nth(0).boundingBox();
  const to = await grips.nth(1).boundingBox();
  await page.mouse.move(from.x + 8, from.y + 8);
  await page.mouse.down();
  await page.mouse.move(to.x + 8, to.y + 4, { steps: 5 });
  await page.mouse.move(to.x + 8, to.y + 40, { steps: 5 });
  await expect(names(page)).toHaveText(['add.wasm', 'block.wasm']);
  await page.mouse.up();
  await expect(said(page, 'block.wasm is number 2 of 2 now')).toBeVisible();
  await expect(chain(page)).toHaveValue(/add\.wasm[^]*block\.wasm[^]*router/);
});

test('the list follows the chain when that is changed in the editor', async ({ page, site }) => {
  await two(page, site);
  await page.getByRole('tab', { name: 'envoy.yaml' }).click();
  const text = page.locator('.cm-content').and(page.getByRole('textbox', { name: 'envoy.yaml' }));
  // The editor has taken the text area's place.
  await expect(text).toBeVisible();
  await page.getByRole('button', { name: 'Move block.wasm down' }).click();
  await expect(names(page)).toHaveText(['add.wasm', 'block.wasm']);
  // What the list did is one step of the editor.
  await text.press('ControlOrMeta+z');
  await expect(names(page)).toHaveText(['block.wasm', 'add.wasm']);
});

test('modules and their order are there again after a reload, and the first run has them', async ({ page, site }) => {
  const found = complaints(page);
  await two(page, site);
  await page.getByRole('button', { name: 'Move add.wasm up' }).click();
  await page.getByLabel('Path', { exact: true }).fill('/admin');
  await expect(said(page, 'number 1 of 2')).toBeVisible();
  await kept(page, 'add.wasm', 'block.wasm');
  await page.reload();
  await started(page);
  await page.keyboard.press('Control+Enter');
  await expect(results(page).getByText('403').first()).toBeVisible();
  await expect(names(page)).toHaveText(['add.wasm', 'block.wasm']);
  await page.getByRole('button', { name: 'Remove add.wasm' }).click();
  await kept(page, 'block.wasm');
  await page.reload();
  await started(page);
  await expect(names(page)).toHaveText(['block.wasm']);
  expect(found).toEqual([]);
});

test('a module that was built anew takes the place of the one before', async ({ page, site }) => {
  await playground(page, site);
  await open(page, file('mine.wasm', module('add-header')));
  await put(page, 'mine.wasm').click();
  await open(page, file('mine.wasm', module('block-path')));
  await expect(said(page, 'mine.wasm is examined')).toBeVisible();
  await expect(names(page)).toHaveText(['mine.wasm']);
  await page.getByLabel('Path', { exact: true }).fill('/admin');
  await page.keyboard.press('Control+Enter');
  await expect(results(page).getByText('403').first()).toBeVisible();
});

/** Lets files be read as slowly as from a tired disk. */
const slowly = page => page.addInitScript(() => {
  const read = File.prototype.arrayBuffer;
  File.prototype.arrayBuffer = async function () {
    await new Promise(resolve => { setTimeout(resolve, 1_000); });
    return read.call(this);
  };
});

test('Run that is pressed right after a file was chosen runs that file', async ({ page, site }) => {
  await playground(page, site);
  await open(page, file('mine.wasm', module('add-header')));
  await put(page, 'mine.wasm').click();
  await page.getByLabel('Path', { exact: true }).fill('/admin');
  await page.keyboard.press('Control+Enter');
  await expect(results(page).getByText('200').first()).toBeVisible();
  // Built anew, chosen and run in one go.
  await open(page, file('mine.wasm', module('block-path')));
  await page.keyboard.press('Control+Enter');
  await expect(results(page).getByText('403').first()).toBeVisible();
});

test('Run waits for a file that takes its time, and one that was stopped meanwhile does not begin', async ({ page, site }) => {
  await slowly(page);
  await playground(page, site);
  await open(page, file('mine.wasm', module('add-header')));
  await put(page, 'mine.wasm').click();
  await page.getByLabel('Path', { exact: true }).fill('/admin');
  await open(page, file('mine.wasm', module('block-path')));
  const run = page.locator('.run-bar').getByRole('button', { name: /^Run/ });
  await run.click();
  await page.locator('.run-bar').getByRole('button', { name: /^Stop/ }).click();
  await expect(results(page).getByText('You stopped')).toBeVisible();
  await run.click();
  await expect(results(page).getByText('403').first()).toBeVisible();
});

test('a module goes into a chain in brackets, is moved and taken out there, and runs', async ({ page, site }) => {
  await playground(page, site);
  await page.getByRole('tab', { name: 'envoy.yaml' }).click();
  const editor = page.locator('.cm-content').and(page.getByRole('textbox', { name: 'envoy.yaml' }));
  await write(editor, 'http_filters: [ {name: envoy.filters.http.router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}} ]\n');
  await open(page, file('block.wasm', module('block-path')), file('add.wasm', module('add-header')));
  await put(page, 'block.wasm').click();
  await put(page, 'add.wasm').click();
  await expect(chain(page)).toHaveValue(/\[ \{[^\n]*block\.wasm[^\n]*add\.wasm[^\n]*router[^\n]* \]/);
  await page.getByRole('button', { name: 'Move add.wasm up' }).click();
  await expect(chain(page)).toHaveValue(/add\.wasm[^\n]*block\.wasm[^\n]*router/);
  await takeOut(page, 'add.wasm').click();
  await expect(chain(page)).not.toHaveValue(/envoy\/add\.wasm/);
  await page.getByRole('tab', { name: 'Request' }).click();
  await page.getByLabel('Path', { exact: true }).fill('/admin');
  await page.keyboard.press('Control+Enter');
  await expect(results(page).getByText('403').first()).toBeVisible();
});

test('modules of the playground are not in other labs', async ({ page, site }) => {
  await playground(page, site);
  await open(page, file('mine.wasm', module('block-path')));
  await expect(put(page, 'mine.wasm')).toBeVisible();
  await kept(page, 'mine.wasm');
  await page.getByRole('navigation', { name: 'Begin with' }).getByRole('link', { name: 'Threads' }).click();
  await expect(page.getByLabel('Open your own .wasm')).toBeAttached();
  await expect(names(page)).toHaveCount(0);
  await page.goBack();
  await expect(names(page)).toHaveText(['mine.wasm']);
});

const box = page => page.getByText('Use your own module', { exact: true });

test('in a lesson the list stands shut, takes a module into the chain, and the run and the checks have it', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(`${site}learn/first-http-filters/add-a-header/`);
  await started(page);
  await expect(page.getByLabel('Open your own .wasm')).toBeHidden();
  await box(page).click();
  await open(page, file('mine.wasm', module('block-path')));
  await put(page, 'mine.wasm').click();
  await expect(chain(page)).toHaveValue(/mine\.wasm/);
  await page.getByRole('tab', { name: 'Request' }).click();
  await page.getByLabel('Path', { exact: true }).fill('/admin');
  await page.keyboard.press('Control+Enter');
  await expect(results(page).getByText('403').first()).toBeVisible();
  expect(found).toEqual([]);
});

test('in a lesson whose chain is in no editor a module runs too, is there after a reload, and goes with Reset', async ({ page, site }) => {
  const found = complaints(page);
  await page.goto(`${site}learn/runtime/life-of-a-plugin/`);
  await started(page);
  await box(page).focus();
  await page.keyboard.press('Enter');
  await open(page, file('mine.wasm', module('block-path')));
  await put(page, 'mine.wasm').click();
  await expect(said(page, 'mine.wasm is in the chain. Press Run.')).toBeVisible();
  await page.getByLabel('Path', { exact: true }).fill('/admin');
  await page.keyboard.press('Control+Enter');
  await expect(results(page).getByText('403').first()).toBeVisible();
  await kept(page, 'mine.wasm');
  await page.reload();
  await started(page);
  // At once: the run waits for what the browser has kept.
  await page.keyboard.press('Control+Enter');
  await expect(results(page).getByText('403').first()).toBeVisible();
  await expect(takeOut(page, 'mine.wasm')).toBeVisible();
  await page.getByRole('button', { name: 'Reset' }).click();
  await expect(put(page, 'mine.wasm')).toBeVisible();
  await page.getByLabel('Path', { exact: true }).fill('/admin');
  await page.keyboard.press('Control+Enter');
  await expect(results(page).getByText('200').first()).toBeVisible();
  expect(found).toEqual([]);
});

test('a file that is dropped on a lesson opens the list', async ({ page, site }) => {
  await page.goto(`${site}learn/first-http-filters/find-the-event/`);
  await started(page);
  const data = await page.evaluateHandle(bytes => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'dropped.wasm'));
    return data;
  }, [...module('add-header')]);
  const lab = page.getByRole('region', { name: 'Lab' });
  await lab.dispatchEvent('dragenter', { dataTransfer: data });
  await expect(page.getByLabel('Open your own .wasm')).toBeAttached();
  await lab.dispatchEvent('drop', { dataTransfer: data });
  await expect(put(page, 'dropped.wasm')).toBeVisible();
});

for (const [what, buffer] of [
  ['no module', Buffer.from('<script>self.ran = true</script><img src=x onerror="self.ran = true">')],
  ['cut off', module('add-header').subarray(0, 4000)],
  ['of another version', Buffer.from([0, 0x61, 0x73, 0x6d, 9, 0, 0, 0])],
  ['empty', Buffer.alloc(0)],
]) {
  test(`a file that is ${what} says what it is and what to do, and is not kept`, async ({ page, site }) => {
    const name = '<img src=x onerror="self.ran = true">.wasm';
    await playground(page, site);
    await open(page, file(name, buffer));
    await expect(said(page, 'cannot run here')).toBeVisible();
    await expect(page.getByRole('row', { name: /^loads no: / })).toBeVisible();
    await expect(page.getByRole('button', { name: /^Put in the chain/ })).toHaveCount(0);
    expect(await page.evaluate(() => self.ran)).toBeUndefined();
    await page.keyboard.press('Control+Enter');
    await expect(results(page).getByText('x-hello').first()).toBeVisible();
    await page.reload();
    await started(page);
    await expect(page.getByLabel('Open your own .wasm')).toBeAttached();
    await expect(names(page)).toHaveCount(0);
  });
}

test('a module larger than any is refused before it is read', async ({ page, site }) => {
  await playground(page, site);
  await expect(page.getByLabel('Open your own .wasm')).toBeAttached();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(33_000_000)], 'huge.wasm'));
    document.querySelector('.playground').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));
  });
  await expect(said(page, 'huge.wasm has 33.0 MB. A module may have 32.0 MB here.')).toBeVisible();
});

test('a module that is dropped on the page is examined too, on an editor as well', async ({ page, site }) => {
  await playground(page, site);
  await page.getByRole('tab', { name: 'envoy.yaml' }).click();
  const before = await chain(page).inputValue();
  const bytes = [...module('add-header')];
  const data = await page.evaluateHandle(bytes => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'dropped.wasm'));
    return data;
  }, bytes);
  await page.locator('.cm-content:visible').dispatchEvent('drop', { dataTransfer: data });
  await expect(page.getByRole('table', { name: /^dropped\.wasm, / })).toBeVisible();
  expect(await chain(page).inputValue()).toBe(before);
});

test('a module is fetched from an address of this site, and other addresses say what to do', async ({ page, site }) => {
  const found = complaints(page);
  await playground(page, site);
  await page.getByText('Or fetch it').click();
  const address = page.getByLabel('Address of a .wasm on this site');
  await address.fill('https://example.com/filter.wasm');
  await address.press('Enter');
  await expect(said(page, 'Download the file, then drop it here.')).toBeVisible();
  await address.fill(`${site}filters/block-path.wasm`);
  await address.press('Enter');
  await expect(names(page)).toHaveText(['block-path.wasm']);
  await expect(put(page, 'block-path.wasm')).toBeVisible();
  expect(found).toEqual([]);
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [390, 1280]) {
    test(`axe has no objection to a list of modules, ${colorScheme}, ${width} px`, async ({ page, site }) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await two(page, site);
      await open(page, file('page.wasm', Buffer.from('<!doctype html>')));
      await expect(said(page, 'page.wasm cannot run here')).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.target).join(', ')}`)).toEqual([]);
      const overflow = await page.evaluate(() =>
        document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(overflow, 'scrolls sideways').toBe(0);
    });
  }
}
