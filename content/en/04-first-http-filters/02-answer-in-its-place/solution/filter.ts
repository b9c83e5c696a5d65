export * from "@gcoredev/proxy-wasm-sdk-as/assembly/proxy";
import {
  Context,
  FilterHeadersStatusValues,
  registerRootContext,
  RootContext,
  send_http_response,
  stream_context,
} from "@gcoredev/proxy-wasm-sdk-as/assembly";

// One per VM. It makes a context for each request.
class Root extends RootContext {
  createContext(context_id: u32): Context {
    return new Door(context_id, this);
  }
}

// One per request.
class Door extends Context {
  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    if (stream_context.headers.request.get("x-token") == "open-sesame") {
      return FilterHeadersStatusValues.Continue;
    }
    send_http_response(401, "no_token", new ArrayBuffer(0), []);
    return FilterHeadersStatusValues.StopIteration;
  }
}

registerRootContext((context_id: u32) => new Root(context_id), "door");
