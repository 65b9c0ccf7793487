--- What differs between two documents, by path.

local mp = require "moonpool"
local complain = require "moonpool.query.complain"
local values = require "moonpool.shape.values"

local M = {}

---@class buster.types.Difference
---@field path string as `chartConfig.colors[1]`; empty for the document itself
---@field kind "added"|"removed"|"changed"
---@field old any nil when it was added
---@field new any nil when it was removed

local function path_to(path, key)
  if math.type(key) == "integer" then
    return ("%s[%d]"):format(path, key)
  elseif key:find "^[%a_][%w_]*$" then
    return path == "" and key or path .. "." .. key
  end
  return ("%s[%s]"):format(path, complain.show(key))
end

local compare

--- A kind of container, for both sides: an empty table that nothing marks is what the other side is.
local function container_kind(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return nil
  end
  local kind_a, kind_b = values.kind(a), values.kind(b)
  if kind_a == "empty" then
    kind_a = kind_b
  elseif kind_b == "empty" then
    kind_b = kind_a
  end
  return kind_a == kind_b and kind_a or nil
end

local function compare_lists(a, b, path, found, open)
  for i = 1, math.max(#a, #b) do
    compare(a[i], b[i], path_to(path, i), found, open)
  end
end

local function compare_maps(a, b, path, found, open)
  for _, key in ipairs(values.keys(a)) do
    compare(a[key], b[key], path_to(path, key), found, open)
  end
  for _, key in ipairs(values.keys(b)) do
    if a[key] == nil then
      compare(nil, b[key], path_to(path, key), found, open)
    end
  end
end

local function add(a, b, path, found)
  local no_a, no_b = values.is_null(a), values.is_null(b)
  found[#found + 1] = {
    path = path, kind = no_a and "added" or no_b and "removed" or "changed", old = not no_a and a or nil,
    new = not no_b and b or nil,
  }
  if a == false then
    found[#found].old = false
  end
  if b == false then
    found[#found].new = false
  end
end

function compare(a, b, path, found, open)
  if a == b or values.is_null(a) and values.is_null(b) then
    return
  end
  local kind = container_kind(a, b)
  if not kind then
    add(a, b, path, found)
  elseif open[a] then
    error(mp.error { kind = "usage", message = "a table contains itself" })
  else
    open[a] = true
    local compare_all = kind == "list" and compare_lists or compare_maps
    compare_all(a, b, path, found, open)
    open[a] = nil
  end
end

--- What differs, in the order of the documents. Null and nothing are the same.
---@param a any
---@param b any
---@return buster.types.Difference[]
function M.find(a, b)
  local found = {}
  compare(a, b, "", found, {})
  return found
end

return M
