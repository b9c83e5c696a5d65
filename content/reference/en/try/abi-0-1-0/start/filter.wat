;; A module of version 0.1.0, with the calls that later versions no longer have.
(module
  (import "env" "proxy_get_configuration" (func $proxy_get_configuration (param i32 i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $proxy_set_effective_context (param i32) (result i32)))
  (import "env" "proxy_continue_request" (func $proxy_continue_request (result i32)))
  (import "env" "proxy_continue_response" (func $proxy_continue_response (result i32)))
  (import "env" "proxy_set_tick_period_milliseconds" (func $proxy_set_tick_period_milliseconds (param i32) (result i32)))
  (import "env" "proxy_clear_route_cache" (func $proxy_clear_route_cache (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_1_0"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  (func (export "proxy_on_vm_start") (param $root_context_id i32) (param $vm_configuration_size i32) (result i32)
    (i32.const 1))

  (func (export "proxy_on_configure") (param $root_context_id i32) (param $plugin_configuration_size i32) (result i32)
    ;; get_configuration()
    (drop (call $proxy_get_configuration (i32.const 0) (i32.const 4)))
    (i32.const 1))

  (func (export "proxy_on_tick") (param $root_context_id i32)
    ;; set_effective_context(2)
    (drop (call $proxy_set_effective_context (i32.const 2)))
    ;; continue_request()
    (drop (call $proxy_continue_request))
    ;; continue_response()
    (drop (call $proxy_continue_response))
    ;; set_tick_period_milliseconds(0)
    (drop (call $proxy_set_tick_period_milliseconds (i32.const 0))))

  ;; In this version the callback is not told whether the stream ends here.
  (func (export "proxy_on_request_headers") (param $context_id i32) (param $num_headers i32) (result i32)
    ;; clear_route_cache()
    (drop (call $proxy_clear_route_cache))
    ;; set_tick_period_milliseconds(10)
    (drop (call $proxy_set_tick_period_milliseconds (i32.const 10)))
    (i32.const 1)))
