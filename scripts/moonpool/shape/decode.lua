--- From a document to a value: names become canonical, defaults are filled in, and every mistake is found on one way
--- through.

local complain = require "moonpool.query.complain"
local core = require "moonpool.core"
local fields = require "moonpool.shape.fields"
local mistakes = require "moonpool.shape.mistakes"
local object = require "moonpool.shape.object"
local scalars = require "moonpool.shape.scalars"
local values = require "moonpool.shape.values"

local usage, show = complain.usage, complain.show

local M = {}

local readers = setmetatable({}, { __index = scalars.readers })

local function refuse(walk, record, value, position, hint)
  mistakes.add(walk, position, ("expected %s, but it is %s"):format(M.expected(record), values.describe(value)), hint)
end

--- What a shape wants, in words.
---@param record moonpool.shape.Record
---@return string
function M.expected(record)
  if record.kind == "list" then
    return "a list"
  elseif record.kind == "map" or record.kind == "object" or record.kind == "tagged" then
    return "a map"
  elseif record.kind == "lazy" then
    return M.expected(M.resolve(record))
  elseif record.kind ~= "any_of" or record.expected then
    return scalars.expected(record)
  end
  local words = {}
  for i, alternative in ipairs(record.alternatives) do
    words[i] = M.expected(alternative)
  end
  return table.concat(words, ", or ")
end

--- The shape that a lazy one has become.
---@param record moonpool.shape.Record
---@return moonpool.shape.Record
function M.resolve(record)
  if not record.resolved then
    local shape = record.get()
    local target = fields.record(shape)
    if not target or target.kind ~= "object" and target.kind ~= "tagged" then
      usage(("the function of shape.lazy returned %s; expected shape.object or shape.tagged")
        :format(fields.given(shape)))
    end
    record.resolved = target
  end
  return record.resolved
end

--- Reads a value of a shape. Nil where it is wrong.
---@param walk moonpool.shape.Walk
---@param record moonpool.shape.Record
---@param value any
---@param position? integer
---@return any
function M.read(walk, record, value, position)
  if not mistakes.count_value(walk, position) then
    return nil
  elseif values.is_null(value) and record.kind ~= "any" then
    if record.nullable then
      return core.null
    end
    mistakes.add(walk, position, ("expected %s, but %s"):format(M.expected(record), mistakes.what_is_null(walk)),
      (mistakes.hint_of_null(walk, position)))
    return nil
  end
  local kind = type(value)
  if record.lenient then
    value = scalars.lenient(record, value)
  end
  if record.convert and (kind == "string" or kind == "number" or kind == "boolean") then
    value = record.convert(value)
  end
  local before = walk.log.count
  local result = readers[record.kind](walk, record, value, position)
  if record.check and walk.log.count == before then
    local message, hint = record.check(result)
    if message then
      (record.advisory and mistakes.warn or mistakes.add)(walk, position, message, hint)
    end
  end
  return result
end

local read = M.read

-- ---- containers ----

local function check_count(walk, record, length, position)
  if record.min_items and length < record.min_items then
    mistakes.add(walk, position, ("the list has %d items; expected %d or more"):format(length, record.min_items))
  elseif record.max_items and length > record.max_items then
    mistakes.add(walk, position, ("the list has %d items; expected %d or fewer"):format(length, record.max_items))
  end
end

local function check_unique(walk, list, item, i, seen, position)
  local key = type(item) == "userdata" and tostring(item) or item
  if seen[key] then
    mistakes.add(walk, mistakes.position(walk, list, i, position),
      ("%s stands at %d already"):format(values.describe(item), seen[key]))
  end
  seen[key] = seen[key] or i
end

local function read_items(walk, record, list, length, position, places)
  local result, seen = {}, {}
  walk.depth = walk.depth + 1
  for i = 1, length do
    walk.path[walk.depth] = i
    local place = mistakes.position(walk, list, i, position)
    local item = read(walk, record.item, rawget(list, i), place)
    if record.unique and item ~= nil then
      check_unique(walk, list, item, i, seen, position)
    end
    result[i] = item == nil and core.null or item
    places[i] = place
  end
  walk.depth = walk.depth - 1
  return core.array(result)
end

local LONGEST_ITEM = 40 -- bytes of an item that a hint shows

--- How a list is written, for who wrote something else. A text with commas may have been meant for several items.
local function hint_of_list(value)
  if type(value) == "table" then
    return 'each item of a list begins with "- "'
  elseif math.type(value) or type(value) == "string" and #value <= LONGEST_ITEM and utf8.len(value) then
    local item = core.yaml.encode(core.array { value }):match "^%- ([^%[%]{}\n]+)\n$"
    return item and ("a list is written [%s]"):format(item) or nil
  end
end

function readers.list(walk, record, value, position)
  local kind = values.kind(value)
  if kind ~= "list" and kind ~= "empty" then
    refuse(walk, record, value, position, hint_of_list(value))
    return nil
  end
  local length = values.length(value)
  if not length then
    mistakes.add(walk, position, "the table is no list: it has holes or other keys than 1, 2, 3, ...")
    return nil
  elseif not mistakes.enter(walk, value, position) then
    return nil
  end
  check_count(walk, record, length, position)
  local places = {}
  local result = read_items(walk, record, value, length, position, places)
  mistakes.keep_places(walk, result, places)
  mistakes.leave(walk, value)
  return result
end

--- The key as it is to be, or nil with a mistake.
local function read_key(walk, record, key, position)
  if type(key) ~= "string" then
    mistakes.add(walk, position, ("the key is %s; expected a text"):format(values.describe(key)),
      type(key) == "number" and ('write it in quotes: "%s"'):format(key) or nil)
    return nil
  elseif not record.keys then
    return key
  end
  local result, message = record.keys(key)
  if type(result) ~= "string" then
    mistakes.add(walk, position, message or ("%s is no key that is allowed"):format(show(key)))
    return nil
  end
  return result
end

local function read_pairs(walk, record, map, position, places, names)
  local list, given = {}, {}
  walk.depth = walk.depth + 1
  for _, key in ipairs(values.keys(map)) do
    walk.path[walk.depth] = key
    local key_place = mistakes.key_position(walk, map, key, position)
    local place = mistakes.position(walk, map, key, position)
    local name = read_key(walk, record, key, key_place)
    if name and given[name] then
      mistakes.add(walk, key_place, ("%s and %s%s are the same key"):format(show(key), show(given[name]),
        mistakes.in_line(mistakes.key_position(walk, map, given[name]))))
    end
    local value = read(walk, record.value, rawget(map, key), place)
    if name and not given[name] then
      given[name], places[name], names[name] = key, place, key ~= name and { key } or nil
      list[#list + 1] = { name, value == nil and core.null or value }
    end
  end
  walk.depth = walk.depth - 1
  return values.map(list)
end

function readers.map(walk, record, value, position)
  local kind = values.kind(value)
  if kind ~= "map" and kind ~= "empty" then
    refuse(walk, record, value, position)
    return nil
  elseif not mistakes.enter(walk, value, position) then
    return nil
  end
  local places, names = {}, {}
  local result = read_pairs(walk, record, value, position, places, names)
  mistakes.keep_places(walk, result, places, names)
  mistakes.leave(walk, value)
  return result
end

function readers.object(walk, record, value, position)
  return object.read(walk, record, value, position, M.read)
end

function readers.tagged(walk, record, value, position)
  local kind = values.kind(value)
  if kind ~= "map" and kind ~= "empty" then
    refuse(walk, record, value, position)
    return nil
  end
  local label = rawget(value, record.tag)
  local choices = "expected one of " .. scalars.labels_text(record.labels)
  if values.is_null(label) then
    mistakes.add(walk, mistakes.position(walk, value, record.tag, position),
      ("%s is missing; %s"):format(show(record.tag), choices),
      mistakes.hint_of_near(walk, value, record.tag), { record.tag })
    return nil
  elseif not record.places[label] then
    local nearest = type(label) == "string" and label ~= "" and core.nearest_name(label, record.labels)
    mistakes.add(walk, mistakes.position(walk, value, record.tag, position),
      ("%s; but it is %s"):format(choices, values.describe(label)),
      nearest and ("did you mean %s?"):format(nearest) or nil, { record.tag })
    if nearest then
      object.read(walk, record.variants[record.places[nearest]], value, position, M.read, record)
    end
    return nil
  end
  return object.read(walk, record.variants[record.places[label]], value, position, M.read, record)
end

function readers.lazy(walk, record, value, position)
  local target = M.resolve(record)
  return readers[target.kind](walk, target, value, position)
end

-- ---- alternatives ----

local KINDS = {
  string = { string = true }, enum = { string = true }, uuid = { string = true },
  integer = { integer = true }, number = { integer = true, float = true, numeric = true },
  boolean = { boolean = true }, timestamp = { string = true, timestamp = true },
  list = { list = true, empty = true }, map = { map = true, empty = true }, object = { map = true, empty = true },
  tagged = { map = true, empty = true }, lazy = { map = true, empty = true },
}

local function attempt(walk, record, value, position)
  local log, depth = walk.log, walk.depth
  walk.log = mistakes.new_log()
  local result = read(walk, record, value, position)
  local own = walk.log
  walk.log, walk.depth = log, depth
  return result, own
end

--- The mistakes that are worth telling: those of the only alternative for such a kind of value.
local function tell(walk, record, value, position, logs)
  local kind, fitting = values.kind(value), {}
  for i, alternative in ipairs(record.alternatives) do
    if KINDS[alternative.kind] and KINDS[alternative.kind][kind] then
      fitting[#fitting + 1] = logs[i]
    end
  end
  if #fitting == 1 then
    mistakes.merge(walk, fitting[1])
  else
    refuse(walk, record, value, position)
  end
end

function readers.any_of(walk, record, value, position)
  local logs = {}
  for i, alternative in ipairs(record.alternatives) do
    local result, log = attempt(walk, alternative, value, position)
    if log.count == 0 then
      mistakes.merge(walk, log)
      return result
    end
    logs[i] = log
  end
  tell(walk, record, value, position, logs)
end

-- ---- documents ----

local OPTIONS = { "strict", "file", "value", "positions", "max_nodes", "yaml" }

local function check_options(options)
  if type(options) ~= "table" then
    usage(("the options are %s; expected a table"):format(fields.given(options)))
  end
  for _, name in ipairs(values.keys(options)) do
    local known = false
    for _, option in ipairs(OPTIONS) do
      known = known or option == name
    end
    if not known then
      usage(("there is no option %s"):format(show(name)), complain.hint(name, OPTIONS, "the options are"))
    end
  end
end

--- Walks through a decoded value.
---@param record moonpool.shape.Record
---@param value any
---@param options table
---@return any result
---@return moonpool.shape.Log
function M.walk(record, value, options)
  local walk = mistakes.new_walk(options)
  local positions = options.positions
  local result = read(walk, record, value, positions and positions.root)
  mistakes.sort(walk.log)
  return result, walk.log
end

--- The text of a document as a value, or the error; and where the values stand.
local function parse(text, options)
  local positions = {}
  local given = { positions = positions }
  for name, value in pairs(options.yaml or {}) do
    given[name] = value
  end
  local ok, value = pcall(core.yaml.decode, text, given)
  return ok, value, positions
end

--- As one log, whether the text or what it says is wrong: the value, the log, the text whose lines may be shown, and
--- the YAML reader's own error.
local function examine(record, document, options)
  check_options(options)
  if type(document) ~= "string" or options.value or options.positions then
    local result, log = M.walk(record, document, options)
    return result, log, options.positions and options.positions.lines
  end
  local ok, value, positions = parse(document, options)
  if not ok and not (core.is_error(value) and value.kind == "yaml") then
    error(value, 0)
  elseif not ok then
    local log = mistakes.new_log()
    log.count, log.errors[1] = 1, { path = value.path or "", line = value.line, column = value.column,
      message = value.message, hint = value.hint or value.detail }
    return nil, log, document, value
  end
  local result, log = M.walk(record, value, { strict = options.strict, max_nodes = options.max_nodes,
    positions = positions })
  return result, log, positions.lines
end

---@param record moonpool.shape.Record
---@param document any
---@param options? table
---@return any value
---@return moonpool.shape.Mistake[] warnings
function M.decode(record, document, options)
  options = options or {}
  local result, log, text, failure = examine(record, document, options)
  if failure then
    failure.errors, failure.warnings, failure.file = log.errors, log.warnings, options.file
    error(failure, 0)
  elseif log.count > 0 then
    error(mistakes.error(record.name or "such document", log, options.file, text))
  end
  return result, log.warnings
end

---@param record moonpool.shape.Record
---@param document any
---@param options? table
---@return moonpool.shape.Mistake[] mistakes
---@return moonpool.shape.Mistake[] warnings
---@return integer count of mistakes, also of those that are not kept
function M.check(record, document, options)
  local _, log = examine(record, document, options or {})
  return log.errors, log.warnings, log.count
end

--- Refuses a default that its own shape refuses.
---@param record moonpool.shape.Record
---@param default any
---@return any default as it is read
function M.check_default(record, default)
  if default == nil or type(default) == "function" or record.kind == "lazy" then
    return default
  end
  local result, log = M.walk(record, default, {})
  if log.count > 0 then
    local first = log.errors[1]
    usage(("the default of shape.%s is wrong: %s"):format(record.kind, mistakes.line(first)), first.hint)
  end
  return result
end

return M
