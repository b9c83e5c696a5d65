;; The body's callback writes a line. A request without a body never comes to it.
(module
  (import "env" "proxy_log" (func $proxy_log (param i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "the body is here")

  (func (export "proxy_on_request_body") (param $stream_context_id i32) (param $body_size i32) (param $end_of_stream i32) (result i32)
    ;; log(2, "the body is here")
    (drop (call $proxy_log (i32.const 2) (i32.const 1024) (i32.const 16)))
    (i32.const 0)))
