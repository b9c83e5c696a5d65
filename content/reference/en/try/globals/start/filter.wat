;; A counter in a global variable. Each worker has a VM of its own, and so a counter of its own.
(module
  (import "env" "proxy_add_header_map_value" (func $proxy_add_header_map_value (param i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "x-count")

  (global $count (mut i32) (i32.const 48))

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    ;; As one digit of text.
    (i32.store8 (i32.const 16) (global.get $count))
    ;; add_header_map_value(request, "x-count", the digit)
    (drop (call $proxy_add_header_map_value (i32.const 0) (i32.const 1024) (i32.const 7) (i32.const 16) (i32.const 1)))
    (i32.const 0)))
