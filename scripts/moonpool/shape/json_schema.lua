--- JSON Schema, draft 2020-12, of a shape: what editors complete and check by.
---
--- It allows what the reader allows as far as JSON Schema can say it: not rules, checks and conversions, nor that two
--- keys may become one. Advisory limits are left out unless it is strict.

local core = require "moonpool.core"
local decode = require "moonpool.shape.decode"
local values = require "moonpool.shape.values"

local M = {}

--- A schema under construction: pairs in order.
local function node(list)
  local kept = {}
  for _, pair in ipairs(list) do
    if pair[2] ~= nil then
      kept[#kept + 1] = pair
    end
  end
  return kept
end

---@class moonpool.shape.Builder
---@field strict boolean
---@field defs { [1]: string, [2]: table }[]
---@field taken table<string, true>
---@field names table<any, string> record, or record and tag = name of its definition

local schema_of

local function array(list)
  return core.array(list)
end

local function find(pairs_of, name)
  for _, pair in ipairs(pairs_of) do
    if pair[1] == name then
      return pair
    end
  end
end

--- Whether limits count: they do not where they are only advice, or are looked at after a conversion.
local function binds(builder, record)
  return (builder.strict or not record.advisory) and not record.convert
end

-- ---- scalars ----

local makers = {}

function makers.string(builder, record)
  local bound = binds(builder, record)
  return node {
    { "type", record.lenient and array { "string", "number" } or "string" },
    { "minLength", bound and record.min_length or nil },
    { "maxLength", bound and record.max_length or nil },
    { "pattern", bound and (record.regex or record.blank == false and "\\S") or nil },
  }
end

function makers.enum(builder, record)
  local labels = {}
  for _, label in ipairs(record.labels) do
    labels[#labels + 1] = label
  end
  for _, label in ipairs(record.lenient and record.labels or {}) do
    labels[#labels + 1] = tonumber(label)
  end
  if binds(builder, record) then
    return { { "enum", array(labels) } }
  end
  return { { "anyOf", array {
    values.map { { "enum", array(labels) } },
    values.map { { "type", record.lenient and array { "string", "number" } or "string" } },
  } } }
end

local function number(builder, record, kind, regex)
  local bound = binds(builder, record)
  local own = node { { "type", kind }, { "minimum", bound and record.min or nil },
    { "maximum", bound and record.max or nil } }
  if not record.lenient then
    return own
  end
  return { { "anyOf", array { values.map(own), values.map { { "type", "string" }, { "pattern", regex } } } } }
end

function makers.integer(builder, record)
  return number(builder, record, "integer", "^-?[0-9]+$")
end

function makers.number(builder, record)
  return number(builder, record, "number", "^-?[0-9.]+([eE][+-]?[0-9]+)?$")
end

function makers.boolean(_, record)
  return record.lenient and { { "enum", array { true, false, "true", "false" } } } or { { "type", "boolean" } }
end

function makers.uuid(builder, record)
  return node { { "type", "string" }, { "format", "uuid" }, { "pattern", binds(builder, record) and
    "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$" or nil } }
end

function makers.timestamp()
  return { { "type", "string" }, { "format", "date-time" }, { "pattern",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)$" } }
end

function makers.any()
  return {}
end

-- ---- containers ----

function makers.list(builder, record)
  return node { { "type", "array" }, { "items", values.map(schema_of(builder, record.item)) },
    { "minItems", record.min_items }, { "maxItems", record.max_items }, { "uniqueItems", record.unique } }
end

function makers.map(builder, record)
  return { { "type", "object" }, { "additionalProperties", values.map(schema_of(builder, record.value)) } }
end

function makers.any_of(builder, record)
  local list = {}
  for i, alternative in ipairs(record.alternatives) do
    list[i] = values.map(schema_of(builder, alternative))
  end
  return { { "anyOf", array(list) } }
end

function makers.lazy(builder, record)
  return schema_of(builder, decode.resolve(record))
end

--- Allows null besides. A condition of `allOf` holds for null too, so that it has to stand apart.
local function or_null(schema)
  local kind, labels = find(schema, "type"), find(schema, "enum")
  if #schema == 0 then
    return schema
  elseif kind and type(kind[2]) == "string" and not find(schema, "allOf") then
    kind[2] = array { kind[2], "null" }
  elseif labels then
    table.insert(labels[2], core.null)
  else
    return { { "anyOf", array { values.map(schema), values.map { { "type", "null" } } } } }
  end
  return schema
end

-- ---- definitions ----

local function free_name(builder, name)
  local free, number_behind = name, 1
  while builder.taken[free] do
    number_behind = number_behind + 1
    free = name .. number_behind
  end
  builder.taken[free] = true
  return free
end

local function escape(name)
  return (name:gsub("~", "~0"):gsub("/", "~1"):gsub("[^%w_~/.-]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

local function reference(...)
  local parts = { "#/$defs" }
  for i, part in ipairs { ... } do
    parts[i + 1] = escape(part)
  end
  return table.concat(parts, "/")
end

--- A definition is begun before it is filled, so that it may refer to itself.
local function define(builder, key, name, fill)
  if not builder.names[key] then
    builder.names[key] = free_name(builder, name)
    local pair = { builder.names[key] }
    builder.defs[#builder.defs + 1] = pair
    pair[2] = fill(builder.names[key])
  end
  return { { "$ref", reference(builder.names[key]) } }
end

local function plain_default(value)
  if type(value) ~= "function" then
    return value
  end
end

local function field_schema(builder, field)
  local schema = schema_of(builder, field.record)
  local options = field.options
  if field.record.kind == "any" and options.required and not options.nullable then
    schema = { { "not", values.map { { "type", "null" } } } }
  elseif not field.record.nullable and (not options.required or options.nullable) then
    schema = or_null(schema)
  end
  local description = options.description
  schema[#schema + 1] = description and { "description", description }
  local default = plain_default(options.default)
  schema[#schema + 1] = default ~= nil and { "default", default } or nil
  return values.map(schema)
end

--- The properties of an object: its fields, their aliases, and the maps of groups.
local function properties_of(builder, record, name, tag)
  local list = {}
  if tag then
    list[1] = { tag, values.map { { "type", "string" } } }
  end
  for _, field in ipairs(record.plan.fields) do
    list[#list + 1] = { field.name, field_schema(builder, field) }
  end
  for _, field in ipairs(record.plan.fields) do
    for i = 2, #field.names do
      list[#list + 1] = { field.names[i],
        values.map { { "$ref", reference(name, "properties", field.name) }, { "deprecated", true } } }
    end
  end
  for _, group in ipairs(record.plan.groups) do
    local inner = {}
    for i, inner_name in ipairs(group.names) do
      inner[i] = { inner_name, values.map { { "$ref", reference(name, "properties", inner_name) } } }
    end
    for _, nested in ipairs(group.nested) do
      list[#list + 1] = { nested, values.map { { "type", array { "object", "null" } },
        { "properties", values.map(inner) }, { "deprecated", true } } }
    end
  end
  return values.map(list)
end

--- The ways in which a required field may be given.
local function ways_of(field)
  local ways = {}
  for _, name in ipairs(field.names) do
    ways[#ways + 1] = values.map { { "required", array { name } } }
  end
  for _, nested in ipairs(field.group and field.group.nested or {}) do
    for _, name in ipairs(field.names) do
      ways[#ways + 1] = values.map { { "required", array { nested } },
        { "properties", values.map { { nested, values.map { { "required", array { name } } } } } } }
    end
  end
  return ways
end

local function required_of(record, tag)
  local simple, several = { tag }, {}
  for _, field in ipairs(record.plan.fields) do
    local ways = field.options.required and ways_of(field)
    if ways and #ways == 1 then
      simple[#simple + 1] = field.name
    elseif ways then
      several[#several + 1] = values.map { { "anyOf", array(ways) } }
    end
  end
  return #simple > 0 and array(simple) or nil, #several > 0 and array(several) or nil
end

--- Of the names of a field only one may be there.
local function exclusions_of(record)
  local list = {}
  for _, field in ipairs(record.plan.fields) do
    for i = 2, #field.names do
      local others = {}
      for j = 1, i - 1 do
        others[j] = { field.names[j], false }
      end
      list[#list + 1] = { field.names[i], values.map { { "properties", values.map(others) } } }
    end
  end
  return #list > 0 and values.map(list) or nil
end

local function object(builder, record, tag)
  local key = tag and (tostring(record) .. "\0" .. tag) or record
  return define(builder, key, record.name, function(name)
    local required, several = required_of(record, tag)
    local closed = builder.strict or record.unknown == "refuse"
    local properties = properties_of(builder, record, name, tag)
    return values.map(node {
      { "type", "object" }, { "description", record.description }, { "properties", properties },
      { "required", required }, { "allOf", several }, { "dependentSchemas", exclusions_of(record) },
      closed and { "additionalProperties", false } or {},
    })
  end)
end

function makers.object(builder, record)
  return object(builder, record)
end

local function tagged(builder, record)
  local cases = {}
  for i, label in ipairs(record.labels) do
    local is_it = { { "properties", values.map { { record.tag, values.map { { "const", label } } } } },
      { "required", array { record.tag } } }
    cases[i] = values.map { { "if", values.map(is_it) },
      { "then", values.map(object(builder, record.variants[i], record.tag)) } }
  end
  local tag = values.map { { "enum", array(table.move(record.labels, 1, #record.labels, 1, {})) } }
  return node { { "type", "object" }, { "description", record.description },
    { "properties", values.map { { record.tag, tag } } }, { "required", array { record.tag } },
    { "allOf", array(cases) } }
end

function makers.tagged(builder, record)
  if not record.name then
    return tagged(builder, record)
  end
  return define(builder, record, record.name, function() return values.map(tagged(builder, record)) end)
end

-- ---- schemas ----

function schema_of(builder, record)
  local schema = makers[record.kind](builder, record)
  return record.nullable and or_null(schema) or schema
end

--- The JSON Schema of a shape, as a value whose maps are in order.
---@param record moonpool.shape.Record
---@param options? { strict?: boolean } strict: no unknown fields, and advisory limits count
---@return table
function M.make(record, options)
  local builder = { strict = options and options.strict or false, defs = {}, taken = {}, names = {} }
  local own = schema_of(builder, record)
  local schema = node { { "$schema", "https://json-schema.org/draft/2020-12/schema" }, { "title", record.name } }
  table.move(own, 1, #own, #schema + 1, schema)
  if #builder.defs > 0 then
    schema[#schema + 1] = { "$defs", values.map(builder.defs) }
  end
  return values.map(schema)
end

return M
