-- 0.8 MB of JSON into Lua tables: json.lua moonpool|cjson <count>.
local decoders = {
  moonpool = function() return require("moonpool").json.decode end,
  cjson = function() return require("cjson").decode end,
}

--- A document as an API gives it: objects with short names, numbers of both kinds, some text that is not ASCII.
local function make_text()
  local items = {}
  for i = 1, 3200 do
    items[i] = ('{"id":%d,"name":"metric %d","owner":"Zoë %d","score":%.3f,"active":%s,"parent":%s,'
      .. '"tags":["finance","daily","q%d"],"range":{"from":"2026-01-01T00:00:00Z","days":%d},'
      .. '"sql":"select \\"a\\", b\\nfrom t%d"}')
      :format(i, i, i % 97, i * 1.618, i % 3 == 0, i % 5 == 0 and "null" or i // 2, i % 4 + 1, i % 365, i % 50)
  end
  return "[" .. table.concat(items, ",\n") .. "]"
end

local function add_up(value)
  if type(value) == "number" then
    return value
  elseif type(value) == "string" then
    return #value
  elseif type(value) ~= "table" then
    return value == true and 1 or 0
  end
  local sum = 0
  for key, item in pairs(value) do
    sum = sum + (type(key) == "string" and #key or 1) + add_up(item)
  end
  return sum
end

local decode, count, text = decoders[arg[1]](), tonumber(arg[2]), make_text()
for _ = 2, count do
  decode(text)
end
print(("%.0f"):format(add_up(decode(text))))
