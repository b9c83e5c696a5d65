;; The callout names an address where a cluster is wanted. It is refused, nobody looks at the status, and the request waits.
(module
  (import "env" "proxy_http_call" (func $proxy_http_call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_log" (func $proxy_log (param i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "https://auth.example/allow")
  (data (i32.const 1056) "\03\00\00\00\07\00\00\00\03\00\00\00\05\00\00\00\06\00\00\00\0a\00\00\00\04\00\00\00:method\00GET\00:path\00/allow\00:authority\00auth\00")
  (data (i32.const 1136) "the answer is here")

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; http_call("https://auth.example/allow", …)
    (drop (call $proxy_http_call (i32.const 1024) (i32.const 26) (i32.const 1056) (i32.const 69) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 500) (i32.const 8)))
    (i32.const 1))

  (func (export "proxy_on_http_call_response") (param $root_context_id i32) (param $call_id i32) (param $num_headers i32) (param $body_size i32) (param $num_trailers i32)
    ;; log(2, "the answer is here")
    (drop (call $proxy_log (i32.const 2) (i32.const 1136) (i32.const 18)))))
