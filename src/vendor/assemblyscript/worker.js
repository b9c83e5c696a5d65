// The AssemblyScript compiler in a worker of its own. It is a classic one, made of a blob, since
// that is what a sandboxed frame allows; the build wraps this in an async function for that.
//
// In: `{ name, source }`. Out: `{ ready: true }` once, then for each what `compile` gives. Under
// Node.js one such message comes as JSON by standard input, and the answer goes out as JSON, the
// module in base64.
import { compile } from './compile.js';

if (typeof process === 'object' && process.versions?.node) {
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  const { name, source } = JSON.parse(text);
  const { wasm, ...problem } = await compile(name, source);
  process.stdout.write(JSON.stringify(wasm ? { wasm: Buffer.from(wasm).toString('base64') } : problem));
} else {
  self.onmessage = async ({ data: { name, source } }) => {
    const result = await compile(name, source);
    self.postMessage(result, result.wasm ? [result.wasm.buffer] : []);
  };
  self.postMessage({ ready: true });
}
