;; A queue: registered by the plugin, filled by a request, emptied when the host says that something is there.
(module
  (import "env" "proxy_register_shared_queue" (func $proxy_register_shared_queue (param i32 i32 i32) (result i32)))
  (import "env" "proxy_resolve_shared_queue" (func $proxy_resolve_shared_queue (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_enqueue_shared_queue" (func $proxy_enqueue_shared_queue (param i32 i32 i32) (result i32)))
  (import "env" "proxy_dequeue_shared_queue" (func $proxy_dequeue_shared_queue (param i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "jobs")
  (data (i32.const 1040) "nobody")
  (data (i32.const 1056) "wash")

  (func (export "proxy_on_vm_start") (param $root_context_id i32) (param $vm_configuration_size i32) (result i32)
    (i32.const 1))

  (func (export "proxy_on_configure") (param $root_context_id i32) (param $plugin_configuration_size i32) (result i32)
    ;; register_shared_queue("jobs")
    (drop (call $proxy_register_shared_queue (i32.const 1024) (i32.const 4) (i32.const 16)))
    (i32.const 1))

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; resolve_shared_queue("", "jobs")
    (drop (call $proxy_resolve_shared_queue (i32.const 0) (i32.const 0) (i32.const 1024) (i32.const 4) (i32.const 20)))
    ;; resolve_shared_queue("", "nobody")
    (drop (call $proxy_resolve_shared_queue (i32.const 0) (i32.const 0) (i32.const 1040) (i32.const 6) (i32.const 24)))
    ;; enqueue_shared_queue(its number, "wash")
    (drop (call $proxy_enqueue_shared_queue (i32.load (i32.const 20)) (i32.const 1056) (i32.const 4)))
    (i32.const 0))

  (func (export "proxy_on_queue_ready") (param $root_context_id i32) (param $queue_id i32)
    ;; dequeue_shared_queue(its number)
    (drop (call $proxy_dequeue_shared_queue (local.get $queue_id) (i32.const 0) (i32.const 4)))
    ;; dequeue_shared_queue(its number): nothing is left
    (drop (call $proxy_dequeue_shared_queue (local.get $queue_id) (i32.const 0) (i32.const 4)))))
