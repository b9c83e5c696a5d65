// Compiles one AssemblyScript file against the Proxy-Wasm SDK, as `asc` with the WASI library's
// options does. Knows no worker and no page.
import asc from 'assemblyscript/asc';
import { LIBRARY, files } from './files.js';
import * as words from 'words';

/** What the WASI library asks of the compiler, from its asconfig.json. */
const OPTIONS = [
  '--lib', LIBRARY, '--exportStart', '_start',
  ...['ASC_WASI=1', 'abort=wasi_abort', 'trace=wasi_trace', 'seed=wasi_seed', 'console=wasi_console',
    'crypto=wasi_crypto', 'performance=wasi_performance', 'process=wasi_process', 'Date=wasi_Date',
  ].flatMap(alias => ['--use', alias]),
];

/**
 * @param {string} name the file's name, for messages
 * @param {string} source its text
 * @returns {Promise<{ wasm: Uint8Array } | { line: number, column: number, message: string }>}
 *   the module, or the first error with its place in the file (1:1 when it is elsewhere)
 */
export async function compile(name, source) {
  const entry = name.endsWith('.ts') ? name : `${name}.ts`;
  let wasm = null, first = null;
  const { error, stderr } = await asc.main([entry, ...OPTIONS, '-O3s', '-o', 'out.wasm'], {
    readFile: (path, base) => (path === entry ? source : packaged(path) ?? packaged(`${base}/${path}`) ?? null),
    writeFile: (path, contents) => { if (path === 'out.wasm') wasm = contents; },
    listFiles: dir => [...files.keys()]
      .filter(path => path.startsWith(`${dir}/`) && !path.slice(dir.length + 1).includes('/'))
      .map(path => path.slice(dir.length + 1)),
    reportDiagnostic: diagnostic => {
      // 2 warns, 3 is an error.
      if (diagnostic.category < 3) return;
      const found = told(diagnostic, entry, source);
      // One in the learner's own file says more than one in the SDK that it led to.
      if (!first || (!first.own && found.own)) first = found;
    },
  });
  if (wasm && !error) return { wasm };
  if (first) return { line: first.line, column: first.column, message: first.message };
  return { line: 1, column: 1, message: error?.message ?? (stderr.toString() || words.compiler_refused) };
}

/** A file of a package; how the compiler writes the way to the packages depends on where it runs. */
const packaged = path => files.get(path.slice(Math.max(path.lastIndexOf('node_modules/'), 0)));

function told(diagnostic, entry, source) {
  const { code, message, range } = diagnostic;
  const own = range !== null && range.source.normalizedPath === entry;
  const text = `${message} (AS${code})`;
  if (!own) {
    const where = range ? ` in ${range.source.normalizedPath}` : '';
    return { own, line: 1, column: 1, message: `${text}${where}` };
  }
  const before = source.slice(0, range.start).split('\n');
  return { own, line: before.length, column: before.at(-1).length + 1, message: text };
}
