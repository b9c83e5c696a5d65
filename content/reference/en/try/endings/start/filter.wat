;; The end of a stream and of a plugin: trailers, the log, and the last call for each context.
;; The plugin says that it is not done yet, and says so later.
(module
  (import "env" "proxy_set_tick_period_milliseconds" (func $proxy_set_tick_period_milliseconds (param i32) (result i32)))
  (import "env" "proxy_done" (func $proxy_done (result i32)))
  (import "env" "proxy_get_header_map_value" (func $proxy_get_header_map_value (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_add_header_map_value" (func $proxy_add_header_map_value (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_log" (func $proxy_log (param i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "x-sum")
  (data (i32.const 1040) "x-seen")
  (data (i32.const 1056) "yes")
  (data (i32.const 1072) "not yet")
  (data (i32.const 1088) ":status")

  (global $root (mut i32) (i32.const 0))

  (func (export "proxy_on_context_create") (param $context_id i32) (param $parent_context_id i32)
    ;; The first context is the plugin's own.
    (if (i32.eqz (local.get $parent_context_id)) (then (global.set $root (local.get $context_id)))))

  (func (export "proxy_on_vm_start") (param $root_context_id i32) (param $vm_configuration_size i32) (result i32)
    (i32.const 1))

  (func (export "proxy_on_configure") (param $root_context_id i32) (param $plugin_configuration_size i32) (result i32)
    ;; set_tick_period_milliseconds(100)
    (drop (call $proxy_set_tick_period_milliseconds (i32.const 100)))
    (i32.const 1))

  (func (export "proxy_on_tick") (param $root_context_id i32)
    ;; done(): nobody has asked yet whether this root context is done
    (drop (call $proxy_done))
    ;; set_tick_period_milliseconds(0)
    (drop (call $proxy_set_tick_period_milliseconds (i32.const 0))))

  (func (export "proxy_on_request_trailers") (param $stream_context_id i32) (param $num_trailers i32) (result i32)
    ;; get_header_map_value(1, "x-sum")
    (drop (call $proxy_get_header_map_value (i32.const 1) (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 4)))
    (i32.const 0))

  (func (export "proxy_on_response_trailers") (param $stream_context_id i32) (param $num_trailers i32) (result i32)
    ;; add_header_map_value(3, "x-seen", "yes")
    (drop (call $proxy_add_header_map_value (i32.const 3) (i32.const 1040) (i32.const 6) (i32.const 1056) (i32.const 3)))
    (i32.const 0))

  (func (export "proxy_on_done") (param $context_id i32) (result i32)
    (if (i32.eq (local.get $context_id) (global.get $root)) (then
      ;; log(2, "not yet")
      (drop (call $proxy_log (i32.const 2) (i32.const 1072) (i32.const 7)))
      (return (i32.const 0))))
    (i32.const 1))

  (func (export "proxy_on_log") (param $context_id i32)
    ;; get_header_map_value(2, ":status")
    (drop (call $proxy_get_header_map_value (i32.const 2) (i32.const 1088) (i32.const 7) (i32.const 0) (i32.const 4))))

  (func (export "proxy_on_delete") (param $context_id i32)))
