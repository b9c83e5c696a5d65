(module
  ;; (map, name, its size, where the value's address goes, where its size goes) -> status
  (import "env" "proxy_get_header_map_value"
    (func $get (param i32 i32 i32 i32 i32) (result i32)))
  ;; (level, text, its size) -> status
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))

  (memory (export "memory") 1)
  (data (i32.const 16) "x-name")
  (data (i32.const 24) "x-team")
  (data (i32.const 32) "x-role")
  (data (i32.const 40) "nobody")

  ;; The allocator: it hands out memory from address 1024 on, and takes none back.
  (global $next (mut i32) (i32.const 1024))
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    global.get $next
    (global.set $next (i32.add (global.get $next) (local.get $size))))

  (func (export "proxy_abi_version_0_2_1"))

  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (local $name i32) (local $team i32) (local $role i32)
    ;; Three questions: request headers are map 0, and each name has 6 bytes.
    (local.set $name
      (call $get (i32.const 0) (i32.const 16) (i32.const 6) (i32.const 64) (i32.const 68)))
    (local.set $team
      (call $get (i32.const 0) (i32.const 24) (i32.const 6) (i32.const 72) (i32.const 76)))
    (local.set $role
      (call $get (i32.const 0) (i32.const 32) (i32.const 6) (i32.const 80) (i32.const 84)))
    ;; Only then does it look at what came.
    (call $tell (local.get $name) (i32.const 64))
    (call $tell (local.get $team) (i32.const 72))
    (call $tell (local.get $role) (i32.const 80))
    i32.const 0)

  (func $tell (param $status i32) (param $at i32)
    ;; Status 0 is Ok: log what lies there, at level 2, info.
    (if (i32.eqz (local.get $status))
      (then
        (drop (call $log (i32.const 2)
          (i32.load (local.get $at))
          (i32.load offset=4 (local.get $at))))
        return))
    ;; Status 1 is NotFound. With any other one this guest gives up.
    (if (i32.ne (local.get $status) (i32.const 1)) (then unreachable))
    (drop (call $log (i32.const 3) (i32.const 40) (i32.const 6)))))
