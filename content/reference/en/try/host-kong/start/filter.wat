;; Calls that some hosts do not have, and callbacks that some never make.
;; The last request is held in its headers callback: is its body delivered?
(module
  (import "env" "proxy_set_tick_period_milliseconds" (func $proxy_set_tick_period_milliseconds (param i32) (result i32)))
  (import "env" "proxy_get_property" (func $proxy_get_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_property" (func $proxy_set_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_shared_data" (func $proxy_get_shared_data (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func $proxy_define_metric (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_call_foreign_function" (func $proxy_call_foreign_function (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $proxy_get_header_map_value (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_log" (func $proxy_log (param i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "request\00path")
  (data (i32.const 1040) "greeting")
  (data (i32.const 1056) "hello")
  (data (i32.const 1072) "visits")
  (data (i32.const 1088) "requests")
  (data (i32.const 1104) "clear_route_cache")
  (data (i32.const 1136) "x-hold")
  (data (i32.const 1152) "the body is here")
  (data (i32.const 1168) "the trailers are here")

  (func (export "proxy_on_vm_start") (param $root_context_id i32) (param $vm_configuration_size i32) (result i32)
    (i32.const 1))

  (func (export "proxy_on_configure") (param $root_context_id i32) (param $plugin_configuration_size i32) (result i32)
    ;; set_tick_period_milliseconds(50)
    (drop (call $proxy_set_tick_period_milliseconds (i32.const 50)))
    (i32.const 1))

  (func (export "proxy_on_tick") (param $root_context_id i32)
    ;; set_tick_period_milliseconds(0)
    (drop (call $proxy_set_tick_period_milliseconds (i32.const 0))))

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; get_property("request.path")
    (drop (call $proxy_get_property (i32.const 1024) (i32.const 12) (i32.const 0) (i32.const 4)))
    ;; set_property("greeting", "hello")
    (drop (call $proxy_set_property (i32.const 1040) (i32.const 8) (i32.const 1056) (i32.const 5)))
    ;; get_shared_data("visits")
    (drop (call $proxy_get_shared_data (i32.const 1072) (i32.const 6) (i32.const 0) (i32.const 4) (i32.const 8)))
    ;; define_metric(0, "requests")
    (drop (call $proxy_define_metric (i32.const 0) (i32.const 1088) (i32.const 8) (i32.const 16)))
    ;; call_foreign_function("clear_route_cache", "")
    (drop (call $proxy_call_foreign_function (i32.const 1104) (i32.const 17) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4)))
    ;; get_header_map_value(0, "x-hold")
    (i32.eqz (call $proxy_get_header_map_value (i32.const 0) (i32.const 1136) (i32.const 6) (i32.const 0) (i32.const 4))))

  (func (export "proxy_on_request_body") (param $stream_context_id i32) (param $body_size i32) (param $end_of_stream i32) (result i32)
    ;; log(2, "the body is here")
    (drop (call $proxy_log (i32.const 2) (i32.const 1152) (i32.const 16)))
    (i32.const 0))

  (func (export "proxy_on_request_trailers") (param $stream_context_id i32) (param $num_trailers i32) (result i32)
    ;; log(2, "the trailers are here")
    (drop (call $proxy_log (i32.const 2) (i32.const 1168) (i32.const 21)))
    (i32.const 0)))
