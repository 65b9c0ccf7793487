--- Reading of scalars: texts, numbers, booleans, uuids, moments, labels, and whatever JSON can hold.

local complain = require "moonpool.query.complain"
local core = require "moonpool.core"
local mistakes = require "moonpool.shape.mistakes"
local values = require "moonpool.shape.values"

local show = complain.show

---@alias moonpool.shape.Reader fun(walk: moonpool.shape.Walk, record: moonpool.shape.Record, value: any, at?: integer)
---@type table<string, moonpool.shape.Reader>
local readers = {}

local EXPECTED = {
  string = "a text", integer = "an integer", number = "a number", boolean = "true or false", uuid = "a uuid",
  timestamp = "a moment, such as 2026-01-31T12:00:00Z", any = "a value",
}

local MOST_LABELS = 12

local function labels_text(labels)
  local shown = {}
  for i = 1, math.min(#labels, MOST_LABELS) do
    shown[i] = labels[i]:find "^[%w_-]+$" and labels[i] or show(labels[i])
  end
  return table.concat(shown, ", ") .. (#labels > MOST_LABELS and (" and %d more"):format(#labels - MOST_LABELS) or "")
end

--- What a shape wants, in words.
---@param record moonpool.shape.Record
---@return string
local function expected(record)
  if record.expected then
    return record.expected
  elseif record.kind == "enum" then
    return record.labels[2] and "one of " .. labels_text(record.labels) or show(record.labels[1])
  end
  return EXPECTED[record.kind]
end

--- What to do about a value of another kind, where it is clear.
local function hint_of(record, value)
  local kind = values.kind(value)
  local is_text = record.kind == "string" or record.kind == "enum" or record.kind == "uuid"
  if is_text and (kind == "integer" or kind == "float" or kind == "boolean" or kind == "numeric" or kind == "date"
    or kind == "timestamp") then
    return ('write it in quotes: "%s"'):format(tostring(value))
  elseif kind ~= "string" then
    return nil
  elseif (record.kind == "integer" or record.kind == "number") and tonumber(value) then
    return "write it without quotes"
  elseif record.kind == "boolean" and value:lower():find("^[yntfo][rauefnos]?[elf]?s?e?$") then
    return "write true or false, without quotes"
  end
end

local function refuse(walk, record, value, position)
  mistakes.add(walk, position, ("expected %s, but it is %s"):format(expected(record), values.describe(value)),
    hint_of(record, value))
end

--- Says what is wrong with a value of the right kind.
local function complain_of(walk, record, position, message, hint)
  local say = record.advisory and mistakes.warn or mistakes.add
  say(walk, position, message, hint)
end

--- A number for a text and a text for a number, where that is what the shape reads too.
---@param record moonpool.shape.Record
---@param value any
---@return any
local function lenient(record, value)
  local is_text = record.kind == "string" or record.kind == "enum"
  if is_text and type(value) == "number" then
    return tostring(math.tointeger(value) or value)
  elseif is_text or type(value) ~= "string" then
    return value
  elseif record.kind == "boolean" then
    return value == "true" or value ~= "false" and value
  end
  local number = value:find("^-?[%d.]+[eE]?[+-]?%d*$") and tonumber(value)
  return number or value
end

-- ---- texts ----

--- Whether a text can be stored at all.
local function check_text(walk, value, position)
  if not utf8.len(value) then
    mistakes.add(walk, position, "the text is not valid UTF-8")
  elseif value:find("\0", 1, true) then
    mistakes.add(walk, position, "the text has a NUL character, which JSON in the database cannot hold")
  end
end

local function check_length(walk, record, value, position)
  local length = (record.min_length or record.max_length) and utf8.len(value)
  if not length then
    return
  elseif record.min_length and length < record.min_length then
    complain_of(walk, record, position, ("the text has %d characters; expected %d or more"):format(length,
      record.min_length))
  elseif record.max_length and length > record.max_length then
    complain_of(walk, record, position, ("the text has %d characters; expected %d or fewer"):format(length,
      record.max_length))
  end
end

function readers.string(walk, record, value, position)
  if type(value) ~= "string" then
    refuse(walk, record, value, position)
    return nil
  end
  check_text(walk, value, position)
  check_length(walk, record, value, position)
  if record.blank == false and not value:find("%S") then
    complain_of(walk, record, position, "the text is blank")
  elseif record.pattern and not value:find(record.pattern) then
    complain_of(walk, record, position, record.expected and
      ("%s is not %s"):format(show(value), record.expected) or
      ("%s does not match %s"):format(show(value), show(record.pattern)))
  end
  return value
end

function readers.enum(walk, record, value, position)
  if type(value) ~= "string" then
    refuse(walk, record, value, position)
    return nil
  elseif record.places[value] then
    return value
  end
  check_text(walk, value, position)
  local nearest = value ~= "" and core.nearest_name(value, record.labels)
  complain_of(walk, record, position, ("%s is not %s"):format(show(value), expected(record)),
    nearest and ("did you mean %s?"):format(nearest) or nil)
  return value
end

local UUID = "^" .. ("%x"):rep(8) .. ("%-" .. ("%x"):rep(4)):rep(3) .. "%-" .. ("%x"):rep(12) .. "$"

function readers.uuid(walk, record, value, position)
  if type(value) ~= "string" then
    refuse(walk, record, value, position)
    return nil
  elseif not value:find(UUID) then
    complain_of(walk, record, position, ("%s is no uuid"):format(show(value)),
      "a uuid is 32 hexadecimal digits in groups of 8-4-4-4-12")
    return value
  end
  return value:lower()
end

-- ---- numbers ----

local function check_range(walk, record, value, position)
  if record.min and value < record.min then
    complain_of(walk, record, position, ("%s is too small; expected %s or more"):format(value, record.min))
  elseif record.max and value > record.max then
    complain_of(walk, record, position, ("%s is too large; expected %s or less"):format(value, record.max))
  end
  return value
end

function readers.integer(walk, record, value, position)
  if math.type(value) == "integer" then
    return check_range(walk, record, value, position)
  end
  local whole = math.type(value) == "float" and math.tointeger(value)
  if whole then
    return check_range(walk, record, whole, position)
  elseif core.numeric.is(value) and value:round(0) == value then
    mistakes.add(walk, position, ("%s is an integer of more than 64 bits"):format(values.describe(value)))
  else
    refuse(walk, record, value, position)
  end
end

function readers.number(walk, record, value, position)
  local number = core.numeric.is(value) and value:tonumber() or value
  if type(number) ~= "number" then
    refuse(walk, record, value, position)
  elseif number - number ~= 0 then
    mistakes.add(walk, position, ("%s is not a finite number"):format(tostring(value)))
  else
    return check_range(walk, record, number, position)
  end
end

function readers.boolean(walk, record, value, position)
  if type(value) ~= "boolean" then
    refuse(walk, record, value, position)
    return nil
  end
  return value
end

-- ---- moments ----

function readers.timestamp(walk, record, value, position)
  local moment = value
  if type(value) == "string" then
    local ok, parsed = pcall(core.timestamp, value)
    moment = ok and parsed or value
  end
  if core.timestamp.is(moment) and moment:has_zone() then
    return walk.writing and tostring(moment) or moment
  elseif core.timestamp.is(moment) then
    mistakes.add(walk, position, ("%s has no time zone"):format(values.describe(value)),
      "write Z, or an offset such as +01:00, behind it")
  else
    refuse(walk, record, value, position)
  end
end

-- ---- whatever JSON can hold ----

local read_any

local function check_list(walk, list, position)
  local length = values.length(list)
  if not length then
    mistakes.add(walk, position, "a table is neither a list nor a map: it has holes or other keys",
      "the keys are 1, 2, 3, ... for a list, or texts for a map")
    return
  end
  walk.depth = walk.depth + 1
  for i = 1, length do
    walk.path[walk.depth] = i
    read_any(walk, rawget(list, i), mistakes.position(walk, list, i, position))
  end
  walk.depth = walk.depth - 1
end

local function check_map(walk, map, position)
  walk.depth = walk.depth + 1
  for _, key in ipairs(values.keys(map)) do
    local value = rawget(map, key)
    walk.path[walk.depth] = key
    if type(key) ~= "string" then
      mistakes.add(walk, mistakes.key_position(walk, map, key, position),
        ("the key is %s; expected a text"):format(values.describe(key)),
        type(key) == "number" and ('write it in quotes: "%s"'):format(key) or nil)
    else
      check_text(walk, key, mistakes.key_position(walk, map, key, position))
    end
    read_any(walk, value, mistakes.position(walk, map, key, position))
  end
  walk.depth = walk.depth - 1
end

--- Checks that a value and all in it have a form in JSON; gives it as it is.
function read_any(walk, value, position)
  if not mistakes.count_value(walk, position) then
    return value
  end
  local kind = values.kind(value)
  if kind == "list" or kind == "map" then
    if mistakes.enter(walk, value, position) then
      (kind == "list" and check_list or check_map)(walk, value, position)
      mistakes.leave(walk, value)
    end
  elseif kind == "string" then
    check_text(walk, value, position)
  elseif kind == "float" and value - value ~= 0 or kind == "numeric" and value:is_nan() then
    mistakes.add(walk, position, ("%s has no form in JSON"):format(tostring(value)))
  elseif kind == "other" then
    mistakes.add(walk, position, ("%s has no form in JSON"):format(values.describe(value)))
  end
  return value
end

function readers.any(walk, _, value, position)
  walk.left = walk.left + 1 -- it was counted on the way here
  return read_any(walk, value, position)
end

return { readers = readers, expected = expected, labels_text = labels_text, lenient = lenient, read_any = read_any }
