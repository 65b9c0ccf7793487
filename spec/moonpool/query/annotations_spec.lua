--- Editors see the methods that annotations and plain definitions tell of, and none that a loop sets: each method of
--- the builder must be told of, where its class is.

local compose = require "moonpool.query.compose"
local expression = require "moonpool.query.expression"
local select_ = require "moonpool.query.select"
local source = require "moonpool.query.source"
local write = require "moonpool.query.write"
require "moonpool.query"

local CLASSES = {
  Table = source.Table, Query = select_.Query, SetQuery = compose.Set, Explain = compose.Explain, Insert = write.Insert,
  Update = write.Update, Delete = write.Delete, Expression = expression.Expression,
}

--- Class = { names that are declared }, with `parent`.
local function declarations()
  local classes = {}
  local function of(name)
    classes[name] = classes[name] or {}
    return classes[name]
  end
  local pipe <close> = assert(io.popen "cat scripts/moonpool/query/*.lua")
  local class, by_variable = nil, {}
  for line in pipe:lines() do
    local name, parent = line:match "^%-%-%-@class moonpool%.(%a+):? ?m?o?o?n?p?o?o?l?%.?(%a*)"
    local variable = class and line:match "^local (%u%a+)"
    local owner, method = line:match "^function (%u%a+):([%a_]+)"
    if not owner then
      owner, method = line:match "^(%u%a+)%.([%a_]+) = "
    end
    if name then
      class = name
      of(class)["parent of it"] = parent ~= "" and parent or of(class)["parent of it"]
    elseif class and line:find "^%-%-%-@field" then
      of(class)[line:match "^%-%-%-@field ([%a_]+)" or ""] = true
    elseif variable then
      by_variable[variable], class = class, nil
    elseif owner and by_variable[owner] then
      of(by_variable[owner])[method] = true
    elseif not line:find "^%-%-%-" then
      class = nil
    end
  end
  return classes
end

it("each method of the builder is declared for editors", function()
  local classes, missing = declarations(), {}
  for name, methods in pairs(CLASSES) do
    for method in next, methods do
      local class = classes[name]
      while class and not class[method] do
        class = classes[class["parent of it"]]
      end
      if not class then
        missing[#missing + 1] = name .. ":" .. method
      end
    end
  end
  table.sort(missing)
  assert.same({}, missing)
end)
