-- Called for each request, when its headers are there.
function envoy_on_request(handle)
  local user = handle:headers():get("x-user")
  handle:logInfo("a request of " .. tostring(user))
end

-- Called for each response.
function envoy_on_response(handle)
end
