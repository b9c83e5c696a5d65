//! The guests' common job (../README.md) in Zig: ABI 0.2.0, memory through
//! proxy_on_memory_allocate, no start function.

const std = @import("std");

const allocator = std.heap.wasm_allocator;

extern "env" fn proxy_log(level: u32, text: [*]const u8, size: usize) u32;
extern "env" fn proxy_get_buffer_bytes(buffer: u32, start: u32, length: usize, bytes: *[*]u8, size: *usize) u32;
extern "env" fn proxy_get_header_map_value(map: u32, name: [*]const u8, name_size: usize, value: *[*]u8, size: *usize) u32;
extern "env" fn proxy_add_header_map_value(map: u32, name: [*]const u8, name_size: usize, value: [*]const u8, value_size: usize) u32;
extern "env" fn proxy_send_local_response(status: u32, details: [*]const u8, details_size: usize, body: [*]const u8, body_size: usize, headers: ?[*]const u8, headers_size: usize, grpc_status: i32) u32;

const info = 2;
const request_headers = 0;
const response_headers = 2;
const vm_configuration = 6;

/// What is remembered of a stream.
const Stream = struct { path: []u8 = &.{}, bytes: usize = 0 };

var streams: std.AutoHashMapUnmanaged(u32, Stream) = .empty;

export fn proxy_abi_version_0_2_0() void {}

export fn proxy_on_memory_allocate(size: usize) ?[*]u8 {
    const block = allocator.alloc(u8, size) catch return null;
    return block.ptr;
}

export fn proxy_on_vm_start(_: u32, size: u32) bool {
    var bytes: [*]u8 = undefined;
    var length: usize = 0;
    if (proxy_get_buffer_bytes(vm_configuration, 0, size, &bytes, &length) != 0) return false;
    // An empty value has no block.
    defer if (length > 0) allocator.free(bytes[0..length]);
    logInfo("configuration: {s}", .{bytes[0..length]});
    return true;
}

export fn proxy_on_context_create(context: u32, parent: u32) void {
    if (parent != 0) streams.put(allocator, context, .{}) catch @panic("out of memory");
}

export fn proxy_on_request_headers(context: u32, _: u32, _: u32) u32 {
    const stream = streams.getPtr(context).?;
    stream.path = header(request_headers, ":path");
    if (std.mem.eql(u8, stream.path, "/deny")) {
        const body = "denied by zig";
        _ = proxy_send_local_response(403, "denied", 6, body, body.len, null, 0, -1);
        return 1;
    }
    addHeader(request_headers, "x-sdk", "zig");
    return 0;
}

export fn proxy_on_request_body(context: u32, size: u32, _: u32) u32 {
    streams.getPtr(context).?.bytes += size;
    return 0;
}

export fn proxy_on_response_headers(context: u32, _: u32, _: u32) u32 {
    var digits: [20]u8 = undefined;
    const bytes = streams.get(context).?.bytes;
    addHeader(response_headers, "x-bytes", std.fmt.bufPrint(&digits, "{d}", .{bytes}) catch unreachable);
    return 0;
}

export fn proxy_on_log(context: u32) void {
    const stream = streams.get(context).?;
    logInfo("{s} done, {d} bytes", .{ stream.path, stream.bytes });
}

export fn proxy_on_delete(context: u32) void {
    const entry = streams.fetchRemove(context) orelse return;
    allocator.free(entry.value.path);
}

/// A header's value, ours to free; empty when there is none.
fn header(map: u32, name: []const u8) []u8 {
    var value: [*]u8 = undefined;
    var size: usize = 0;
    if (proxy_get_header_map_value(map, name.ptr, name.len, &value, &size) != 0 or size == 0) return &.{};
    return value[0..size];
}

fn addHeader(map: u32, name: []const u8, value: []const u8) void {
    _ = proxy_add_header_map_value(map, name.ptr, name.len, value.ptr, value.len);
}

fn logInfo(comptime format: []const u8, arguments: anytype) void {
    const text = std.fmt.allocPrint(allocator, format, arguments) catch @panic("out of memory");
    defer allocator.free(text);
    _ = proxy_log(info, text.ptr, text.len);
}
