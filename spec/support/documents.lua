--- What specs of documents share: mistakes as lines, keys in order, and fields under their other spelling.

local M = {}

--- Mistakes as "path: message".
---@param mistakes moonpool.shape.Mistake[]
---@return string[]
function M.lines(mistakes)
  local lines = {}
  for i, mistake in ipairs(mistakes) do
    lines[i] = (mistake.path ~= "" and mistake.path .. ": " or "") .. mistake.message
  end
  return lines
end

--- Mistakes of a document as "line:column path: message".
function M.places(mistakes)
  local lines = M.lines(mistakes)
  for i, mistake in ipairs(mistakes) do
    lines[i] = ("%s:%s "):format(mistake.line, mistake.column) .. lines[i]
  end
  return lines
end

--- The keys of a map, in the order of pairs.
function M.keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  return keys
end

local function snake(name)
  return (name:gsub("(%l%d?)(%u)", "%1_%2"):lower())
end

--- A document with all names of fields in snake_case, but for those that a set has.
---@param value any
---@param but table<string, true>
---@return any
function M.in_snake_case(value, but)
  if type(value) ~= "table" then
    return value
  end
  local copy = {}
  for key, item in pairs(value) do
    copy[type(key) == "string" and not but[key] and snake(key) or key] = M.in_snake_case(item, but)
  end
  return copy
end

--- A copy all the way down.
function M.copy(value)
  if type(value) ~= "table" then
    return value
  end
  local copy = {}
  for key, item in pairs(value) do
    copy[key] = M.copy(item)
  end
  return copy
end

return M
