(module
  ;; (map, name, its size, where to put the value's address, where to put its size) -> status
  (import "env" "proxy_get_header_map_value"
    (func $get (param i32 i32 i32 i32 i32) (result i32)))
  ;; (level, text, its size) -> status
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))

  (memory (export "memory") 1)
  (data (i32.const 16) "x-name")
  (data (i32.const 32) "nobody")

  ;; The allocator: it hands out memory from address 1024 on, and never takes any back.
  (global $next (mut i32) (i32.const 1024))
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    global.get $next
    (global.set $next (i32.add (global.get $next) (local.get $size))))

  (func (export "proxy_abi_version_0_2_1"))

  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    ;; Request headers are map 0. The name lies at 16 and has 6 bytes.
    ;; The address of the value is to be written to 0, its size to 4.
    (if (i32.eqz (call $get (i32.const 0) (i32.const 16) (i32.const 6) (i32.const 0) (i32.const 4)))
      ;; Status 0 is Ok: log the value at level 2, info.
      (then (drop (call $log (i32.const 2) (i32.load (i32.const 0)) (i32.load (i32.const 4)))))
      ;; Any other status: log "nobody" at level 3, warn.
      (else (drop (call $log (i32.const 3) (i32.const 32) (i32.const 6)))))
    ;; 0 is Continue.
    i32.const 0))
