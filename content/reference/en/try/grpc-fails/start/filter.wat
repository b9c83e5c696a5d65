;; A gRPC call to a service that cannot be reached.
(module
  (import "env" "proxy_grpc_call" (func $proxy_grpc_call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_status" (func $proxy_get_status (param i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "stock")
  (data (i32.const 1040) "shop.Stock")
  (data (i32.const 1056) "Count")
  (data (i32.const 1072) "apples")

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; grpc_call("stock", "shop.Stock", "Count", {}, "apples", 1000)
    (drop (call $proxy_grpc_call (i32.const 1024) (i32.const 5) (i32.const 1040) (i32.const 10) (i32.const 1056) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 1072) (i32.const 6) (i32.const 1000) (i32.const 16)))
    (i32.const 0))

  (func (export "proxy_on_grpc_close") (param $root_context_id i32) (param $call_or_stream_id i32) (param $status_code i32)
    ;; get_status()
    (drop (call $proxy_get_status (i32.const 32) (i32.const 0) (i32.const 4)))))
