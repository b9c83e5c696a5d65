-- Called for each request, when its headers are there.
function envoy_on_request(handle)
  local user = handle:headers():get("x-user")
  handle:logInfo("a request of " .. tostring(user))
  if user == nil then
    handle:respond({[":status"] = "403"}, "Who are you?\n")
  end
end

-- Called for each response.
function envoy_on_response(handle)
  handle:headers():remove("x-backend")
end
