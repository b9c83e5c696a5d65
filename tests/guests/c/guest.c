// The guests' common job (../README.md) in C: ABI 0.1.0, no library, no start function.

#include "proxy_wasm.h"

#define TEXT(literal) literal, sizeof(literal) - 1

PROXY_EXPORT(proxy_abi_version_0_1_0)
void proxy_abi_version_0_1_0(void) {}

// Memory that the proxy asks for: blocks from the front of an arena. Every callback that asks is
// done with its blocks when it returns, so the next one starts at the front again.
static char arena[64 * 1024] __attribute__((aligned(8)));
static size_t used;

PROXY_EXPORT(malloc)
void *allocate(size_t size) {
  if (size > sizeof(arena) - used) {
    return NULL;
  }
  void *block = &arena[used];
  used += (size + 7) & ~(size_t)7;
  return block;
}

// What is remembered of a stream. Contexts are few here: the slot is the id's remainder.
struct stream {
  char path[64];
  size_t path_size;
  uint32_t bytes;
};
static struct stream streams[64];

static struct stream *stream_of(uint32_t context) { return &streams[context % 64]; }

static size_t append(char *to, size_t at, const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    to[at + i] = bytes[i];
  }
  return at + size;
}

static size_t append_number(char *to, size_t at, uint32_t number) {
  char digits[10];
  size_t count = 0;
  do {
    digits[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  while (count > 0) {
    to[at++] = digits[--count];
  }
  return at;
}

PROXY_EXPORT(proxy_on_vm_start)
uint32_t proxy_on_vm_start(uint32_t root, uint32_t size) {
  (void)root;
  (void)size;
  used = 0;
  char *configuration = NULL;
  size_t length = 0;
  if (proxy_get_configuration(&configuration, &length) != 0 || length > 256) {
    return 0;
  }
  char line[300];
  size_t end = append(line, 0, TEXT("configuration: "));
  end = append(line, end, configuration, length);
  proxy_log(LOG_INFO, line, end);
  return 1;
}

PROXY_EXPORT(proxy_on_request_headers)
uint32_t proxy_on_request_headers(uint32_t context, uint32_t count) {
  (void)count;
  used = 0;
  struct stream *stream = stream_of(context);
  stream->bytes = 0;
  stream->path_size = 0;
  char *path = NULL;
  size_t size = 0;
  proxy_get_header_map_value(MAP_REQUEST_HEADERS, TEXT(":path"), &path, &size);
  if (size > sizeof(stream->path)) {
    size = sizeof(stream->path);
  }
  stream->path_size = append(stream->path, 0, path, size);
  if (size == 5 && __builtin_memcmp(stream->path, "/deny", 5) == 0) {
    proxy_send_local_response(403, TEXT("denied"), TEXT("denied by c"), NULL, 0, NO_GRPC_STATUS);
    return STOP_ITERATION;
  }
  proxy_add_header_map_value(MAP_REQUEST_HEADERS, TEXT("x-sdk"), TEXT("c"));
  return CONTINUE;
}

PROXY_EXPORT(proxy_on_request_body)
uint32_t proxy_on_request_body(uint32_t context, uint32_t size, uint32_t end_of_stream) {
  (void)end_of_stream;
  stream_of(context)->bytes += size;
  return CONTINUE;
}

PROXY_EXPORT(proxy_on_response_headers)
uint32_t proxy_on_response_headers(uint32_t context, uint32_t count) {
  (void)count;
  char number[10];
  size_t end = append_number(number, 0, stream_of(context)->bytes);
  proxy_add_header_map_value(MAP_RESPONSE_HEADERS, TEXT("x-bytes"), number, end);
  return CONTINUE;
}

PROXY_EXPORT(proxy_on_log)
void proxy_on_log(uint32_t context) {
  struct stream *stream = stream_of(context);
  char line[128];
  size_t end = append(line, 0, stream->path, stream->path_size);
  end = append(line, end, TEXT(" done, "));
  end = append_number(line, end, stream->bytes);
  end = append(line, end, TEXT(" bytes"));
  proxy_log(LOG_INFO, line, end);
}
