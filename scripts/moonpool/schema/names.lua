--- Any name of PostgreSQL as text of Lua, and names that do not collide.

local M = {}

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true until
  while]]):gmatch("%a+") do
  KEYWORDS[word] = true
end

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

---@param text string
---@return boolean
function M.is_lua_name(text)
  return text:find("^[%a_][%w_]*$") ~= nil and not KEYWORDS[text]
end

--- A string as Lua writes it, on one line.
---@param text string
---@return string
function M.literal(text)
  return '"' .. text:gsub('[%c"\\\127]', function(character)
    return ESCAPES[character] or ("\\%03d"):format(character:byte())
  end) .. '"'
end

--- A key as it stands in a table: `name`, or `["odd name"]`.
---@param text string
---@return string
function M.key(text)
  return M.is_lua_name(text) and text or ("[%s]"):format(M.literal(text))
end

--- The name itself, or with the first number behind it that makes it a new one; then it is taken.
---@param name string
---@param taken table<string, any>
---@return string
function M.unique(name, taken)
  local candidate, number = name, 1
  while taken[candidate] do
    number = number + 1
    candidate = ("%s_%d"):format(name, number)
  end
  taken[candidate] = true
  return candidate
end

--- The keys of a table in the order of their bytes.
---@param map table<string, any>
---@return string[]
function M.sorted(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

return M
