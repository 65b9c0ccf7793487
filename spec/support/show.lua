--- show(value): a value as text that tells integers from floats, userdata from strings, and shows what a table holds.

local mp = require "moonpool"

local function show(value)
  if value == mp.null then
    return "null"
  end
  if type(value) == "table" then
    local parts = {}
    for key, inner in pairs(value) do
      parts[#parts + 1] = tostring(key) .. "=" .. show(inner)
    end
    table.sort(parts)
    return "{" .. table.concat(parts, ",") .. "}"
  end
  return (math.type(value) or type(value)) .. ":" .. tostring(value)
end

return show
