;; Reads metadata that the configuration gives to a route and to a cluster.
(module
  (import "env" "proxy_get_property" (func $proxy_get_property (param i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "xds\00route_metadata\00filter_metadata\00tour\00team")
  (data (i32.const 1072) "xds\00cluster_metadata\00filter_metadata\00tour\00zone")

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; get_property("xds.route_metadata.filter_metadata.tour.team")
    (drop (call $proxy_get_property (i32.const 1024) (i32.const 44) (i32.const 0) (i32.const 4)))
    ;; get_property("xds.cluster_metadata.filter_metadata.tour.zone")
    (drop (call $proxy_get_property (i32.const 1072) (i32.const 46) (i32.const 0) (i32.const 4)))
    (i32.const 0)))
