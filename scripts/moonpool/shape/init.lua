--- Shapes: what a document looks like, said once. From a shape come decoding with every mistake at its line, encoding,
--- a JSON Schema and documentation.
---
---     local shape = require "moonpool.shape"
---     local dish = shape.object("Dish", {
---       { "name", shape.string { required = true } },
---       { "price", shape.number { min = 0 } },
---     })
---     local value = dish:decode "name: Soup\nprice: 4.5"

local complain = require "moonpool.query.complain"
local decode = require "moonpool.shape.decode"
local describe = require "moonpool.shape.describe"
local encode = require "moonpool.shape.encode"
local fields = require "moonpool.shape.fields"
local json_schema = require "moonpool.shape.json_schema"

local usage, show = complain.usage, complain.show

---@class moonpool.Shape
local Shape = {}

local M = {}

local METHODS = { "check", "decode", "describe", "encode", "json_schema", "to_json" }

local METATABLE = {
  __name = "moonpool.Shape",
  __index = function(_, key)
    if Shape[key] then
      return Shape[key]
    end
    usage(("a shape has no method %s"):format(show(key)), complain.hint(key, METHODS))
  end,
  __newindex = function() usage("a shape cannot be changed") end,
  __tostring = function(self)
    local record = fields.record(self)
    return ("shape.%s%s"):format(record.kind, record.name and (" %s"):format(record.name) or "")
  end,
}

--- The record of the shape that a method was called on.
local function self_of(self, method)
  local record = fields.record(self)
  if not record or record.kind == "flatten" then
    usage(("%s was called on %s; expected a shape"):format(method, fields.given(self)),
      ("write shape:%s(...), with a colon"):format(method))
  end
  return record
end

local function new(kind, options, own)
  local shape = fields.new(METATABLE, kind, options, own)
  local record = fields.record(shape)
  record.default = decode.check_default(record, record.default)
  return shape
end

--- The options that stand beside the items of a list.
local function options_beside(what, list)
  local rest, count, largest = {}, 0, 0
  for key, value in pairs(list) do
    if math.type(key) == "integer" then
      count, largest = count + 1, math.max(largest, key)
    else
      rest[key] = value
    end
  end
  if count ~= largest then
    usage(("the list of %s has holes"):format(what))
  end
  return rest
end

-- ---- scalars ----

--- A text. Options, besides those of every field: `min_length`, `max_length` in characters; `pattern` of Lua, with
--- `expected` to say what it means and `regex` for JSON Schema; `blank = false`: not only blanks; and those of scalars:
--- `convert`, `check`, `advisory`.
---@param options? table
---@return moonpool.Shape
function M.string(options) return new("string", options) end

--- An integer of 64 bits; `min`, `max`.
---@param options? table
---@return moonpool.Shape
function M.integer(options) return new("integer", options) end

--- A finite number, integer or float; `min`, `max`.
---@param options? table
---@return moonpool.Shape
function M.number(options) return new("number", options) end

---@param options? table
---@return moonpool.Shape
function M.boolean(options) return new("boolean", options) end

--- A uuid, in lower case with hyphens once it is read.
---@param options? table
---@return moonpool.Shape
function M.uuid(options) return new("uuid", options) end

--- A moment, as RFC 3339 writes it: an mp.timestamp once it is read.
---@param options? table
---@return moonpool.Shape
function M.timestamp(options) return new("timestamp", options) end

--- Whatever JSON can hold.
---@param options? table
---@return moonpool.Shape
function M.any(options) return new("any", options) end

--- One of some texts: shape.enum { "asc", "desc", default = "asc" }.
---@param options table the texts, and the options
---@return moonpool.Shape
function M.enum(options)
  if type(options) ~= "table" or fields.record(options) then
    usage(("the argument of shape.enum is %s; expected a list of texts"):format(fields.given(options)))
  end
  local labels, places, rest = {}, {}, options_beside("shape.enum", options)
  for place, label in ipairs(options) do
    if type(label) ~= "string" then
      usage(("label %d of shape.enum is %s; expected a text"):format(place, fields.given(label)))
    elseif places[label] then
      usage(("shape.enum has the label %s twice"):format(show(label)))
    end
    labels[place], places[label] = label, place
  end
  if #labels == 0 then
    usage("shape.enum has no labels")
  end
  return new("enum", rest, { labels = labels, places = places })
end

-- ---- containers ----

--- A list of values of one shape; `min_items`, `max_items`, `unique`.
---@param item moonpool.Shape
---@param options? table
---@return moonpool.Shape
function M.list(item, options)
  local record = fields.need("the item of shape.list", item)
  if type(options) == "table" and options.unique and not fields.is_scalar(record) then
    usage(("the items of a unique list are shape.%s; expected a scalar, such as shape.string"):format(record.kind))
  end
  return new("list", options, { item = record })
end

--- A map of any keys to values of one shape, in the document's order. `keys(key)` gives the key as it is to be, or nil
--- and what is wrong with it; two keys that become one are a mistake.
---@param value moonpool.Shape
---@param options? table
---@return moonpool.Shape
function M.map(value, options)
  return new("map", options, { value = fields.need("the value of shape.map", value) })
end

--- The first of some shapes that fits.
---@param alternatives table shapes, and the options
---@return moonpool.Shape
function M.any_of(alternatives)
  if type(alternatives) ~= "table" or fields.record(alternatives) then
    usage(("the argument of shape.any_of is %s; expected a list of shapes"):format(fields.given(alternatives)))
  end
  local list, rest = {}, options_beside("shape.any_of", alternatives)
  for place, alternative in ipairs(alternatives) do
    list[place] = fields.need(("alternative %d of shape.any_of"):format(place), alternative)
  end
  if #list < 2 then
    usage("shape.any_of has fewer than two shapes")
  end
  return new("any_of", rest, { alternatives = list })
end

--- A map with named fields. A field is { "name", shape } or { "name", shape, { required = true, ... } }; they are
--- written in this order. Options: `unknown` = "keep" (they stay, with a warning), "refuse" or "ignore"; `rules`,
--- functions of (value, report, warn) or { needs = { "field" }, check = function }; `snake_case`: read snake_case
--- spellings too; `label(value)`: what the object is called in its mistakes, or nil.
---@param name string for messages, documentation and JSON Schema
---@param list table[]
---@param options? table
---@return moonpool.Shape
function M.object(name, list, options)
  fields.check_name("shape.object", name)
  local given = type(options) == "table" and options or {}
  local plan = fields.plan(name, list, given.snake_case)
  for _, field in ipairs(plan.fields) do
    field.options.default = decode.check_default(field.record, field.options.default)
  end
  local rules = fields.rules(name, type(given.rules) == "table" and given.rules or {}, plan)
  return new("object", options, { name = name, plan = plan, rules = rules, unknown = given.unknown or "keep" })
end

--- The fields of another object, directly among those of the object that this stands in. They are read under the names
--- in `nested` too, as a map of their own; never written so.
---@param group moonpool.Shape an object
---@param options? { nested?: string|string[] }
---@return moonpool.Shape
function M.flatten(group, options)
  local target = fields.need("the group of shape.flatten", group)
  if target.kind ~= "object" then
    usage(("the group of shape.flatten is shape.%s; expected shape.object"):format(target.kind))
  end
  return fields.new_group(METATABLE, target, options)
end

--- One of several objects, told by a text in one of its fields. A variant is { "text", object }.
---@param tag string the field; the objects do not have it themselves
---@param variants table[]
---@param options? table
---@return moonpool.Shape
function M.tagged(tag, variants, options)
  local own = fields.variants(tag, variants)
  return new("tagged", options, own)
end

--- A shape that is made later: for shapes that contain themselves. It must become an object or a tagged union.
---@param get fun(): moonpool.Shape
---@param options? table
---@return moonpool.Shape
function M.lazy(get, options)
  if type(get) ~= "function" then
    usage(("the argument of shape.lazy is %s; expected a function that returns a shape"):format(fields.given(get)))
  end
  return new("lazy", options, { get = get })
end

-- ---- methods ----

---@class moonpool.shape.Options
---@field strict? boolean warnings are mistakes
---@field file? string for the error's text
---@field value? boolean a string is a value, no text of a document
---@field positions? table where the values of a decoded value stand, as the YAML reader tells
---@field max_nodes? integer values that a document may have; 1,000,000 if absent
---@field yaml? table options of the YAML reader

--- Reads a document: a text is YAML (hence JSON too), anything else is a decoded value. Raises one error of kind "yaml"
--- that has all mistakes in `errors`. The value has canonical names and defaults; what the shape does not know is
--- shared with the value that was given.
---@param document any
---@param options? moonpool.shape.Options
---@return any value
---@return moonpool.shape.Mistake[] warnings
function Shape:decode(document, options)
  return decode.decode(self_of(self, "decode"), document, options)
end

--- What is wrong with a document: a list that is empty when nothing is, and the warnings.
---@param document any
---@param options? moonpool.shape.Options
---@return moonpool.shape.Mistake[] mistakes
---@return moonpool.shape.Mistake[] warnings
---@return integer count of mistakes, also of those beyond the first 1,000, which the list has
function Shape:check(document, options)
  return decode.check(self_of(self, "check"), document, options)
end

--- The value as a document is to have it, for a jsonb column: canonical names, in the order of the shape. Raises the
--- same error as `decode` where it is not right.
---@param value any
---@return any
function Shape:to_json(value)
  return encode.plain(self_of(self, "to_json"), value)
end

--- The value as a text. Raises the same error as `decode` where it is not right.
---@param value any
---@param format? "yaml"|"json" "yaml" if absent
---@param options? table of mp.yaml.encode
---@return string
function Shape:encode(value, format, options)
  if format ~= nil and format ~= "yaml" and format ~= "json" then
    usage(("the format is %s; expected yaml or json"):format(fields.given(format)))
  end
  return encode.text(self_of(self, "encode"), value, format or "yaml", options)
end

--- JSON Schema, draft 2020-12: a value whose maps are in order; `shape.json` makes a text of it. It leaves out what
--- JSON Schema cannot say: rules, checks and conversions.
---@param options? { strict?: boolean } strict: no unknown fields, and advisory limits count
---@return table
function Shape:json_schema(options)
  return json_schema.make(self_of(self, "json_schema"), options)
end

--- Markdown that says what a document has to be.
---@return string
function Shape:describe()
  return describe.make(self_of(self, "describe"))
end

--- A value as JSON, indented: keys of ordered maps in their order, of others sorted.
---@param value any
---@return string
function M.json(value)
  return encode.json(value)
end

--- Whether a value is a shape.
---@param value any
---@return boolean
function M.is(value)
  return fields.record(value) ~= nil
end

return M
