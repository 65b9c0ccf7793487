--- Shapes as they are written down: what options there are, and the fields of an object with all their names. A shape
--- is checked here, when it is made, with errors that name the script's line.

local complain = require "moonpool.query.complain"
local values = require "moonpool.shape.values"

local usage, show = complain.usage, complain.show

local M = {}

---@class moonpool.shape.Field what every shape may say of itself as a field
---@field required? boolean a value must be there
---@field default? any filled in where nothing is; a function makes one
---@field alias? string|string[] other names that are read
---@field nullable? boolean null is a value of its own, and stays; else null is as if nothing were there
---@field write_null? boolean null is written where nothing is
---@field description? string for describe() and editors

--- What is behind a shape. `kind` is the constructor's name; the rest are its options, checked.
---@class moonpool.shape.Record: moonpool.shape.Field
---@field kind string

local RECORDS = setmetatable({}, { __mode = "k" }) ---@type table<moonpool.Shape, moonpool.shape.Record>

--- The record of a shape; nil for anything else.
---@param shape any
---@return moonpool.shape.Record?
function M.record(shape)
  return type(shape) == "table" and RECORDS[shape] or nil
end

--- What was given, as a message says it.
function M.given(value)
  return value == nil and "nil" or M.record(value) and "a shape" or values.describe(value)
end

-- ---- options ----

local function is_text(value) return type(value) == "string" end
local function is_flag(value) return type(value) == "boolean" end
local function is_function(value) return type(value) == "function" end
local function is_count(value) return math.type(value) == "integer" and value >= 0 end
local function is_integer(value) return math.type(value) == "integer" end
local function is_finite(value) return type(value) == "number" and value - value == 0 end
local function is_anything() return true end

local function is_names(value)
  if type(value) ~= "table" then
    return is_text(value) and value ~= ""
  end
  for _, name in ipairs(value) do
    if not is_text(name) or name == "" then
      return false
    end
  end
  return #value > 0
end

local function is_pattern(value)
  return is_text(value) and (pcall(string.find, "", value))
end

local TEXT, FLAG = { is_text, "a text" }, { is_flag, "true or false" }
local COUNT = { is_count, "an integer from 0" }
local INTEGER, NUMBER = { is_integer, "an integer" }, { is_finite, "a number" }
local FUNCTION = { is_function, "a function" }
local NAMES = { is_names, "a name or a list of names" }

local FIELD_OPTIONS = {
  required = FLAG, default = { is_anything }, alias = NAMES, nullable = FLAG, write_null = FLAG, description = TEXT,
}

--- For scalars besides: `convert(value)` gives what is read in its place; `check(value)` a message and a hint, or nil;
--- `advisory`: what breaks the range, the pattern, the list or the check is a warning, and an error in strict mode;
--- `lenient`: numbers and booleans are read from texts, texts from numbers.
local SCALAR_OPTIONS = { convert = FUNCTION, check = FUNCTION, advisory = FLAG, lenient = FLAG }

local OWN_OPTIONS = {
  string = {
    min_length = COUNT, max_length = COUNT, pattern = { is_pattern, "a pattern of Lua" }, regex = TEXT, expected = TEXT,
    blank = FLAG,
  },
  integer = { min = INTEGER, max = INTEGER },
  number = { min = NUMBER, max = NUMBER },
  boolean = {}, uuid = {}, timestamp = {}, enum = {}, any = {},
  list = { min_items = COUNT, max_items = COUNT, unique = FLAG },
  map = { keys = FUNCTION },
  any_of = { expected = TEXT },
  tagged = { name = TEXT },
  lazy = {},
  object = {
    unknown = { function(value) return value == "keep" or value == "refuse" or value == "ignore" end,
      '"keep", "refuse" or "ignore"' },
    rules = { function(value) return type(value) == "table" end, "a list of rules" },
    snake_case = FLAG,
    label = FUNCTION,
  },
}

local SCALARS = {
  string = true, integer = true, number = true, boolean = true, uuid = true, timestamp = true, enum = true,
}

local function options_of(kind)
  local known = {}
  for _, options in ipairs { FIELD_OPTIONS, SCALARS[kind] and SCALAR_OPTIONS or {}, OWN_OPTIONS[kind] } do
    for name, rule in pairs(options) do
      known[name] = rule
    end
  end
  return known
end

local function copy_options(what, known, given, into)
  if type(given) ~= "table" or M.record(given) then
    usage(("the options of %s are %s; expected a table"):format(what, M.given(given)))
  end
  for _, name in ipairs(values.keys(given)) do
    local rule = known[name]
    if not rule then
      usage(("there is no option %s of %s"):format(show(name), what),
        complain.hint(name, values.keys(known), "its options are"))
    elseif not rule[1](given[name]) then
      usage(("option %s of %s is %s; expected %s"):format(name, what, M.given(given[name]), rule[2]))
    end
    into[name] = given[name]
  end
  if type(into.alias) == "string" then
    into.alias = { into.alias }
  end
  return into
end

local function check_range(what, record, low, high)
  if record[low] and record[high] and record[low] > record[high] then
    usage(("options %s and %s of %s leave nothing: %s is more than %s"):format(low, high, what, record[low],
      record[high]))
  end
end

--- Makes a shape.
---@param metatable table of shapes
---@param kind string
---@param options? table as written; nil as if it were empty
---@param own? table what the constructor found out
---@return moonpool.Shape
function M.new(metatable, kind, options, own)
  local what = "shape." .. kind
  local record = copy_options(what, options_of(kind), options or {}, {})
  record.kind = kind
  for name, value in pairs(own or {}) do
    record[name] = value
  end
  check_range(what, record, "min", "max")
  check_range(what, record, "min_length", "max_length")
  check_range(what, record, "min_items", "max_items")
  if record.required and record.default ~= nil then
    usage(("%s is required and has a default; expected one of the two"):format(what))
  end
  local shape = setmetatable({}, metatable)
  RECORDS[shape] = record
  return shape
end

---@param record moonpool.shape.Record
---@return boolean
function M.is_scalar(record)
  return SCALARS[record.kind] or false
end

--- The record of what must be a shape.
---@param what string
---@param shape any
---@return moonpool.shape.Record
function M.need(what, shape)
  local record = M.record(shape)
  if not record then
    usage(("%s is %s; expected a shape"):format(what, M.given(shape)),
      type(shape) == "function" and "call it: shape.string {}" or nil)
  elseif record.kind == "flatten" then
    usage(("%s is a flattened group; expected a shape"):format(what), "shape.flatten stands among an object's fields")
  end
  return record
end

-- ---- fields of objects ----

---@class moonpool.shape.PlannedField
---@field name string
---@field record moonpool.shape.Record
---@field options moonpool.shape.Field
---@field names string[] the name, then its aliases
---@field group? moonpool.shape.Group

---@class moonpool.shape.Group
---@field nested string[] names under which its fields may stand as a map of their own
---@field known table<string, moonpool.shape.PlannedField>
---@field names string[]
---@field fields moonpool.shape.PlannedField[]

--- yAxisTitle -> y_axis_title
local function to_snake(name)
  return (name:gsub("([%l%d])(%u)", "%1_%2"):lower())
end

local function names_of(name, options, snake_case)
  local names = { name }
  local function add(other)
    for _, known in ipairs(names) do
      if known == other then
        return
      end
    end
    names[#names + 1] = other
  end
  for _, alias in ipairs(options.alias or {}) do
    add(alias)
  end
  if snake_case then
    add(to_snake(name))
  end
  return names
end

local function field_options(what, record, given)
  local options = {}
  for name in pairs(FIELD_OPTIONS) do
    options[name] = record[name]
  end
  copy_options(what, FIELD_OPTIONS, given or {}, options)
  if options.required and options.default ~= nil then
    usage(("%s is required and has a default; expected one of the two"):format(what))
  end
  return options
end

local function claim(plan, object_name, name, entry)
  if plan.known[name] or plan.groups_by_name[name] then
    usage(("object %s has two fields that read %s"):format(object_name, show(name)))
  end
  plan.known[name] = entry
end

local function add_field(plan, object_name, place, pair, snake_case)
  local name, shape = pair[1], pair[2]
  if type(name) ~= "string" or name == "" then
    usage(("the name of field %d of object %s is %s; expected a text"):format(place, object_name, M.given(name)),
      'a field is written { "name", shape.string {} }')
  end
  local what = ("field %s of object %s"):format(name, object_name)
  local record = M.need(what, shape)
  local options = field_options(what, record, pair[3])
  local entry = { name = name, record = record, shape = shape, options = options,
    names = names_of(name, options, snake_case) }
  for _, other in ipairs(entry.names) do
    claim(plan, object_name, other, entry)
  end
  plan.fields[#plan.fields + 1] = entry
end

local function add_group(plan, object_name, flat)
  local group = { nested = flat.nested, known = {}, names = {}, fields = flat.target.plan.fields,
    name = flat.target.name }
  for _, field in ipairs(flat.target.plan.fields) do
    local entry = {}
    for key, value in pairs(field) do
      entry[key] = value
    end
    entry.group = entry.group or group
    for _, name in ipairs(entry.names) do
      claim(plan, object_name, name, entry)
      group.known[name] = entry
      group.names[#group.names + 1] = name
    end
    plan.fields[#plan.fields + 1] = entry
  end
  for _, nested in ipairs(flat.nested) do
    if plan.known[nested] or plan.groups_by_name[nested] then
      usage(("object %s has two fields that read %s"):format(object_name, show(nested)))
    end
    plan.groups_by_name[nested] = group
  end
  plan.groups[#plan.groups + 1] = group
  for name, inner in pairs(flat.target.plan.groups_by_name) do
    plan.groups_by_name[name] = inner
  end
  table.move(flat.target.plan.groups, 1, #flat.target.plan.groups, #plan.groups + 1, plan.groups)
end

--- What an object's fields are, flattened groups in their place.
---@param object_name string
---@param list any as written
---@param snake_case? boolean
---@return table plan
function M.plan(object_name, list, snake_case)
  if type(list) ~= "table" or M.record(list) or not values.length(list) then
    usage(("the fields of object %s are %s; expected a list"):format(object_name, M.given(list)),
      'a field is written { "name", shape.string {} }')
  end
  local plan = { fields = {}, known = {}, groups = {}, groups_by_name = {} }
  for place, item in ipairs(list) do
    local record = M.record(item)
    if record and record.kind == "flatten" then
      add_group(plan, object_name, record)
    elseif record or type(item) ~= "table" then
      usage(("field %d of object %s is %s; expected { name, shape }"):format(place, object_name, M.given(item)))
    else
      add_field(plan, object_name, place, item, snake_case)
    end
  end
  plan.names = values.keys(plan.known)
  for name in pairs(plan.groups_by_name) do
    plan.names[#plan.names + 1] = name
  end
  table.sort(plan.names)
  return plan
end

--- The rules of an object, each as { check = function, needs = names or nil }.
---@param object_name string
---@param list? any[]
---@param plan table
---@return table[]
function M.rules(object_name, list, plan)
  local rules = {}
  for place, rule in ipairs(list or {}) do
    local check = type(rule) == "table" and rule.check or rule
    if type(check) ~= "function" then
      usage(("rule %d of object %s is %s; expected a function, or { needs = { fields }, check = function }")
        :format(place, object_name, M.given(rule)))
    end
    local needs = type(rule) == "table" and rule.needs or nil
    for _, name in ipairs(needs or {}) do
      if not plan.known[name] or plan.known[name].name ~= name then
        usage(("rule %d of object %s needs %s, which is no field of it"):format(place, object_name, show(name)),
          complain.hint(name, plan.names))
      end
    end
    rules[place] = { check = check, needs = needs }
  end
  return rules
end

--- A name for an object: it becomes a part of JSON Schema's references.
---@param what string
---@param name any
---@return string
function M.check_name(what, name)
  if type(name) ~= "string" or not name:find("^%a[%w_]*$") then
    usage(("the name of %s is %s; expected letters, digits and _"):format(what,
      type(name) == "string" and show(name) or M.given(name)))
  end
  return name
end

--- A group of fields that is flattened.
---@param metatable table
---@param target moonpool.shape.Record an object
---@param options? table
---@return moonpool.Shape
function M.new_group(metatable, target, options)
  local given = copy_options("shape.flatten", { nested = NAMES }, options or {}, {})
  local nested = given.nested or {}
  local shape = setmetatable({}, metatable)
  RECORDS[shape] = { kind = "flatten", target = target, nested = type(nested) == "string" and { nested } or nested }
  return shape
end

--- What a tagged union is made of.
---@param tag any
---@param list any
---@return { tag: string, labels: string[], places: table<string, integer>, variants: moonpool.shape.Record[] }
function M.variants(tag, list)
  if type(tag) ~= "string" or tag == "" then
    usage(("the tag of shape.tagged is %s; expected the name of a field"):format(M.given(tag)))
  elseif type(list) ~= "table" or M.record(list) or not values.length(list) or #list == 0 then
    usage(("the variants of shape.tagged are %s; expected a list of { text, object }"):format(M.given(list)))
  end
  local own = { tag = tag, labels = {}, places = {}, variants = {} }
  for place, pair in ipairs(list) do
    local label = type(pair) == "table" and pair[1]
    local record = type(pair) == "table" and M.record(pair[2])
    if type(label) ~= "string" or not record or record.kind ~= "object" then
      usage(("variant %d of shape.tagged is no pair of a text and an object"):format(place),
        'a variant is written { "text", shape.object("Name", { ... }) }')
    elseif own.places[label] then
      usage(("shape.tagged has the variant %s twice"):format(show(label)))
    elseif record.plan.known[tag] or record.plan.groups_by_name[tag] then
      usage(("object %s has the field %s itself; shape.tagged adds it"):format(record.name, show(tag)))
    end
    own.labels[place], own.places[label], own.variants[place] = label, place, record
  end
  return own
end

return M
