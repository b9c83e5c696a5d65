;; Calls that are refused, each for another reason. The row of a call says why.
(module
  (import "env" "proxy_log" (func $proxy_log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $proxy_get_header_map_value (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_property" (func $proxy_get_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_call" (func $proxy_grpc_call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_continue_stream" (func $proxy_continue_stream (param i32) (result i32)))
  (import "env" "proxy_call_foreign_function" (func $proxy_call_foreign_function (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_done" (func $proxy_done (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "no such level")
  (data (i32.const 1040) "x-nothing")
  (data (i32.const 1056) "request")
  (data (i32.const 1072) "nowhere")
  (data (i32.const 1088) "s.S")
  (data (i32.const 1104) "M")
  (data (i32.const 1120) "web")
  (data (i32.const 1136) "no_such_function")

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; log(2, bytes beyond the end of memory)
    (drop (call $proxy_log (i32.const 2) (i32.const -8) (i32.const 100)))
    ;; log(9, "no such level")
    (drop (call $proxy_log (i32.const 9) (i32.const 1024) (i32.const 13)))
    ;; get_header_map_value(0, "x-nothing")
    (drop (call $proxy_get_header_map_value (i32.const 0) (i32.const 1040) (i32.const 9) (i32.const 0) (i32.const 4)))
    ;; get_property("request")
    (drop (call $proxy_get_property (i32.const 1056) (i32.const 7) (i32.const 0) (i32.const 4)))
    ;; grpc_call("nowhere", "s.S", "M", {}, "", 1000)
    (drop (call $proxy_grpc_call (i32.const 1072) (i32.const 7) (i32.const 1088) (i32.const 3) (i32.const 1104) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1000) (i32.const 16)))
    ;; grpc_call("web", …): this cluster does not speak HTTP/2
    (drop (call $proxy_grpc_call (i32.const 1120) (i32.const 3) (i32.const 1088) (i32.const 3) (i32.const 1104) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1000) (i32.const 16)))
    ;; continue_stream(3): an upstream's direction
    (drop (call $proxy_continue_stream (i32.const 3)))
    ;; call_foreign_function("no_such_function", "")
    (drop (call $proxy_call_foreign_function (i32.const 1136) (i32.const 16) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4)))
    ;; done()
    (drop (call $proxy_done))
    (i32.const 0)))
