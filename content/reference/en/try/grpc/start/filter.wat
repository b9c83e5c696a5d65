;; gRPC: a call with one answer, a stream with two, one that is cancelled and one that fails.
(module
  (import "env" "proxy_grpc_call" (func $proxy_grpc_call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_stream" (func $proxy_grpc_stream (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_send" (func $proxy_grpc_send (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_close" (func $proxy_grpc_close (param i32) (result i32)))
  (import "env" "proxy_grpc_cancel" (func $proxy_grpc_cancel (param i32) (result i32)))
  (import "env" "proxy_get_header_map_pairs" (func $proxy_get_header_map_pairs (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $proxy_get_buffer_bytes (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_status" (func $proxy_get_status (param i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "grpc")
  (data (i32.const 1040) "shop.Stock")
  (data (i32.const 1056) "Count")
  (data (i32.const 1072) "apples")
  (data (i32.const 1088) "Watch")
  (data (i32.const 1104) "pears")
  (data (i32.const 1120) "nowhere")
  (data (i32.const 1136) "x")

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; grpc_call("grpc", "shop.Stock", "Count", {}, "apples", 1000)
    (drop (call $proxy_grpc_call (i32.const 1024) (i32.const 4) (i32.const 1040) (i32.const 10) (i32.const 1056) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 1072) (i32.const 6) (i32.const 1000) (i32.const 16)))
    ;; grpc_stream("grpc", "shop.Stock", "Watch", {})
    (drop (call $proxy_grpc_stream (i32.const 1024) (i32.const 4) (i32.const 1040) (i32.const 10) (i32.const 1088) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 20)))
    ;; grpc_send(the stream, "pears")
    (drop (call $proxy_grpc_send (i32.load (i32.const 20)) (i32.const 1104) (i32.const 5) (i32.const 0)))
    ;; grpc_close(the stream): our half of it
    (drop (call $proxy_grpc_close (i32.load (i32.const 20))))
    ;; grpc_stream("grpc", "shop.Stock", "Watch", {})
    (drop (call $proxy_grpc_stream (i32.const 1024) (i32.const 4) (i32.const 1040) (i32.const 10) (i32.const 1088) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 24)))
    ;; grpc_cancel(the other stream)
    (drop (call $proxy_grpc_cancel (i32.load (i32.const 24))))
    ;; grpc_cancel(the other stream): it is gone
    (drop (call $proxy_grpc_cancel (i32.load (i32.const 24))))
    ;; grpc_call("nowhere", "shop.Stock", "Count", {}, "x", 1000)
    (drop (call $proxy_grpc_call (i32.const 1120) (i32.const 7) (i32.const 1040) (i32.const 10) (i32.const 1056) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 1136) (i32.const 1) (i32.const 1000) (i32.const 28)))
    (i32.const 0))

  (func (export "proxy_on_grpc_receive_initial_metadata") (param $root_context_id i32) (param $stream_id i32) (param $num_elements i32)
    ;; get_header_map_pairs(4)
    (drop (call $proxy_get_header_map_pairs (i32.const 4) (i32.const 0) (i32.const 4))))

  (func (export "proxy_on_grpc_receive") (param $root_context_id i32) (param $call_or_stream_id i32) (param $message_size i32)
    ;; get_buffer_bytes(5, 0, 100)
    (drop (call $proxy_get_buffer_bytes (i32.const 5) (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 4))))

  (func (export "proxy_on_grpc_receive_trailing_metadata") (param $root_context_id i32) (param $stream_id i32) (param $num_elements i32)
    ;; get_header_map_pairs(5)
    (drop (call $proxy_get_header_map_pairs (i32.const 5) (i32.const 0) (i32.const 4))))

  (func (export "proxy_on_grpc_close") (param $root_context_id i32) (param $call_or_stream_id i32) (param $status_code i32)
    ;; get_status()
    (drop (call $proxy_get_status (i32.const 32) (i32.const 0) (i32.const 4)))))
