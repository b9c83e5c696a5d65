// The numbers that only a browser can give: Chromium, driven by Playwright, on the finished site.
import { serve } from './serve.js';

/** What a visitor needs at least to read a task, in ms, once the engine has what it needs. */
const READING_MS = 2_000;

/** Presses Run and gives the time to the painted result and the longest task meanwhile, in ms. */
function pressRun() {
  return new Promise(done => {
    const button = [...document.querySelectorAll('button')]
      .find(button => button.textContent.trim().startsWith('Run') && button.offsetParent !== null);
    let longest = 0;
    const tasks = new PerformanceObserver(list => {
      for (const task of list.getEntries()) longest = Math.max(longest, task.duration);
    });
    tasks.observe({ type: 'longtask' });
    let running = false;
    const start = performance.now();
    const watch = new MutationObserver(() => {
      const word = button.textContent.trim();
      if (word.startsWith('Stop')) running = true;
      if (!running || !word.startsWith('Run')) return;
      watch.disconnect();
      // A frame for the change, and what comes after it is painted.
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          const took = performance.now() - start;
          // Long tasks are reported a little later.
          setTimeout(() => { tasks.disconnect(); done({ took, longest }); }, 200);
        };
        port2.postMessage(0);
      });
    });
    watch.observe(button, { subtree: true, childList: true, characterData: true });
    button.click();
  });
}

/** The paths that a lesson asks for until a reader has it all, and until a run was shown. */
async function downloads(browser, site, lesson) {
  const page = await browser.newPage();
  const paths = new Set();
  page.on('request', request => {
    if (request.url().startsWith(site)) paths.add(request.url().slice(site.length).split('?')[0]);
  });
  // What waits for the browser to be idle is asked for before the network is.
  await page.goto(`${site}${lesson}`, { waitUntil: 'networkidle' });
  await page.locator('html[data-boot=started]').waitFor({ state: 'attached' });
  const reading = [...paths];
  await page.evaluate(pressRun);
  await page.close();
  return { reading, running: [...paths] };
}

/**
 * Runs the lesson's lab as visitors do: most read first, and meanwhile the page has loaded the
 * engine and rehearsed the run; some press Run as soon as they see it.
 */
async function runs(browser, url, row, median) {
  const first = [], warm = [], longest = [], atOnce = [];
  const visit = async (wait, look) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const waited = wait(page);
    await page.goto(url);
    await page.locator('html[data-boot=started]').waitFor({ state: 'attached' });
    await waited;
    await look(() => page.evaluate(pressRun));
    await context.close();
  };
  for (let round = 0; round < 5; round += 1) {
    const reads = async page => {
      await page.waitForEvent('requestfinished', request => request.url().includes('/filters/'));
      await page.waitForTimeout(READING_MS);
    };
    await visit(reads, async run => {
      const cold = await run();
      first.push(cold.took);
      longest.push(cold.longest);
      for (let again = 0; again < 5; again += 1) {
        const next = await run();
        warm.push(next.took);
        longest.push(next.longest);
      }
    });
    await visit(async () => {}, async run => atOnce.push((await run()).took));
  }
  row('Run to painted result, add-header lab, first', median(first), 'ms', 500);
  row('the same, pressed before the engine was asked for', median(atOnce), 'ms');
  row('Run to painted result, add-header lab, warm', median(warm), 'ms', 50);
  row('longest main-thread task while a lab runs', Math.max(...longest), 'ms', 50);
}

/**
 * Runs a lab of ten thousand events and scrolls through its timeline: the longest task of the page
 * meanwhile, in ms of the processor, so that what else the machine does makes no difference.
 */
async function scrolled(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${url}playground/`);
  await page.locator('html[data-boot=started]').waitFor({ state: 'attached' });
  await page.getByRole('tab', { name: 'lab.yaml' }).click();
  const editor = page.getByRole('textbox', { name: 'lab.yaml' });
  const lab = await editor.inputValue();
  await editor.fill(`${lab.slice(0, lab.indexOf('scenarios:'))}scenarios:\n- name: many\n  traffic:\n` +
    '  - {request: {path: /hello}}\n'.repeat(500));
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel', '__metadata'] },
  });
  await page.keyboard.press('Control+Enter');
  await page.getByRole('tab', { name: 'Timeline' }).click();
  const grid = page.getByRole('grid');
  const note = page.getByRole('tabpanel', { name: 'Timeline' }).getByText(/^\d+ events$/);
  const count = Number((await note.textContent()).split(' ')[0]);
  if (count < 10_000) throw new Error(`the long lab has ${count} events`);
  await grid.hover();
  for (let at = 0; at < 120; at += 1) {
    await page.mouse.wheel(0, 700);
    await page.waitForTimeout(16);
  }
  await grid.focus();
  await page.keyboard.press('End');
  await page.locator(`#row-${count - 1}`).waitFor();
  const complete = new Promise(resolve => { session.once('Tracing.tracingComplete', resolve); });
  await session.send('Tracing.end');
  await complete;
  await page.close();
  const main = events.filter(event => event.name === 'thread_name' && event.args.name === 'CrRendererMain');
  const ofPage = event => main.some(thread => thread.pid === event.pid && thread.tid === event.tid);
  const tasks = events.filter(event => event.ph === 'X' && event.tdur !== undefined && ofPage(event));
  return Math.max(...tasks.map(task => task.tdur / 1000));
}

/** Times for one request through add-header, in µs: the browser's own engine, then ours. */
async function requests(browser, root, wasm) {
  const server = await serve(root, 'target/bench');
  const page = await browser.newPage();
  await page.goto(`${server.url}lab.yaml`);
  const micros = await page.evaluate(async wasm => {
    const bytes = new Uint8Array(await (await fetch(wasm)).arrayBuffer());
    const lab = await (await fetch('/lab.yaml')).text();

    const { start } = await import('/host.js');
    const request = await start(bytes);
    if (!request().some(([name, value]) => name === 'x-hello' && value === 'world')) {
      throw new Error('the yardstick did not run the filter');
    }
    const timed = work => {
      const start = performance.now();
      work();
      return (performance.now() - start) * 1000;
    };
    const middle = numbers => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
    const many = 20_000;
    const yardstick = middle(Array.from({ length: 9 }, () =>
      timed(() => { for (let n = 0; n < many; n += 1) request(); }) / many));

    await (await import('/bench-host.js')).default();
    const run = (what, rounds) => {
      const problem = globalThis.bench(what, bytes, lab, rounds);
      if (problem) throw new Error(`${what}: ${problem}`);
    };
    // The yardstick's 180,000 requests have made the browser compile it with all it can; let the
    // interpreter have that too. It is a larger program, and takes seconds.
    for (let round = 0; round < 8; round += 1) {
      run('host', 5_000);
      run('proxy with capture', 1_000);
    }
    // The difference of a long and a short run leaves out what happens once.
    const each = (what, rounds) => middle(Array.from({ length: 7 }, () =>
      timed(() => run(what, 1 + rounds)) - timed(() => run(what, 1)))) / rounds;
    return {
      yardstick,
      host: each('host', 5_000),
      proxy: each('proxy', 1_000),
      captured: each('proxy with capture', 1_000),
    };
  }, wasm);
  await page.close();
  server.stop();
  return micros;
}

/** Prints every row that needs the browser, and gives what a lesson downloads. */
export async function inPage({ root, dist, lesson, row, median, require }) {
  const { chromium } = require('@playwright/test');
  const server = await serve(root, dist);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic',
    ],
  });
  try {
    const wasm = `${server.url}filters/add-header.wasm`;
    const { yardstick, host, proxy, captured } = await requests(browser, root, wasm);
    row('add-header request on the browser\'s own engine (host.js)', yardstick, 'µs', 7);
    row('the same on our host alone', host, 'µs');
    row('our host alone against the browser\'s own engine', host / yardstick, '×', 8);
    row('the same through the whole proxy, capture off', proxy, 'µs', 100);
    row('capture on against off', captured / proxy, '×', 2);
    await runs(browser, `${server.url}${lesson}`, row, median);
    row('longest main-thread task, 10,000 events run and scrolled',
      median([await scrolled(browser, server.url), await scrolled(browser, server.url), await scrolled(browser, server.url)]),
      'ms', 50);
    return await downloads(browser, server.url, lesson);
  } finally {
    await browser.close();
    server.stop();
  }
}
