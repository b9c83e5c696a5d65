;; Bodies: what has arrived, how much of it, and how it is changed. The buffer 0 is the request's body, 1 the response's.
(module
  (import "env" "proxy_remove_header_map_value" (func $proxy_remove_header_map_value (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_status" (func $proxy_get_buffer_status (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $proxy_get_buffer_bytes (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_buffer_bytes" (func $proxy_set_buffer_bytes (param i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "content-length")
  (data (i32.const 1040) "<")
  (data (i32.const 1056) ">")
  (data (i32.const 1072) "replaced")
  (data (i32.const 1088) "?")

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; remove_header_map_value(0, "content-length")
    (drop (call $proxy_remove_header_map_value (i32.const 0) (i32.const 1024) (i32.const 14)))
    (i32.const 0))

  (func (export "proxy_on_request_body") (param $stream_context_id i32) (param $body_size i32) (param $end_of_stream i32) (result i32)
    ;; get_buffer_status(0)
    (drop (call $proxy_get_buffer_status (i32.const 0) (i32.const 8) (i32.const 12)))
    ;; get_buffer_bytes(0, 0, 100)
    (drop (call $proxy_get_buffer_bytes (i32.const 0) (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 4)))
    ;; set_buffer_bytes(0, 0, 0, "<")
    (drop (call $proxy_set_buffer_bytes (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1040) (i32.const 1)))
    ;; set_buffer_bytes(0, 1000, 0, ">")
    (drop (call $proxy_set_buffer_bytes (i32.const 0) (i32.const 1000) (i32.const 0) (i32.const 1056) (i32.const 1)))
    (i32.const 0))

  (func (export "proxy_on_response_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; remove_header_map_value(2, "content-length")
    (drop (call $proxy_remove_header_map_value (i32.const 2) (i32.const 1024) (i32.const 14)))
    (i32.const 0))

  (func (export "proxy_on_response_body") (param $stream_context_id i32) (param $body_size i32) (param $end_of_stream i32) (result i32)
    ;; set_buffer_bytes(1, 0, 1000, "replaced")
    (drop (call $proxy_set_buffer_bytes (i32.const 1) (i32.const 0) (i32.const 1000) (i32.const 1072) (i32.const 8)))
    ;; set_buffer_bytes(1, 3, 1, "?"): only the start and the end of a buffer can be written
    (drop (call $proxy_set_buffer_bytes (i32.const 1) (i32.const 3) (i32.const 1) (i32.const 1088) (i32.const 1)))
    ;; get_buffer_bytes(0, 0, 100): the body of the request is gone
    (drop (call $proxy_get_buffer_bytes (i32.const 0) (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 4)))
    (i32.const 0)))
