// The guests' common job (../README.md), with the published AssemblyScript SDK.

export * from "@gcoredev/proxy-wasm-sdk-as/assembly/proxy";
import {
  BufferTypeValues,
  Context,
  FilterDataStatusValues,
  FilterHeadersStatusValues,
  get_buffer_bytes,
  GrpcStatusValues,
  log,
  LogLevelValues,
  registerRootContext,
  RootContext,
  send_local_response,
  stream_context,
} from "@gcoredev/proxy-wasm-sdk-as/assembly";

class GuestRoot extends RootContext {
  onStart(size: usize): bool {
    const bytes = get_buffer_bytes(BufferTypeValues.VmConfiguration, 0, size as u32);
    log(LogLevelValues.info, "configuration: " + String.UTF8.decode(bytes));
    return true;
  }

  createContext(context_id: u32): Context {
    return new Guest(context_id, this);
  }
}

class Guest extends Context {
  path: string = "";
  bytes: usize = 0;

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    this.path = stream_context.headers.request.get(":path");
    if (this.path == "/deny") {
      const body = String.UTF8.encode("denied by assemblyscript");
      send_local_response(403, "denied", body, [], GrpcStatusValues.InvalidCode);
      return FilterHeadersStatusValues.StopIteration;
    }
    stream_context.headers.request.add("x-sdk", "assemblyscript");
    return FilterHeadersStatusValues.Continue;
  }

  onRequestBody(size: usize, end_of_stream: bool): FilterDataStatusValues {
    this.bytes += size;
    return FilterDataStatusValues.Continue;
  }

  onResponseHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    stream_context.headers.response.add("x-bytes", this.bytes.toString());
    return FilterHeadersStatusValues.Continue;
  }

  onLog(): void {
    log(LogLevelValues.info, this.path + " done, " + this.bytes.toString() + " bytes");
  }
}

registerRootContext((context_id: u32) => new GuestRoot(context_id), "guest");
