;; A callout: the request waits until another service has answered.
;; A request to /down asks a cluster that resets.
(module
  (import "env" "proxy_http_call" (func $proxy_http_call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_status" (func $proxy_get_status (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $proxy_get_header_map_value (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $proxy_get_buffer_bytes (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $proxy_set_effective_context (param i32) (result i32)))
  (import "env" "proxy_continue_stream" (func $proxy_continue_stream (param i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "auth")
  (data (i32.const 1040) "\03\00\00\00\07\00\00\00\03\00\00\00\05\00\00\00\06\00\00\00\0a\00\00\00\04\00\00\00:method\00GET\00:path\00/allow\00:authority\00auth\00")
  (data (i32.const 1120) "nowhere")
  (data (i32.const 1136) ":status")

  (global $waits (mut i32) (i32.const 0))

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    (global.set $waits (local.get $stream_context_id))
    ;; http_call("auth", GET /allow, 500 ms)
    (drop (call $proxy_http_call (i32.const 1024) (i32.const 4) (i32.const 1040) (i32.const 69) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 500) (i32.const 8)))
    ;; http_call("nowhere", …): there is no such cluster
    (drop (call $proxy_http_call (i32.const 1120) (i32.const 7) (i32.const 1040) (i32.const 69) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 500) (i32.const 12)))
    (i32.const 1))

  (func (export "proxy_on_http_call_response") (param $root_context_id i32) (param $call_id i32) (param $num_headers i32) (param $body_size i32) (param $num_trailers i32)
    ;; No header: the call has failed. Why?
    (if (i32.eqz (local.get $num_headers)) (then
      ;; get_status()
    (drop (call $proxy_get_status (i32.const 16) (i32.const 0) (i32.const 4)))
    ))
    ;; get_header_map_value(6, ":status")
    (drop (call $proxy_get_header_map_value (i32.const 6) (i32.const 1136) (i32.const 7) (i32.const 0) (i32.const 4)))
    ;; get_buffer_bytes(4, 0, 100)
    (drop (call $proxy_get_buffer_bytes (i32.const 4) (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 4)))
    ;; set_effective_context(the request that waits)
    (drop (call $proxy_set_effective_context (global.get $waits)))
    ;; set_effective_context(99)
    (drop (call $proxy_set_effective_context (i32.const 99)))
    ;; continue_stream(0)
    (drop (call $proxy_continue_stream (i32.const 0)))))
