;; The three kinds of metric. A counter only grows, a histogram cannot be read.
(module
  (import "env" "proxy_define_metric" (func $proxy_define_metric (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $proxy_increment_metric (param i32 i64) (result i32)))
  (import "env" "proxy_record_metric" (func $proxy_record_metric (param i32 i64) (result i32)))
  (import "env" "proxy_get_metric" (func $proxy_get_metric (param i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "requests")
  (data (i32.const 1040) "waiting")
  (data (i32.const 1056) "bytes")

  (func (export "proxy_on_vm_start") (param $root_context_id i32) (param $vm_configuration_size i32) (result i32)
    (i32.const 1))

  (func (export "proxy_on_configure") (param $root_context_id i32) (param $plugin_configuration_size i32) (result i32)
    ;; define_metric(0, "requests")
    (drop (call $proxy_define_metric (i32.const 0) (i32.const 1024) (i32.const 8) (i32.const 16)))
    ;; define_metric(1, "waiting")
    (drop (call $proxy_define_metric (i32.const 1) (i32.const 1040) (i32.const 7) (i32.const 20)))
    ;; define_metric(2, "bytes")
    (drop (call $proxy_define_metric (i32.const 2) (i32.const 1056) (i32.const 5) (i32.const 24)))
    (i32.const 1))

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; increment_metric(requests, 1)
    (drop (call $proxy_increment_metric (i32.load (i32.const 16)) (i64.const 1)))
    ;; increment_metric(requests, -1): a counter only grows
    (drop (call $proxy_increment_metric (i32.load (i32.const 16)) (i64.const -1)))
    ;; increment_metric(waiting, -3)
    (drop (call $proxy_increment_metric (i32.load (i32.const 20)) (i64.const -3)))
    ;; record_metric(waiting, 7)
    (drop (call $proxy_record_metric (i32.load (i32.const 20)) (i64.const 7)))
    ;; record_metric(bytes, 512)
    (drop (call $proxy_record_metric (i32.load (i32.const 24)) (i64.const 512)))
    ;; get_metric(requests)
    (drop (call $proxy_get_metric (i32.load (i32.const 16)) (i32.const 32)))
    ;; get_metric(bytes): a histogram cannot be read
    (drop (call $proxy_get_metric (i32.load (i32.const 24)) (i32.const 32)))
    ;; get_metric(9999)
    (drop (call $proxy_get_metric (i32.const 9999) (i32.const 32)))
    (i32.const 0)))
