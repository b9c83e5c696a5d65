;; What toolchains import beside the specification. envoy_resolve_dns is Envoy's own.
(module
  (import "env" "pthread_equal" (func $pthread_equal (param i32 i32) (result i32)))
  (import "env" "emscripten_notify_memory_growth" (func $emscripten_notify_memory_growth (param i32)))
  (import "env" "envoy_resolve_dns" (func $envoy_resolve_dns (param i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "example.com")

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; pthread_equal(1, 1)
    (drop (call $pthread_equal (i32.const 1) (i32.const 1)))
    ;; emscripten_notify_memory_growth(0)
    (call $emscripten_notify_memory_growth (i32.const 0))
    ;; envoy_resolve_dns("example.com")
    (drop (call $envoy_resolve_dns (i32.const 1024) (i32.const 11) (i32.const 16)))
    (i32.const 0)))
