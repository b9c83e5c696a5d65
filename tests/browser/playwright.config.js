// How the browser tests run: the finished site in dist/, served by `cargo xtask static` with the
// headers that we publish, in the system's Chromium. They know addresses and visible text, nothing
// of the code. `cargo xtask test browser` sets CHROMIUM and XTASK.
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: '.',
  outputDir: 'out',
  timeout: 60_000,
  expect: { timeout: 20_000 },
  workers: 1,
  reporter: [['list'], ['./count.js']],
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM,
      // Quiet, and able to run as root in a container.
      args: [
        '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic',
      ],
    },
  },
});
