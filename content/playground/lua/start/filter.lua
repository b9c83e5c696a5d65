-- Three filters of this chain add the same header. This one is Lua.
function envoy_on_request(handle)
  handle:headers():add("x-hello", "world")
end

function envoy_on_response(handle)
  handle:headers():add("x-served-by", "lua")
end
