// A whole filter. Run compiles it here, in the page.
export * from "@gcoredev/proxy-wasm-sdk-as/assembly/proxy";
import {
  Context,
  FilterHeadersStatusValues,
  log,
  LogLevelValues,
  registerRootContext,
  RootContext,
  stream_context,
} from "@gcoredev/proxy-wasm-sdk-as/assembly";

// One per VM. It makes a context for each request.
class Root extends RootContext {
  createContext(context_id: u32): Context {
    return new Hello(context_id, this);
  }
}

// One per request.
class Hello extends Context {
  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const path = stream_context.headers.request.get(":path");
    log(LogLevelValues.info, "a request for " + path);
    stream_context.headers.request.add("x-hello", "from AssemblyScript");
    return FilterHeadersStatusValues.Continue;
  }
}

registerRootContext((context_id: u32) => new Root(context_id), "hello");
