;; The whole body is held until it has ended, and the listener lets a filter hold eight bytes.
(module
  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  (func (export "proxy_on_request_body") (param $stream_context_id i32) (param $body_size i32) (param $end_of_stream i32) (result i32)
    ;; 1 is Pause: until the end of the stream.
    (if (i32.eqz (local.get $end_of_stream)) (then (return (i32.const 1))))
    (i32.const 0)))
