--- Usage errors of the builder: what is wrong, what is expected, and the nearest right name.

local core = require "moonpool.core"

local M = {}

--- Raises an error of kind "usage" that names the script's line.
---@param message string
---@param hint? string
function M.usage(message, hint)
  error(core.error { kind = "usage", message = message, hint = hint })
end

local MOST_NAMES = 12

--- "did you mean x?", or which names there are.
---@param name any what was written
---@param names string[]
---@param intro? string of the list, "there are" if absent
---@return string? hint
function M.hint(name, names, intro)
  local nearest = type(name) == "string" and name ~= "" and core.nearest_name(name, names)
  if nearest then
    return ("did you mean %s?"):format(nearest)
  end
  if #names == 0 then
    return nil
  end
  local shown = table.move(names, 1, math.min(#names, MOST_NAMES), 1, {})
  local more = #names > MOST_NAMES and (" and %d more"):format(#names - MOST_NAMES) or ""
  return (intro or "there are") .. " " .. table.concat(shown, ", ") .. more
end

local LONGEST = 40 -- bytes of a value that a message shows

--- Not more than LONGEST bytes of a text, and no part of a character.
local function cut(text)
  local last = LONGEST
  while last > LONGEST - 4 and text:find("^[\x80-\xbf]", last + 1) do
    last = last - 1
  end
  return text:sub(1, last)
end

--- A name as a message shows it: on one line, not too long, and valid UTF-8 whatever it is.
---@param name any
---@return string
function M.show(name)
  if type(name) ~= "string" then
    return type(name) == "nil" and "nil" or ("a %s"):format(M.type_name(name))
  end
  local text = #name > LONGEST and cut(name) or name
  local escaped = utf8.len(text) and "[%c\127]" or "[%c\127-\255]"
  return '"' .. text:gsub(escaped, function(byte) return ("\\x%02x"):format(byte:byte()) end)
    .. (#name > LONGEST and "..." or "") .. '"'
end

--- What a value is, for messages.
---@param value any
---@return string
function M.type_name(value)
  if value == core.null then
    return "null"
  end
  local metatable = getmetatable(value)
  return type(metatable) == "table" and type(metatable.__name) == "string" and metatable.__name or type(value)
end

return M
