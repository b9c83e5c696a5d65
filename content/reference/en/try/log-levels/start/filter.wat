;; A line of each level. The least level that is logged is asked for first.
(module
  (import "env" "proxy_get_log_level" (func $proxy_get_log_level (param i32) (result i32)))
  (import "env" "proxy_log" (func $proxy_log (param i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "trace")
  (data (i32.const 1040) "debug")
  (data (i32.const 1056) "info")
  (data (i32.const 1072) "warn")
  (data (i32.const 1088) "error")
  (data (i32.const 1104) "critical")

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; get_log_level()
    (drop (call $proxy_get_log_level (i32.const 16)))
    ;; log(0, "trace")
    (drop (call $proxy_log (i32.const 0) (i32.const 1024) (i32.const 5)))
    ;; log(1, "debug")
    (drop (call $proxy_log (i32.const 1) (i32.const 1040) (i32.const 5)))
    ;; log(2, "info")
    (drop (call $proxy_log (i32.const 2) (i32.const 1056) (i32.const 4)))
    ;; log(3, "warn")
    (drop (call $proxy_log (i32.const 3) (i32.const 1072) (i32.const 4)))
    ;; log(4, "error")
    (drop (call $proxy_log (i32.const 4) (i32.const 1088) (i32.const 5)))
    ;; log(5, "critical")
    (drop (call $proxy_log (i32.const 5) (i32.const 1104) (i32.const 8)))
    (i32.const 0)))
