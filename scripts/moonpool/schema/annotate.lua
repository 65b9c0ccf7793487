--- LuaCATS annotations of a described schema, by which an editor completes and checks.

local names = require "moonpool.schema.names"
local source = require "moonpool.query.source"
require "moonpool.query" -- gives tables their methods

local M = {}

--- Lua's type by PostgreSQL's, as docs/values.md has them.
local TYPES = {}
for lua_type, list in pairs {
  integer = "int2 int4 int8 oid xid cid",
  number = "float4 float8",
  boolean = "bool",
  string = "text varchar bpchar char name citext bytea uuid inet cidr macaddr macaddr8 bit varbit timetz money xml "
    .. "jsonpath tsvector tsquery pg_lsn tid pg_snapshot txid_snapshot refcursor aclitem regclass regcollation "
    .. "regconfig regdictionary regnamespace regoper regoperator regproc regprocedure regrole regtype",
  table = "point line lseg box path polygon circle",
  ["integer|moonpool.numeric"] = "xid8",
  ["integer[]"] = "oidvector int2vector",
  ["moonpool.numeric"] = "numeric",
  ["moonpool.timestamp"] = "timestamptz timestamp",
  ["moonpool.date"] = "date",
  ["moonpool.time"] = "time",
  ["moonpool.interval"] = "interval",
  ["moonpool.json_value"] = "json jsonb",
  ["moonpool.range"] = "int4range int8range numrange tsrange tstzrange daterange",
  ["moonpool.range[]"] = "int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange",
} do
  for name in list:gmatch("%S+") do
    TYPES[name] = lua_type
  end
end

--- What a statement takes besides what it gives.
local ALSO_TAKEN = { numeric = "integer", bytea = "moonpool.bytes", json = "moonpool.json", jsonb = "moonpool.json" }

-- Words before a field's name that would say who may see it.
local VISIBILITIES = { public = true, private = true, protected = true, package = true }

local LINE_MAX = 120

---@class moonpool.schema.Annotations what one run works with
---@field description moonpool.schema.Description
---@field lines string[]
---@field classes table<string, string> names of classes by "table <name>" and "enum <name>"

---@param run moonpool.schema.Annotations
local function put(run, format, ...)
  run.lines[#run.lines + 1] = format:format(...)
end

--- Text of the database's as lines of description, in which no annotation begins.
---@param run moonpool.schema.Annotations
---@param comment? string
local function put_comment(run, comment)
  for line in ((comment or "") .. "\n"):gmatch("([^\n]*)\n") do
    local text = line:gsub("%c", " "):gsub("^%s+", ""):gsub("%s+$", ""):gsub("^[@|]", "\\%0")
    if text ~= "" then
      put(run, "--- %s", text)
    end
  end
end

---@param comment? string
---@return string
local function behind(comment)
  local text = (comment or ""):gsub("%c", " "):gsub("^%s+", ""):gsub("%s+$", "")
  return text == "" and "" or " # " .. text
end

---@param name string
---@return string
local function field_name(name)
  if names.is_lua_name(name) and not VISIBILITIES[name] then
    return name
  end
  return ("[%s]"):format(names.literal(name))
end

--- Names each class; letters that no class can have become "_".
---@param description moonpool.schema.Description
---@return table<string, string>
local function name_classes(description)
  local classes, taken = {}, { schema = true }
  for _, name in ipairs(names.sorted(description.tables)) do
    classes["table " .. name] = names.unique(name:gsub("[^%w_\128-\255]", "_"), taken)
  end
  for _, name in ipairs(names.sorted(description.enums)) do
    classes["enum " .. name] = names.unique(name:gsub("[^%w_\128-\255]", "_"), taken)
  end
  for key, name in pairs(classes) do
    classes[key] = description.name .. "." .. name
  end
  return classes
end

--- The Lua type of a column.
---@param run moonpool.schema.Annotations
---@param column moonpool.schema.Column
---@param is_taken boolean of what an insert takes
---@return string
local function type_of(run, column, is_taken)
  local name, brackets = column.base or column[2], ""
  if name:sub(-2) == "[]" then
    name, brackets = name:sub(1, -3), "[]"
  end
  local lua_type = run.classes["enum " .. name] or TYPES[name] or "any"
  local also = is_taken and ALSO_TAKEN[name]
  if also then
    lua_type = lua_type .. "|" .. also
  end
  if brackets ~= "" and lua_type:find("|", 1, true) then
    lua_type = "(" .. lua_type .. ")"
  end
  return lua_type .. brackets
end

---@param run moonpool.schema.Annotations
---@param column moonpool.schema.Column
---@param is_optional boolean
---@param is_taken boolean
local function put_value(run, column, is_optional, is_taken)
  put(run, "---@field %s%s %s%s", field_name(column[1]), is_optional and "?" or "", type_of(run, column, is_taken),
    behind(column.comment))
end

---@param run moonpool.schema.Annotations
---@param name string
local function put_enum(run, name)
  local labels = {}
  for i, label in ipairs(run.description.enums[name]) do
    labels[i] = names.literal(label)
  end
  local head = "---@alias " .. run.classes["enum " .. name]
  local line = ("%s %s"):format(head, #labels > 0 and table.concat(labels, "|") or "string")
  if #line <= LINE_MAX then
    put(run, "%s", line)
  else
    put(run, "%s\n---| %s", head, table.concat(labels, "\n---| "))
  end
  put(run, "")
end

---@param run moonpool.schema.Annotations
---@param class string
---@param described moonpool.schema.Table
local function put_values(run, class, described)
  put_comment(run, described.comment)
  put(run, "---@class %s.Row", class)
  for _, column in ipairs(described.columns) do
    put_value(run, column, not column.not_null, false)
  end
  put(run, "\n---@class %s.Insert", class)
  for _, column in ipairs(described.columns) do
    if not column.generated then
      put_value(run, column, not column.not_null or column.default ~= nil or column.identity ~= nil, true)
    end
  end
end

---@param run moonpool.schema.Annotations
---@param class string
---@param described moonpool.schema.Table
local function put_names(run, class, described)
  put(run, "\n---@class %s.Columns", class)
  for _, column in ipairs(described.columns) do
    put(run, "---@field %s moonpool.Column%s", field_name(column[1]), behind(column.comment))
  end
  put(run, "\n---@class %s.Relations", class)
  for _, name in ipairs(names.sorted(described.relations or {})) do
    local relation = described.relations[name]
    put(run, "---@field %s moonpool.Relation # %s %s", field_name(name), relation.kind:gsub("_", " "),
      names.literal(relation.table))
  end
end

---@param run moonpool.schema.Annotations
---@param name string
local function put_table(run, name)
  local described, class = run.description.tables[name], run.classes["table " .. name]
  put_values(run, class, described)
  put_names(run, class, described)
  put(run, "")
  put_comment(run, described.comment)
  put(run, "---@class %s: moonpool.Table", class)
  put(run, "---@field c %s.Columns\n---@field r %s.Relations", class, class)
  for _, column in ipairs(described.columns) do
    if not source.is_taken(column[1]) then
      put(run, "---@field %s moonpool.Column%s", field_name(column[1]), behind(column.comment))
    end
  end
  put(run, "")
end

-- What a schema has of its own: a table of such a name is reached by `schema.tables` only.
local OWN_FIELDS = { enums = true, tables = true }

---@param run moonpool.schema.Annotations
local function put_schema(run)
  put(run, "---@class %s.schema: moonpool.Schema", run.description.name)
  for _, name in ipairs(names.sorted(run.description.tables)) do
    if not OWN_FIELDS[name] then
      put(run, "---@field %s %s", field_name(name), run.classes["table " .. name])
    end
  end
  put(run, "")
end

--- The annotations of a schema, which end with that of its class `<name>.schema`.
---@param description moonpool.schema.Description
---@return string text lines of comments
function M.text(description)
  local run = { description = description, lines = {}, classes = name_classes(description) }
  for _, name in ipairs(names.sorted(description.enums)) do
    put_enum(run, name)
  end
  for _, name in ipairs(names.sorted(description.tables)) do
    put_table(run, name)
  end
  put_schema(run)
  return table.concat(run.lines, "\n") .. "\n"
end

return M
