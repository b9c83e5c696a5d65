;; Names itself in a header of the request and of the response. Two of these stand in the chain.
(module
  (import "env" "proxy_get_buffer_bytes" (func $proxy_get_buffer_bytes (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_add_header_map_value" (func $proxy_add_header_map_value (param i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "x-order")

  (func (export "proxy_on_vm_start") (param $root_context_id i32) (param $vm_configuration_size i32) (result i32)
    (i32.const 1))

  (func (export "proxy_on_configure") (param $root_context_id i32) (param $plugin_configuration_size i32) (result i32)
    ;; get_buffer_bytes(plugin_configuration): its name
    (drop (call $proxy_get_buffer_bytes (i32.const 7) (i32.const 0) (i32.const 100) (i32.const 512) (i32.const 516)))
    (i32.const 1))

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; add_header_map_value(request, "x-order", its name)
    (drop (call $proxy_add_header_map_value (i32.const 0) (i32.const 1024) (i32.const 7) (i32.load (i32.const 512)) (i32.load (i32.const 516))))
    (i32.const 0))

  (func (export "proxy_on_response_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; add_header_map_value(response, "x-order", its name)
    (drop (call $proxy_add_header_map_value (i32.const 2) (i32.const 1024) (i32.const 7) (i32.load (i32.const 512)) (i32.load (i32.const 516))))
    (i32.const 0)))
