--- Enums as a script uses them: labels, the spellings that are read as them, and ranks where the labels have an order.
---
---     local enum = require "moonpool.enum"
---     local status = enum.new { name = "status", labels = { "in_review", "verified" }, aliases = { ok = "verified" } }
---     status:parse("inReview") --> "in_review"
---
--- Nothing changes an enum after it was made. All errors are of kind "usage" and name the script's line.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local expression = require "moonpool.query.expression"
local names = require "moonpool.schema.names"
local case = require("moonpool.query.function").case

local usage, show, type_name = complain.usage, complain.show, complain.type_name

---@class moonpool.Enum<T>: { name: string, type?: string }
local Enum = {}

---@class moonpool.enum.Definition
---@field name? string for messages
---@field type? string the database's type, or nothing where a text column or a document holds the labels
---@field labels string[] in the order of the type; a schema's `enums` has them
---@field aliases? table<string, string> spelling = label. An alias that is a label retires it: it is read, not written
---@field ranks? table<string, integer> label = rank, a higher one for more; 0 is as much as nil. One label a rank

--- What is behind an enum.
---@class moonpool.enum.Record
---@field name string
---@field type? string
---@field labels string[] that are written
---@field places table<string, integer> label = its place in the type
---@field read table<string, string> spelling = label
---@field spellings string[] sorted
---@field ranks table<string, integer>|false
---@field by_rank table<integer, string>|false
---@field retired table<string, string[]> label = retired labels that are read as it

local RECORDS = setmetatable({}, { __mode = "k" }) ---@type table<moonpool.Enum, moonpool.enum.Record>

local M = {}

--- What a value is, with its article.
local function a_kind(value)
  return value == nil and "nil" or value == core.null and "mp.null" or "a " .. type_name(value)
end

local function is_nothing(value)
  return value == nil or value == core.null
end

local function record_of(self, method)
  local record = RECORDS[self]
  if not record then
    usage(("%s was called on %s; expected an enum"):format(method, a_kind(self)),
      ("write enum:%s(...), with a colon"):format(method))
  end
  return record
end

-- ---- spellings ----

local function to_snake(word)
  return (word:gsub("([%l%d])(%u)", "%1_%2"):lower())
end

local function to_camel(word)
  return (to_snake(word):gsub("(%w)_+(%w)", function(before, after) return before .. after:upper() end))
end

--- The spellings that follow from another, such as inReview and in_review. One that two labels claim is nobody's.
local function add_derived(read)
  local derived = {}
  for spelling, label in pairs(read) do
    if spelling:find("^%a[%w_]*$") then
      for _, word in ipairs { to_snake(spelling), to_camel(spelling) } do
        derived[word] = (derived[word] == nil or derived[word] == label) and label
      end
    end
  end
  for word, label in pairs(derived) do
    read[word] = read[word] or label or nil
  end
end

local function nearest_label(record, value)
  local nearest = core.nearest_name(value, record.spellings)
  return nearest and record.read[nearest]
end

local function raise_value(record, value, what)
  if type(value) ~= "string" then
    usage(("%s of %s is %s; expected one of its labels"):format(what, record.name, a_kind(value)),
      complain.hint(nil, record.labels, "its labels are"))
  end
  local nearest = nearest_label(record, value)
  usage(("%s has no label %s"):format(record.name, show(value)),
    nearest and ("did you mean %s?"):format(nearest) or complain.hint(nil, record.labels, "its labels are"))
end

local function parse(record, value, what)
  return type(value) == "string" and record.read[value] or raise_value(record, value, what)
end

--- The label that a spelling means. Raises an error that names the nearest label where there is none.
---@generic T
---@param self moonpool.Enum<T>
---@param value string a label, the same in camelCase or snake_case, or an alias
---@return T label
function Enum:parse(value)
  return parse(record_of(self, "parse"), value, "the value")
end

--- As `parse`, but nil for whatever is no spelling of a label.
---@generic T
---@param self moonpool.Enum<T>
---@param value any
---@return T? label
function Enum:find(value)
  local record = record_of(self, "find")
  return type(value) == "string" and record.read[value] or nil
end

--- The labels that are written, in the order of the type: a list of the caller's own.
---@generic T
---@param self moonpool.Enum<T>
---@return T[]
function Enum:labels()
  local labels = record_of(self, "labels").labels
  return table.move(labels, 1, #labels, 1, {})
end

--- The place of a label in the order of the type, from 1; a retired label has one of its own.
---@param value string any spelling
---@return integer
function Enum:index(value)
  local record = record_of(self, "index")
  return record.places[value] or record.places[parse(record, value, "the value")]
end

-- ---- ranks ----

local function ranked(self, method)
  local record = record_of(self, method)
  if not record.ranks then
    usage(("%s has no order, so it has no method %s"):format(record.name, method))
  end
  return record
end

local function rank_in(record, value, what)
  return is_nothing(value) and 0 or record.ranks[parse(record, value, what)]
end

--- How much a label is. Nil and mp.null are 0: no label is nothing.
---@param value string? any spelling
---@return integer
function Enum:rank(value)
  return rank_in(ranked(self, "rank"), value, "the value")
end

--- The label of a rank; nil for 0, unless a label has it. Nil and mp.null, such as the max() of no rows, are 0.
---@generic T
---@param self moonpool.Enum<T>
---@param rank integer?
---@return T? label
function Enum:of_rank(rank)
  local record = ranked(self, "of_rank")
  local whole = is_nothing(rank) and 0 or math.type(rank) and math.tointeger(rank)
  local label = record.by_rank[whole]
  if not label and whole ~= 0 then
    usage(("%s has no rank %s"):format(record.name, math.type(rank) and tostring(rank) or show(rank)),
      "its ranks are " .. table.concat(names.sorted(record.by_rank), ", "))
  end
  return label
end

--- The label of the highest rank among those given; nil where all are nil or mp.null.
---@generic T
---@param self moonpool.Enum<T>
---@param ... string? any spellings
---@return T? label
function Enum:max(...)
  local record = ranked(self, "max")
  local highest
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if not is_nothing(value) then
      local label = parse(record, value, ("argument %d of max"):format(i))
      if not highest or record.ranks[label] > record.ranks[highest] then
        highest = label
      end
    end
  end
  return highest
end

--- Is the first as much as the second, or more?
---@param value string? any spelling; nil and mp.null are less than any label above rank 0
---@param required string any spelling
---@return boolean
function Enum:at_least(value, required)
  local record = ranked(self, "at_least")
  local needed = record.ranks[parse(record, required, "what is required")]
  return rank_in(record, value, "the value") >= needed
end

--- The labels of that rank and of higher ones, the highest first, for a column's `in_`. Retired labels are among them,
--- since rows may have them.
---@generic T
---@param self moonpool.Enum<T>
---@param required string any spelling
---@return T[]
function Enum:at_or_above(required)
  local record = ranked(self, "at_or_above")
  local needed = record.ranks[parse(record, required, "what is required")]
  local ranks, labels = names.sorted(record.by_rank), {}
  for i = #ranks, 1, -1 do
    if ranks[i] >= needed then
      local label = record.by_rank[ranks[i]]
      labels[#labels + 1] = label
      table.move(record.retired[label] or {}, 1, #(record.retired[label] or {}), #labels + 1, labels)
    end
  end
  return labels
end

--- The label that has the rank which a label of another enum has there.
---@generic T
---@param self moonpool.Enum<T>
---@param other moonpool.Enum whose ranks are on the same scale
---@param value string? any spelling of a label of the other enum
---@return T? label
function Enum:from(other, value)
  ranked(self, "from")
  if not RECORDS[other] then
    usage(("the first argument of from is %s; expected an enum"):format(a_kind(other)))
  end
  return self:of_rank(rank_in(ranked(other, "rank"), value, "the value"))
end

--- The rank in SQL, where an enum's own order is that of its definition: a CASE, 0 for NULL. To order, to group and to
--- compare by it, keep it in a local: it has parameters, and two of them are two expressions.
---@param column moonpool.Expression
---@return moonpool.Expression
function Enum:rank_of(column)
  local record = ranked(self, "rank_of")
  if not expression.is(column) then
    usage(("the argument of rank_of is %s; expected a column or an expression"):format(a_kind(column)),
      not is_nothing(column) and ("write %s:rank(...) for a label"):format(record.name) or nil)
  end
  local ranks, result = names.sorted(record.by_rank), nil
  for i = #ranks, 1, -1 do
    local label = record.by_rank[ranks[i]]
    local retired = record.retired[label]
    local condition = retired and column:in_ { label, table.unpack(retired) } or column:eq(label)
    result = result and result:when(condition, ranks[i]) or case(condition, ranks[i])
  end
  return result:otherwise(0)
end

-- ---- definitions ----

local OPTIONS = { "name", "type", "labels", "aliases", "ranks" }

local function check_options(definition)
  if type(definition) ~= "table" then
    usage(("the definition of an enum is %s; expected a table"):format(a_kind(definition)))
  end
  local known = {}
  for _, option in ipairs(OPTIONS) do
    known[option] = true
  end
  for option in pairs(definition) do
    if not known[option] then
      usage(("there is no option %s of an enum"):format(show(option)), complain.hint(option, OPTIONS))
    end
  end
  if type(definition.name) ~= "string" or definition.name == "" then
    usage(("the name of the enum is %s; expected a name"):format(show(definition.name)))
  end
end

local function check_table(name, what, value, expected)
  if type(value) ~= "table" then
    usage(("%s of %s is %s; expected %s"):format(what, name, a_kind(value), expected))
  end
end

local function read_places(name, labels)
  check_table(name, "option labels", labels, "a list of strings")
  local places = {}
  for i, label in ipairs(labels) do
    if type(label) ~= "string" then
      usage(("label %d of %s is %s; expected a string"):format(i, name, a_kind(label)))
    elseif places[label] then
      usage(("%s has the label %s twice"):format(name, show(label)))
    end
    places[label] = i
  end
  if not labels[1] then
    usage(("%s has no labels"):format(name))
  end
  return places
end

local function read_aliases(record, aliases)
  local name = record.name
  check_table(name, "option aliases", aliases, "a table of spelling = label")
  for _, alias in ipairs(names.sorted(aliases)) do
    local label = aliases[alias]
    if type(alias) ~= "string" then
      usage(("an alias of %s is %s; expected a string"):format(name, a_kind(alias)))
    elseif not record.places[label] or aliases[label] then
      usage(("the alias %s of %s is for %s; expected a label that is written"):format(show(alias), name, show(label)))
    end
    record.read[alias] = label
    if record.places[alias] then
      record.retired[label] = record.retired[label] or {}
      table.insert(record.retired[label], alias)
    end
  end
end

local function read_ranks(record, ranks)
  local name, by_rank = record.name, {}
  check_table(name, "option ranks", ranks, "a table of label = rank")
  record.ranks, record.by_rank = {}, by_rank
  for _, label in ipairs(record.labels) do
    local rank = ranks[label]
    if math.type(rank) ~= "integer" or rank < 0 then
      usage(("the rank of %s in %s is %s; expected an integer from 0"):format(show(label), name,
        math.type(rank) and tostring(rank) or show(rank)))
    elseif by_rank[rank] then
      usage(("%s and %s of %s have the same rank"):format(show(by_rank[rank]), show(label), name))
    end
    record.ranks[label], by_rank[rank] = rank, label
  end
  for label in pairs(ranks) do
    if not record.ranks[label] then
      usage(("%s has a rank for %s, which is no label that is written"):format(name, show(label)))
    end
  end
end

local METATABLE = {
  __name = "moonpool.Enum",
  __index = function(self, key)
    if Enum[key] then
      return Enum[key]
    elseif key == "name" or key == "type" then
      return RECORDS[self][key]
    end
    usage(("an enum has no method %s"):format(show(key)), complain.hint(key, names.sorted(Enum)))
  end,
  __newindex = function(self) usage(("the enum %s cannot be changed"):format(RECORDS[self].name)) end,
  __tostring = function(self)
    return ("%s: %s"):format(RECORDS[self].name, table.concat(RECORDS[self].labels, ", "))
  end,
}

--- Makes an enum.
---@param definition moonpool.enum.Definition
---@return moonpool.Enum
function M.new(definition)
  check_options(definition)
  local places = read_places(definition.name, definition.labels)
  local record = {
    name = definition.name, type = definition.type, labels = {}, places = places, read = {}, retired = {},
    ranks = false, by_rank = false,
  }
  for _, label in ipairs(definition.labels) do
    record.read[label] = label
  end
  read_aliases(record, definition.aliases or {})
  for _, label in ipairs(definition.labels) do
    if record.read[label] == label then
      record.labels[#record.labels + 1] = label
    end
  end
  add_derived(record.read)
  record.spellings = names.sorted(record.read)
  if definition.ranks ~= nil then
    read_ranks(record, definition.ranks)
  end
  local enum = setmetatable({}, METATABLE)
  RECORDS[enum] = record
  return enum
end

---@param value any
---@return boolean
function M.is(value)
  return RECORDS[value] ~= nil
end

--- Enums by name, in a table that cannot be changed, and in which a name that is not there is an error. `pairs` goes
--- through it in the order of the names.
---@param definitions table<string, moonpool.enum.Definition> name = the rest of its definition
---@return table<string, moonpool.Enum>
function M.set(definitions)
  check_table("enums", "the set", definitions, "a table of name = definition")
  local enums = {}
  for name, definition in pairs(definitions) do
    check_table(name, "the definition", definition, "a table")
    local copy = { name = name }
    for option, value in pairs(definition) do
      copy[option] = value
    end
    enums[name] = M.new(copy)
  end
  local order = names.sorted(enums)
  return setmetatable({}, {
    __index = function(_, name)
      return enums[name] or usage(("there is no enum %s"):format(show(name)), complain.hint(name, order))
    end,
    __newindex = function() usage("a set of enums cannot be changed") end,
    __pairs = function()
      local at = 0
      return function()
        at = at + 1
        return order[at], enums[order[at]]
      end
    end,
  })
end

return M
