--- Which kinds of documents a project has. A module with a list `kinds` says it: { name = "metric", type = metric },
--- where the type has a `shape`, and in `recognised_by` the fields that tell its documents from others.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local file = require "moonpool.schema.file"
local shape = require "moonpool.shape"

local usage, show = complain.usage, complain.show

local M = {}

---@class moonpool.shape.Kind
---@field name string
---@field type { shape: moonpool.Shape, recognised_by: string[] }

local function check_kind(module, place, kind)
  local type_of_kind = type(kind) == "table" and kind.type
  if type(kind) ~= "table" or type(kind.name) ~= "string" or type(type_of_kind) ~= "table"
    or not shape.is(type_of_kind.shape) then
    usage(("kind %d of %s is not { name = text, type = { shape = shape } }"):format(place, module))
  end
end

--- Adds the kinds of a module. A name that is there already stays what it is.
local function add_module(kinds, by_name, module)
  local types = require(module)
  if type(types) ~= "table" or type(types.kinds) ~= "table" then
    usage(("%s has no list `kinds`"):format(module), 'a kind is { name = "metric", type = { shape = shape } }')
  end
  for place, kind in ipairs(types.kinds) do
    check_kind(module, place, kind)
    if not by_name[kind.name] then
      by_name[kind.name], kinds[#kinds + 1] = kind, kind
    end
  end
end

--- The folder of scripts that this file is from.
local function own_scripts()
  return debug.getinfo(1, "S").source:match "^@(.*)/moonpool/shape/[^/]*$"
end

--- Modules <folder>.types below a folder of scripts, which become known to require.
local function add_folder(kinds, by_name, scripts, folders)
  local found = {}
  for _, folder in ipairs(folders or {}) do
    if folder:find "^[%a_][%w_]*$" and file.read(("%s/%s/types/init.lua"):format(scripts, folder)) then
      found[#found + 1] = folder .. ".types"
    end
  end
  if #found > 0 then
    package.path = ("%s/?.lua;%s/?/init.lua;%s"):format(scripts, scripts, package.path)
  end
  for _, module in ipairs(found) do
    add_module(kinds, by_name, module)
  end
end

--- The kinds of a module; else those of all scripts/*/types/init.lua, the project's and then Moonpool's own.
---@param module? string
---@return moonpool.shape.Kind[]
function M.find(module)
  local kinds, by_name = {}, {}
  if module then
    add_module(kinds, by_name, module)
    return kinds
  end
  add_folder(kinds, by_name, file.find_scripts())
  local own = own_scripts()
  if own then
    local folders = core.list_folder(own) or {}
    table.sort(folders)
    add_folder(kinds, by_name, own, folders)
  end
  if #kinds == 0 then
    usage("no kinds of documents are known", "say which module has them: --types <module>")
  end
  return kinds
end

---@param kinds moonpool.shape.Kind[]
---@return string[]
function M.names(kinds)
  local names = {}
  for i, kind in ipairs(kinds) do
    names[i] = kind.name
  end
  return names
end

--- The kind of a name.
---@param kinds moonpool.shape.Kind[]
---@param name string
---@return moonpool.shape.Kind
function M.named(kinds, name)
  for _, kind in ipairs(kinds) do
    if kind.name == name then
      return kind
    end
  end
  return usage(("there is no kind %s"):format(show(name)), complain.hint(name, M.names(kinds), "the kinds are"))
end

--- How many of a document's fields tell that it is of a kind.
local function count_fields(kind, value)
  local count = 0
  for _, name in ipairs(kind.type.recognised_by or {}) do
    count = count + (rawget(value, name) ~= nil and 1 or 0)
  end
  return count
end

--- How many of its fields might do so, if they were spelled better.
local function count_near_fields(kind, value)
  local count = 0
  for key in next, value do
    local is_near = type(key) == "string" and core.nearest_name(key, kind.type.recognised_by or {})
    count = count + (is_near and 1 or 0)
  end
  return count
end

--- The kind for which a count is the greatest.
local function best_of(kinds, value, count_of)
  local best, most, is_tie = nil, 0, false
  for _, kind in ipairs(kinds) do
    local count = count_of(kind, value)
    if count > most then
      best, most, is_tie = kind, count, false
    elseif count == most then
      is_tie = true
    end
  end
  return not is_tie and best or nil
end

--- The kind that a document is of, by its fields; nil where they do not tell.
---@param kinds moonpool.shape.Kind[]
---@param value any a document
---@return moonpool.shape.Kind?
function M.recognise(kinds, value)
  if #kinds == 1 then
    return kinds[1]
  elseif type(value) ~= "table" then
    return nil
  end
  return best_of(kinds, value, count_fields) or best_of(kinds, value, count_near_fields)
end

return M
