--- What a value of a document is: null, a scalar, a list or a map; and maps that keep the order of their keys.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"

local show = complain.show

local M = {}

local function name_of(value)
  local metatable = getmetatable(value)
  if type(metatable) == "table" then
    metatable = rawget(metatable, "__name")
  end
  return type(metatable) == "string" and metatable or nil
end

---@param value any
---@return boolean
function M.is_null(value)
  return value == nil or value == core.null
end

--- What a value is. An empty table that nothing marks may be a list or a map: "empty".
---@param value any
---@return "null"|"boolean"|"string"|"integer"|"float"|"numeric"|"timestamp"|"date"|"list"|"map"|"empty"|"other"
function M.kind(value)
  local kind = type(value)
  if kind == "table" then
    if core.array.is(value) then
      return "list"
    elseif core.yaml.is_map(value) then
      return "map"
    end
    return next(value) == nil and "empty" or rawget(value, 1) ~= nil and "list" or "map"
  elseif kind == "number" then
    return math.type(value)
  elseif kind == "string" or kind == "boolean" then
    return kind
  elseif M.is_null(value) then
    return "null"
  end
  return core.numeric.is(value) and "numeric" or core.timestamp.is(value) and "timestamp"
    or core.date.is(value) and "date" or "other"
end

local WORDS = {
  null = "null", list = "a list", map = "a map", empty = "an empty table", string = "the text %s", boolean = "%s",
  integer = "the number %s", float = "the number %s", numeric = "the number %s", timestamp = "the time %s",
  date = "the date %s",
}

--- A value as a message names it: the text "x", the number 45, a list.
---@param value any
---@return string
function M.describe(value)
  local kind = M.kind(value)
  if kind == "other" then
    local name = name_of(value) or complain.type_name(value)
    return (name:find("^mp%.") and "an " or "a ") .. name
  end
  local text = type(value) ~= "table" and kind ~= "null" and tostring(value) or ""
  return (WORDS[kind]:format(kind == "string" and show(value) or #text <= 40 and text or text:sub(1, 40) .. "..."))
end

--- Whether a text has nothing but comments.
---@param text string
---@return boolean
function M.is_blank(text)
  return not text:gsub("^\u{FEFF}", ""):gsub("%f[^%s\0]#[^\r\n]*", ""):find "%S"
end

--- How many elements a list has; or nil where it has other keys or holes.
---@param list table
---@return integer?
function M.length(list)
  local count, largest = 0, 0
  for key in next, list do
    if math.type(key) ~= "integer" or key < 1 then
      return nil
    end
    count, largest = count + 1, math.max(largest, key)
  end
  return count == largest and count or nil
end

local function comes_before(a, b)
  local kind_a, kind_b = type(a), type(b)
  if kind_a ~= kind_b then
    return kind_a < kind_b
  elseif kind_a == "number" or kind_a == "string" then
    return a < b
  end
  return tostring(a) < tostring(b)
end

--- The keys of a map: in the order of the document where it is known, sorted otherwise.
---@param map table
---@return any[]
function M.keys(map)
  local keys = {}
  if core.yaml.is_map(map) then
    for key in pairs(map) do
      keys[#keys + 1] = key
    end
    return keys
  end
  for key in next, map do
    keys[#keys + 1] = key
  end
  table.sort(keys, comes_before)
  return keys
end

--- A map that keeps the order of its pairs: of a list of { key, value }.
M.map = core.yaml.map

return M
