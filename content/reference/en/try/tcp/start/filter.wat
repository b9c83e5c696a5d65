;; TCP: bytes both ways, and the ends of both connections. Data that begins with BYE makes the filter close.
(module
  (import "env" "proxy_get_property" (func $proxy_get_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $proxy_get_buffer_bytes (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_buffer_bytes" (func $proxy_set_buffer_bytes (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_close_stream" (func $proxy_close_stream (param i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "source\00address")
  (data (i32.const 1040) "\0a")

  (func (export "proxy_on_new_connection") (param $stream_context_id i32) (result i32)
    ;; get_property("source.address")
    (drop (call $proxy_get_property (i32.const 1024) (i32.const 14) (i32.const 0) (i32.const 4)))
    (i32.const 0))

  (func (export "proxy_on_downstream_data") (param $stream_context_id i32) (param $data_size i32) (param $end_of_stream i32) (result i32)
    ;; get_buffer_bytes(2, 0, 100)
    (drop (call $proxy_get_buffer_bytes (i32.const 2) (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 4)))
    (i32.const 0))

  (func (export "proxy_on_upstream_data") (param $stream_context_id i32) (param $data_size i32) (param $end_of_stream i32) (result i32)
    ;; get_buffer_bytes(3, 0, 100)
    (drop (call $proxy_get_buffer_bytes (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 4)))
    ;; set_buffer_bytes(3, 1000, 0, a line's end)
    (drop (call $proxy_set_buffer_bytes (i32.const 3) (i32.const 1000) (i32.const 0) (i32.const 1040) (i32.const 1)))
    ;; close_stream(2): the client's connection
    (drop (call $proxy_close_stream (i32.const 2)))
    (i32.const 0))

  (func (export "proxy_on_downstream_connection_close") (param $stream_context_id i32) (param $close_source i32))

  (func (export "proxy_on_upstream_connection_close") (param $stream_context_id i32) (param $close_source i32)))
