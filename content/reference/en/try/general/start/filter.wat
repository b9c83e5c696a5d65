;; Log, clock, timer and properties.
(module
  (import "env" "proxy_get_log_level" (func $proxy_get_log_level (param i32) (result i32)))
  (import "env" "proxy_log" (func $proxy_log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_set_tick_period_milliseconds" (func $proxy_set_tick_period_milliseconds (param i32) (result i32)))
  (import "env" "proxy_get_current_time_nanoseconds" (func $proxy_get_current_time_nanoseconds (param i32) (result i32)))
  (import "env" "proxy_get_property" (func $proxy_get_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_property" (func $proxy_set_property (param i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "I am configured")
  (data (i32.const 1040) "there is no level 7")
  (data (i32.const 1072) "request\00path")
  (data (i32.const 1088) "response\00code")
  (data (i32.const 1104) "greeting")
  (data (i32.const 1120) "hello")
  (data (i32.const 1136) "filter_state\00wasm.greeting")
  (data (i32.const 1168) "request")

  (func (export "proxy_on_vm_start") (param $root_context_id i32) (param $vm_configuration_size i32) (result i32)
    (i32.const 1))

  (func (export "proxy_on_configure") (param $root_context_id i32) (param $plugin_configuration_size i32) (result i32)
    ;; get_log_level()
    (drop (call $proxy_get_log_level (i32.const 16)))
    ;; log(2, "I am configured")
    (drop (call $proxy_log (i32.const 2) (i32.const 1024) (i32.const 15)))
    ;; log(7, "there is no level 7")
    (drop (call $proxy_log (i32.const 7) (i32.const 1040) (i32.const 19)))
    ;; set_tick_period_milliseconds(50)
    (drop (call $proxy_set_tick_period_milliseconds (i32.const 50)))
    (i32.const 1))

  (func (export "proxy_on_tick") (param $root_context_id i32)
    ;; get_current_time_nanoseconds()
    (drop (call $proxy_get_current_time_nanoseconds (i32.const 24)))
    ;; set_tick_period_milliseconds(0)
    (drop (call $proxy_set_tick_period_milliseconds (i32.const 0))))

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; get_property("request.path")
    (drop (call $proxy_get_property (i32.const 1072) (i32.const 12) (i32.const 0) (i32.const 4)))
    ;; get_property("response.code"): there is no response yet
    (drop (call $proxy_get_property (i32.const 1088) (i32.const 13) (i32.const 0) (i32.const 4)))
    ;; set_property("greeting", "hello")
    (drop (call $proxy_set_property (i32.const 1104) (i32.const 8) (i32.const 1120) (i32.const 5)))
    ;; get_property("filter_state", "wasm.greeting")
    (drop (call $proxy_get_property (i32.const 1136) (i32.const 26) (i32.const 0) (i32.const 4)))
    ;; get_property("request"): all of it has no form in which it could travel
    (drop (call $proxy_get_property (i32.const 1168) (i32.const 7) (i32.const 0) (i32.const 4)))
    (i32.const 0)))
