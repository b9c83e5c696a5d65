// A small Proxy-Wasm host on the browser's own engine: the yardstick for ours.
//
// It does for add-header what any host must: keep header maps, read and write guest memory, ask the
// guest's allocator for room. It has no limits, no trace and no proxy around it, and it answers
// Unimplemented (12) to every call that add-header does not need.

const OK = 0, NOT_FOUND = 1, BAD_ARGUMENT = 2, UNIMPLEMENTED = 12;

/** Starts a module and gives a function that takes one request through it. */
export async function start(bytes) {
  const module = await WebAssembly.compile(bytes);
  const text = new TextDecoder(), code = new TextEncoder();
  const maps = new Map();
  let exports, memory = new Uint8Array();

  const bytesOf = () => memory.buffer === exports.memory.buffer && memory.length
    ? memory
    : (memory = new Uint8Array(exports.memory.buffer));
  const read = (at, length) => text.decode(bytesOf().subarray(at, at + length));
  const allocate = exports => exports.proxy_on_memory_allocate ?? exports.malloc;
  const put32 = (at, value) => new DataView(exports.memory.buffer).setUint32(at, value, true);
  const give = (value, pointerAt, lengthAt) => {
    const at = value.length === 0 ? 0 : allocate(exports)(value.length);
    bytesOf().set(value, at);
    put32(pointerAt, at);
    put32(lengthAt, value.length);
    return OK;
  };

  const env = {
    proxy_log: () => OK,
    proxy_get_log_level: at => (put32(at, 2), OK),
    proxy_set_effective_context: () => OK,
    proxy_get_current_time_nanoseconds: at => {
      new DataView(exports.memory.buffer).setBigUint64(at, 0n, true);
      return OK;
    },
    proxy_get_buffer_bytes: () => NOT_FOUND,
    proxy_add_header_map_value: (map, name, nameLength, value, valueLength) => {
      const headers = maps.get(map);
      if (!headers) return BAD_ARGUMENT;
      headers.push([read(name, nameLength), read(value, valueLength)]);
      return OK;
    },
    proxy_get_header_map_value: (map, name, nameLength, pointerAt, lengthAt) => {
      const wanted = read(name, nameLength);
      const found = maps.get(map)?.find(([have]) => have === wanted);
      return found ? give(code.encode(found[1]), pointerAt, lengthAt) : NOT_FOUND;
    },
  };
  const wasi = {
    random_get: (at, length) => (bytesOf().fill(0, at, at + length), 0),
    environ_sizes_get: (count, size) => (put32(count, 0), put32(size, 0), 0),
    environ_get: () => 0,
    fd_write: (_fd, _vectors, _count, written) => (put32(written, 0), 0),
    clock_time_get: () => 0,
    proc_exit: status => { throw new Error(`the module ended with ${status}`); },
  };
  const imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function') throw new Error(`the module wants the ${kind} ${from}.${name}`);
    imports[from] ??= {};
    imports[from][name] = (from === 'env' ? env : wasi)[name] ?? (() => UNIMPLEMENTED);
  }

  ({ exports } = await WebAssembly.instantiate(module, imports));
  exports._initialize?.();
  exports._start?.();
  const root = 1;
  let context = root;
  exports.proxy_on_context_create(root, 0);
  exports.proxy_on_vm_start?.(root, 0);
  exports.proxy_on_configure?.(root, 0);

  return () => {
    context += 1;
    const request = [
      [':method', 'GET'], [':path', '/hello'], [':authority', 'example.com'], [':scheme', 'http'],
      ['user-agent', 'tour'], ['accept', 'text/plain'],
    ];
    const response = [[':status', '200'], ['content-type', 'text/plain'], ['server', 'tiny-web']];
    maps.set(0, request);
    maps.set(2, response);
    exports.proxy_on_context_create(context, root);
    exports.proxy_on_request_headers?.(context, request.length, 1);
    exports.proxy_on_response_headers?.(context, response.length, 0);
    exports.proxy_on_done?.(context);
    exports.proxy_on_log?.(context);
    exports.proxy_on_delete?.(context);
    return request;
  };
}
