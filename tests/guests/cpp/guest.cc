// The guests' common job (../README.md) in C++: ABI 0.2.1 on WASI's C++ library, with objects that
// must be constructed before the first callback.

#include "../c/proxy_wasm.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>

PROXY_EXPORT(proxy_abi_version_0_2_1)
void proxy_abi_version_0_2_1() {}

namespace {

// What is remembered of a stream.
struct Stream {
  std::string path;
  size_t bytes = 0;
};

// Made by _initialize. Without it the name is empty and the map is no map.
const std::string sdk = std::string("c") + "pp";
std::map<uint32_t, Stream> streams;

// What the proxy allocated for us with our malloc is ours to free.
struct Free {
  void operator()(char *bytes) const { free(bytes); }
};

std::string owned(char *bytes, size_t size) {
  std::unique_ptr<char, Free> guard(bytes);
  return std::string(bytes, size);
}

void log_info(const std::string &text) { proxy_log(LOG_INFO, text.data(), text.size()); }

std::string header(uint32_t map, std::string_view name) {
  char *value = nullptr;
  size_t size = 0;
  if (proxy_get_header_map_value(map, name.data(), name.size(), &value, &size) != 0) {
    return {};
  }
  return owned(value, size);
}

void add_header(uint32_t map, std::string_view name, std::string_view value) {
  proxy_add_header_map_value(map, name.data(), name.size(), value.data(), value.size());
}

} // namespace

PROXY_EXPORT(proxy_on_vm_start)
uint32_t proxy_on_vm_start(uint32_t, uint32_t size) {
  char *bytes = nullptr;
  size_t length = 0;
  if (proxy_get_buffer_bytes(BUFFER_VM_CONFIGURATION, 0, size, &bytes, &length) != 0) {
    return 0;
  }
  log_info("configuration: " + owned(bytes, length));
  return 1;
}

PROXY_EXPORT(proxy_on_context_create)
void proxy_on_context_create(uint32_t context, uint32_t parent) {
  if (parent != 0) {
    streams.emplace(context, Stream{});
  }
}

PROXY_EXPORT(proxy_on_request_headers)
uint32_t proxy_on_request_headers(uint32_t context, uint32_t, uint32_t) {
  Stream &stream = streams.at(context);
  stream.path = header(MAP_REQUEST_HEADERS, ":path");
  if (stream.path == "/deny") {
    const std::string body = "denied by " + sdk;
    proxy_send_local_response(403, "denied", 6, body.data(), body.size(), nullptr, 0,
                              NO_GRPC_STATUS);
    return STOP_ITERATION;
  }
  add_header(MAP_REQUEST_HEADERS, "x-sdk", sdk);
  return CONTINUE;
}

PROXY_EXPORT(proxy_on_request_body)
uint32_t proxy_on_request_body(uint32_t context, uint32_t size, uint32_t) {
  streams.at(context).bytes += size;
  return CONTINUE;
}

PROXY_EXPORT(proxy_on_response_headers)
uint32_t proxy_on_response_headers(uint32_t context, uint32_t, uint32_t) {
  add_header(MAP_RESPONSE_HEADERS, "x-bytes", std::to_string(streams.at(context).bytes));
  return CONTINUE;
}

PROXY_EXPORT(proxy_on_log)
void proxy_on_log(uint32_t context) {
  const Stream &stream = streams.at(context);
  log_info(stream.path + " done, " + std::to_string(stream.bytes) + " bytes");
}

PROXY_EXPORT(proxy_on_delete)
void proxy_on_delete(uint32_t context) { streams.erase(context); }
