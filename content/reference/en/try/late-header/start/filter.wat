;; A header that is added in the body's callback comes too late: the headers have been passed on.
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
  (data (i32.const 1024) "x-late")
  (data (i32.const 1040) "yes")

  (func (export "proxy_on_request_body") (param $stream_context_id i32) (param $body_size i32) (param $end_of_stream i32) (result i32)
    ;; add_header_map_value(0, "x-late", "yes")
    (drop (call $proxy_add_header_map_value (i32.const 0) (i32.const 1024) (i32.const 6) (i32.const 1040) (i32.const 3)))
    (i32.const 0)))
