;; Values that all VMs of one vm_id share. The last write comes with a number that is out of date.
(module
  (import "env" "proxy_get_shared_data" (func $proxy_get_shared_data (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $proxy_set_shared_data (param i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "visits")
  (data (i32.const 1040) "1")
  (data (i32.const 1056) "2")
  (data (i32.const 1072) "3")

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; get_shared_data("visits")
    (drop (call $proxy_get_shared_data (i32.const 1024) (i32.const 6) (i32.const 0) (i32.const 4) (i32.const 8)))
    ;; set_shared_data("visits", "1", 0)
    (drop (call $proxy_set_shared_data (i32.const 1024) (i32.const 6) (i32.const 1040) (i32.const 1) (i32.const 0)))
    ;; get_shared_data("visits")
    (drop (call $proxy_get_shared_data (i32.const 1024) (i32.const 6) (i32.const 0) (i32.const 4) (i32.const 8)))
    ;; set_shared_data("visits", "2", the number that was read)
    (drop (call $proxy_set_shared_data (i32.const 1024) (i32.const 6) (i32.const 1056) (i32.const 1) (i32.load (i32.const 8))))
    ;; set_shared_data("visits", "3", the same number): somebody has written since
    (drop (call $proxy_set_shared_data (i32.const 1024) (i32.const 6) (i32.const 1072) (i32.const 1) (i32.load (i32.const 8))))
    (i32.const 0)))
