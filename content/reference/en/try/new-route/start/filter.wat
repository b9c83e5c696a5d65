;; The path is changed while the headers are here, and Envoy chooses the route anew.
;; A request with a body is changed in its body's callback, when the headers have been passed on.
(module
  (import "env" "proxy_replace_header_map_value" (func $proxy_replace_header_map_value (param i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) ":path")
  (data (i32.const 1040) "/new")

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; More is to come: wait for the body.
    (if (i32.eqz (local.get $end_of_stream)) (then (return (i32.const 0))))
    ;; replace_header_map_value(0, ":path", "/new")
    (drop (call $proxy_replace_header_map_value (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 1040) (i32.const 4)))
    (i32.const 0))

  (func (export "proxy_on_request_body") (param $stream_context_id i32) (param $body_size i32) (param $end_of_stream i32) (result i32)
    ;; replace_header_map_value(0, ":path", "/new")
    (drop (call $proxy_replace_header_map_value (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 1040) (i32.const 4)))
    (i32.const 0)))
