--- What the builder knows of PostgreSQL's types: which can be compared, and which Lua values fit.
---
--- It is not the whole truth, which the server has: an unknown type takes any value and any operator.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"

local M = {}

---@class moonpool.query.Type
---@field name string as in pg_type; "text[]" for an array
---@field family string types of one family can be compared
---@field wanted fun(kind: moonpool.query.Type, value: any): string? what fits, in words, unless the value does
---@field element? moonpool.query.Type of an array or a range
---@field labels? string[] of an enum, in its order
---@field label_set? table<string, integer> label = its place
---@field sql string the name as a cast needs it

--- Family by type's name.
local FAMILIES = {}
local MEMBERS = {
  number = { "int2", "int4", "int8", "float4", "float8", "numeric", "oid" },
  text = { "text", "varchar", "bpchar", "name", "citext", "char" },
  boolean = { "bool" },
  moment = { "timestamptz", "timestamp", "date" },
  time = { "time", "timetz" },
  interval = { "interval" },
  uuid = { "uuid" },
  json = { "json", "jsonb" },
  bytes = { "bytea" },
  range = { "int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange" },
}
for family, names in pairs(MEMBERS) do
  for _, name in ipairs(names) do
    FAMILIES[name] = family
  end
end

local SUBTYPES = {
  int4range = "int4", int8range = "int8", numrange = "numeric",
  tsrange = "timestamp", tstzrange = "timestamptz", daterange = "date",
}

local INTEGERS = { int2 = true, int4 = true, int8 = true, oid = true }

--- The words of the SQL standard for types that pg_type calls otherwise.
local SPELLINGS = {
  integer = "int4", int = "int4", bigint = "int8", smallint = "int2", boolean = "bool", real = "float4",
  ["double precision"] = "float8", decimal = "numeric", ["character varying"] = "varchar", character = "bpchar",
  ["timestamp with time zone"] = "timestamptz", ["timestamp without time zone"] = "timestamp",
  ["time without time zone"] = "time", ["time with time zone"] = "timetz",
}

--- What fits, in words, or nil when the value does, which is neither nil nor mp.null. One function per family.
local WANTED = {}

function WANTED.number(kind, value)
  local lua = type(value)
  if lua == "number" then
    local whole = not INTEGERS[kind.name] or math.tointeger(value)
    return not whole and "a whole number" or nil
  end
  local fits = core.numeric.is(value) or lua == "string" and tonumber(value)
  return not fits and "a number" or nil
end

function WANTED.text(_, value)
  return type(value) ~= "string" and "a string" or nil
end

function WANTED.boolean(_, value)
  return type(value) ~= "boolean" and "true or false" or nil
end

--- Digits and hyphens only, since this is asked for most queries; where the hyphens are is for the server to say.
function WANTED.uuid(_, value)
  local fits = type(value) == "string" and #value >= 32 and #value <= 38 and value:find("^{?%x[%x-]+%x}?$")
  return not fits and "the text of a UUID" or nil
end

function WANTED.enum(kind, value)
  return not kind.label_set[value] and "one of its labels" or nil
end

function WANTED.moment(_, value)
  local lua = type(value)
  return not (lua == "string" or lua == "userdata") and "a string or an mp.timestamp or mp.date" or nil
end

function WANTED.time(_, value)
  local lua = type(value)
  return not (lua == "string" or lua == "userdata") and "a string or an mp.time" or nil
end

function WANTED.interval(_, value)
  local lua = type(value)
  return not (lua == "string" or lua == "userdata") and "a string or an mp.interval" or nil
end

function WANTED.bytes(_, value)
  local lua = type(value)
  return not (lua == "string" or lua == "userdata") and "a string" or nil
end

function WANTED.array(kind, value)
  if type(value) == "string" then
    return nil
  end
  if type(value) ~= "table" then
    return "a list"
  end
  local element = kind.element
  for i = 1, #value do
    local item = value[i]
    local is_nested = type(item) == "table" and element.family ~= "json"
    if item ~= core.null and not is_nested and element.wanted(element, item) then
      return ("a list of %s; its element %d is a %s"):format(element.name, i, complain.type_name(item))
    end
  end
  return nil
end

function WANTED.json(_, value)
  return type(value) == "function" and "a value with a JSON form" or nil
end

function WANTED.range(_, value)
  local lua = type(value)
  return not (lua == "string" or lua == "userdata") and "an mp.range" or nil
end

function WANTED.other(_, value)
  return type(value) == "function" and "a value" or nil
end

--- Each part of "schema.type" is an identifier.
local function quote(name)
  local parts = {}
  for part in name:gmatch("[^.]+") do
    parts[#parts + 1] = core.quote_identifier(part)
  end
  return table.concat(parts, ".")
end

local function make(name)
  local element = name:match("^(.*)%[%]$")
  if element then
    local inner = M.named(element)
    return { name = name, family = "array", wanted = WANTED.array, element = inner, sql = inner.sql .. "[]" }
  end
  local subtype, family = SUBTYPES[name], FAMILIES[name] or "other"
  return {
    name = name,
    family = family,
    wanted = WANTED[family],
    element = subtype and M.named(subtype),
    sql = FAMILIES[name] and name ~= "char" and name or quote(name), -- char without quotes is another type
  }
end

--- By name; those that nobody holds any more are made anew.
local known = setmetatable({}, { __mode = "v" })

--- The type of that name; a type that nobody knows is one of family "other".
---@param name string as in pg_type, with "[]" behind it for an array
---@return moonpool.query.Type
function M.named(name)
  local found = known[name]
  if not found then
    found = make(name)
    known[name] = found
  end
  return found
end

local function raise_no_type(text)
  complain.usage(("the type is %s; expected a type's name such as \"int4\" or \"text[]\""):format(complain.show(text)))
end

local LONGEST = 63 -- bytes, behind which PostgreSQL cuts a name

--- Is it a name, or names with points between them?
local function is_name(text)
  if ("." .. text .. "."):find("..", 1, true) or not utf8.len(text) then
    return false
  end
  for part in text:gmatch("[^.]+") do
    if #part > LONGEST then
      return false
    end
  end
  return true
end

--- A type as a script writes it: "int4", "integer", "numeric(10,2)", "text[]", "app.mood".
---@param text any
---@return moonpool.query.Type
function M.parse(text)
  if type(text) ~= "string" or text == "" or text:find("\0", 1, true) then
    raise_no_type(text)
  end
  local name, modifier, array = text:match("^([^(%[%]]-)%s*(%(%s*%d+%s*,?%s*%d*%s*%))%s*(%[?%]?)$")
  if not name then
    name, array = text:match("^(.-)%s*(%[?%]?)$")
  end
  name = SPELLINGS[name:lower()] or name
  if array == "[" or array == "]" or not is_name(name) then
    raise_no_type(text)
  end
  local base = M.named(name .. array)
  if not modifier then
    return base
  end
  return setmetatable({ sql = M.named(name).sql .. modifier .. array }, { __index = base })
end

--- An enum with its labels.
---@param name string
---@param labels string[]
---@return moonpool.query.Type
function M.enum(name, labels)
  local set = {}
  for i, label in ipairs(labels) do
    set[label] = i
  end
  return {
    name = name, family = "enum", wanted = WANTED.enum, labels = labels, label_set = set, sql = quote(name),
  }
end

--- An array of a type that is not known by its name alone.
function M.array_of(element)
  if known[element.name] == element then
    return M.named(element.name .. "[]")
  end
  return {
    name = element.name .. "[]", family = "array", wanted = WANTED.array, element = element, sql = element.sql .. "[]",
  }
end

--- A value as an element of an array that is sent: a JSON document that is a list must not be taken for a dimension.
---@param kind moonpool.query.Type
---@param value any
---@return any
function M.as_element(kind, value)
  if type(value) == "table" and kind.family == "json" then
    return core.json(value)
  end
  return value
end

--- Can values of the two be compared? Where one is unknown, the server decides.
---@param a moonpool.query.Type|false
---@param b moonpool.query.Type|false
function M.are_comparable(a, b)
  if not a or not b or a == b or a.family == "other" or b.family == "other" then
    return true
  end
  if a.family ~= b.family then
    return false
  end
  if a.family == "enum" then
    return a.name == b.name
  end
  return a.family ~= "array" or M.are_comparable(a.element, b.element)
end

--- The cast that tells the server the type of a value which nothing else tells: by what it is in Lua. Nil where a
--- string's own type is right.
---@param value any
---@return string? sql
function M.cast_of(value)
  local kind = math.type(value) or type(value)
  if kind == "integer" then
    return "int8"
  elseif kind == "float" then
    return "float8"
  elseif kind == "boolean" then
    return "bool"
  elseif core.numeric.is(value) then
    return "numeric"
  elseif core.timestamp.is(value) then
    return value:has_zone() and "timestamptz" or "timestamp"
  elseif core.date.is(value) then
    return "date"
  elseif core.time.is(value) then
    return "time"
  elseif core.interval.is(value) then
    return "interval"
  elseif core.json.is(value) then
    return "jsonb"
  elseif kind == "string" then
    return "text"
  end
  return nil
end

M.boolean = M.named "bool"
M.int4 = M.named "int4"
M.int8 = M.named "int8"
M.text = M.named "text"
M.jsonb = M.named "jsonb"

return M
