// Serves a directory by our own server, with the headers that we publish.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Gives the address, and what ends the server. */
export async function serve(root, dir, port = '0') {
  const child = spawn(process.env.XTASK, ['static', dir, '--port', port], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('ready ')) {
      child.stdout.resume();
      return { url: line.slice('ready '.length), stop: () => child.kill() };
    }
  }
  throw new Error(`cannot serve ${dir}`);
}
