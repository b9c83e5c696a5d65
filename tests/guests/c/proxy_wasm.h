// The parts of the Proxy-Wasm ABI that the C and C++ guests use, written from the specification.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define PROXY_C extern "C"
#else
#define PROXY_C
#endif

// A function that the proxy offers, and one that the proxy calls.
#define PROXY_IMPORT(name) PROXY_C __attribute__((import_module("env"), import_name(#name)))
#define PROXY_EXPORT(name) PROXY_C __attribute__((export_name(#name)))

enum { LOG_INFO = 2 };
enum { MAP_REQUEST_HEADERS = 0, MAP_RESPONSE_HEADERS = 2 };
enum { BUFFER_VM_CONFIGURATION = 6 };
enum { CONTINUE = 0, STOP_ITERATION = 1 };
enum { NO_GRPC_STATUS = -1 };

PROXY_IMPORT(proxy_log)
uint32_t proxy_log(uint32_t level, const char *text, size_t size);

// ABI 0.1.0 only: the VM's configuration during proxy_on_vm_start.
PROXY_IMPORT(proxy_get_configuration)
uint32_t proxy_get_configuration(char **bytes, size_t *size);

PROXY_IMPORT(proxy_get_buffer_bytes)
uint32_t proxy_get_buffer_bytes(uint32_t buffer, uint32_t start, size_t length, char **bytes,
                                size_t *size);

PROXY_IMPORT(proxy_get_header_map_value)
uint32_t proxy_get_header_map_value(uint32_t map, const char *name, size_t name_size, char **value,
                                    size_t *value_size);

PROXY_IMPORT(proxy_add_header_map_value)
uint32_t proxy_add_header_map_value(uint32_t map, const char *name, size_t name_size,
                                    const char *value, size_t value_size);

PROXY_IMPORT(proxy_send_local_response)
uint32_t proxy_send_local_response(uint32_t status, const char *details, size_t details_size,
                                   const char *body, size_t body_size, const char *headers,
                                   size_t headers_size, int32_t grpc_status);
