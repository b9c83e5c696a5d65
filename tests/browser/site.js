// The served site for a test: starts a server of ours, knows its address, watches the page for
// anything a visitor's console would show.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test as base, expect } from '@playwright/test';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Starts `xtask ARGS` and waits for its `ready URL`. */
export async function xtask(args) {
  const child = spawn(process.env.XTASK, args, {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    if (line.startsWith('ready ')) {
      // The rest is read away, so that the process never waits for us.
      child.stdout.resume();
      return { url: line.slice('ready '.length), stop: () => child.kill() };
    }
  }
  throw new Error(`xtask ${args.join(' ')} ended before it was ready`);
}

/** Collects errors, refused files and violations of the policy on a page. */
export function complaints(page) {
  const found = [];
  page.on('pageerror', error => found.push(`error: ${error}`));
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) found.push(`console: ${message.text()}`);
  });
  page.on('response', response => {
    if (response.status() >= 400) found.push(`${response.status()}: ${response.url()}`);
  });
  return found;
}

/** The app has taken the page over. */
export async function started(page) {
  await expect(page.locator('html')).toHaveAttribute('data-boot', 'started');
}

/** Writes a text in place of an editor's, at once, as somebody who pastes it. */
export async function write(editor, text) {
  await editor.press('ControlOrMeta+a');
  await editor.page().keyboard.insertText(text);
}

export const test = base.extend({
  // One server of the finished site for all tests of a worker.
  site: [
    async ({}, use) => {
      const server = await xtask(['static', 'dist', '--port', '0']);
      await use(server.url);
      server.stop();
    },
    { scope: 'worker' },
  ],
});

export { expect };
