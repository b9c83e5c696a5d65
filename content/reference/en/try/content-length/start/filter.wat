;; The body becomes longer, and content-length still names the old size.
(module
  (import "env" "proxy_set_buffer_bytes" (func $proxy_set_buffer_bytes (param i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) ", and more")

  (func (export "proxy_on_response_body") (param $stream_context_id i32) (param $body_size i32) (param $end_of_stream i32) (result i32)
    ;; set_buffer_bytes(1, 1000, 0, ", and more")
    (drop (call $proxy_set_buffer_bytes (i32.const 1) (i32.const 1000) (i32.const 0) (i32.const 1024) (i32.const 10)))
    (i32.const 0)))
