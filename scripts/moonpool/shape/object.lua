--- Reading of objects: fields under all their names, flattened groups, what is absent, what is unknown, and rules.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local mistakes = require "moonpool.shape.mistakes"
local scalars = require "moonpool.shape.scalars"
local values = require "moonpool.shape.values"

local show = complain.show

local M = {}

--- A field as it was found.
---@class moonpool.shape.Found
---@field key string as it is written
---@field holder table that it stands in
---@field outer? string the key of the map of a group that it stands in

local function refuse_twin(walk, found, key, holder, name, position, outer)
  local first = mistakes.key_position(walk, found.holder, found.key)
  local first_key = found.outer and found.outer .. "." .. found.key or found.key
  local second_key = outer and outer .. "." .. key or key
  mistakes.add(walk, mistakes.key_position(walk, holder, key, position),
    ("%s and %s%s are the same field, %s"):format(show(second_key), show(first_key), mistakes.in_line(first), name),
    "keep one of them", { key })
end

--- Sorts the keys of a map: fields, groups, and what is unknown.
---@return table<string, moonpool.shape.Found> found by canonical name
---@return string[] unknown
---@return { key: string, group: table }[] groups
local function sort_keys(walk, plan, map, position, tag)
  local found, unknown, groups = {}, {}, {}
  for _, key in ipairs(values.keys(map)) do
    local field = plan.known[key]
    if type(key) ~= "string" then
      mistakes.add(walk, mistakes.key_position(walk, map, key, position),
        ("the key is %s; expected the name of a field"):format(values.describe(key)), nil, { key })
    elseif field and found[field.name] then
      refuse_twin(walk, found[field.name], key, map, field.name, position)
    elseif field then
      found[field.name] = { key = key, holder = map }
    elseif plan.groups_by_name[key] then
      groups[#groups + 1] = { key = key, group = plan.groups_by_name[key] }
    elseif key ~= tag then
      unknown[#unknown + 1] = key
    end
  end
  return found, unknown, groups
end

-- ---- unknown fields ----

--- The tags of a union whose objects have a field.
local function labels_with(union, key)
  local labels = {}
  for i, variant in ipairs(union and union.variants or {}) do
    if variant.plan.known[key] or variant.plan.groups_by_name[key] then
      labels[#labels + 1] = union.labels[i]
    end
  end
  return labels
end

--- What may have been meant by an unknown field: one of a plan's, or of another object of the union.
local function hint_of_unknown(plan, key, union)
  local labels = labels_with(union, key)
  if #labels > 0 then
    return ("it is a field where %s is %s"):format(union.tag, table.concat(labels, " or "))
  elseif core.nearest_name(key, plan.names) then
    return complain.hint(key, plan.names)
  end
  local fields = {}
  for i, field in ipairs(plan.fields) do
    fields[i] = field.name
  end
  return complain.hint(nil, fields, "its fields are")
end

--- Keeps what is unknown, or says that it is not allowed.
local function read_unknown(walk, record, map, unknown, plan, position, pairs_out, union)
  for _, key in ipairs(unknown) do
    local place = mistakes.key_position(walk, map, key, position)
    local hint = hint_of_unknown(plan, key, union)
    local say = record.unknown == "refuse" and mistakes.add or mistakes.warn
    if record.unknown ~= "ignore" or walk.strict then
      say(walk, place, ("there is no field %s in %s"):format(show(key), record.name), hint, { key })
    end
    if record.unknown == "keep" then
      walk.depth = walk.depth + 1
      walk.path[walk.depth] = key
      local value = scalars.read_any(walk, rawget(map, key), mistakes.position(walk, map, key, position))
      walk.depth = walk.depth - 1
      pairs_out[#pairs_out + 1] = { key, value }
    end
  end
end

-- ---- groups that stand in a map of their own ----

local function find_in_group(walk, at, map, inner, found, unknown, position)
  for _, key in ipairs(values.keys(inner)) do
    local field = at.group.known[key]
    if type(key) ~= "string" then
      mistakes.add(walk, mistakes.key_position(walk, inner, key, position),
        ("the key is %s; expected the name of a field"):format(values.describe(key)), nil, { at.key, key })
    elseif field and found[field.name] then
      walk.depth = walk.depth + 1
      walk.path[walk.depth] = at.key
      refuse_twin(walk, found[field.name], key, inner, field.name, position, at.key)
      walk.depth = walk.depth - 1
    elseif field then
      found[field.name] = { key = key, holder = inner, outer = at.key }
    else
      unknown[#unknown + 1] = key
    end
  end
  return map
end

local function read_group(walk, record, at, map, found, position, pairs_out)
  local inner = rawget(map, at.key)
  local place = mistakes.position(walk, map, at.key, position)
  local kind = values.kind(inner)
  if kind == "null" then
    return
  elseif kind ~= "map" and kind ~= "empty" then
    mistakes.add(walk, place, ("expected a map, but it is %s"):format(values.describe(inner)), nil, { at.key })
    return
  elseif not mistakes.enter(walk, inner, place) then
    return
  end
  local unknown, kept = {}, {}
  find_in_group(walk, at, map, inner, found, unknown, place)
  walk.depth = walk.depth + 1
  walk.path[walk.depth] = at.key
  read_unknown(walk, record, inner, unknown, at.group, place, kept)
  walk.depth = walk.depth - 1
  mistakes.leave(walk, inner)
  if #kept > 0 then
    pairs_out[#pairs_out + 1] = { at.key, values.map(kept) }
  end
end

-- ---- fields ----

local function copy(value)
  if type(value) ~= "table" then
    return value
  elseif values.kind(value) == "list" or core.array.is(value) then
    local list = {}
    for i = 1, #value do
      list[i] = copy(value[i])
    end
    return core.array(list)
  end
  local list = {}
  for i, key in ipairs(values.keys(value)) do
    list[i] = { key, copy(rawget(value, key)) }
  end
  return values.map(list)
end

--- Whether a shape of texts of a certain form, or a list of such, takes a text.
local function takes(record, text)
  if record.kind == "list" then
    return takes(record.item, text)
  end
  return record.kind == "string" and record.check ~= nil and not record.check(text)
end

--- Hints at a comment that was meant for the value of a field. A mistake where it would have been right, such as a
--- colour; else it may be a comment indeed.
local function tell_comment(walk, field, position)
  local hint, comment = mistakes.hint_of_null(walk, position)
  if hint and not field.options.required then
    local say = takes(field.record, comment) and mistakes.add or mistakes.warn
    say(walk, position, ("%s is null"):format(show(field.name)), hint, { field.name })
  end
  return hint
end

--- What stands for a field that is not there.
local function read_absent(walk, record, field, was_null, unknown, map, position)
  local options = field.options
  local hint_of_comment = was_null and tell_comment(walk, field, position) or nil
  if options.default ~= nil then
    local default = options.default
    if type(default) == "function" then
      return default()
    end
    return copy(default)
  elseif options.required then
    local hint = hint_of_comment
    if not was_null and #unknown > 0 then
      local nearest = core.nearest_name(field.name, unknown)
      hint = nearest and ("is %s%s meant for it?"):format(show(nearest),
        mistakes.in_line(mistakes.key_position(walk, map, nearest)))
    end
    local what = was_null and "%s is null; %s requires a value" or "%s is missing; %s requires it"
    mistakes.add(walk, position, what:format(show(field.name), record.name), hint, { field.name })
  elseif walk.writing and options.write_null then
    return core.null
  end
end

--- Remembers under which name a field was found, where it is not its own.
local function keep_name(names, field, found)
  if found and (found.outer or found.key ~= field.name) then
    names[field.name] = found.outer and { found.outer, found.key } or { found.key }
  end
end

--- Reads a field that is there.
local function read_found(walk, field, found, position, read)
  local depth = walk.depth
  if found.outer then
    walk.depth = walk.depth + 1
    walk.path[walk.depth] = found.outer
  end
  walk.depth = walk.depth + 1
  walk.path[walk.depth] = found.key
  local value = read(walk, field.record, rawget(found.holder, found.key), position)
  walk.depth = depth
  return value
end

local function read_field(walk, record, field, found, unknown, map, position, read)
  local value = found and rawget(found.holder, found.key)
  local place = found and mistakes.position(walk, found.holder, found.key, position) or position
  local absent = values.is_null(value) and not (found and (field.options.nullable or field.record.nullable))
  if absent then
    return read_absent(walk, record, field, found ~= nil, unknown, map, place), place
  elseif values.is_null(value) then
    return core.null, place
  end
  return read_found(walk, field, found, place, read), place
end

-- ---- rules ----

--- Where a path leads to from a value that was read, and the path with the names that the document has.
local function place_of(walk, value, path, position)
  local written = {}
  for _, key in ipairs(path) do
    local places, names = walk.places[value], walk.names[value]
    local name = names and names[key] or { key }
    table.move(name, 1, #name, #written + 1, written)
    position = places and places[key] or position
    value = type(value) == "table" and rawget(value, key)
  end
  return position, written
end

local function reporter(walk, value, position, say)
  return function(path, message, hint)
    path = type(path) == "table" and path or { path }
    local place, written = place_of(walk, value, path, position)
    say(walk, place, message, hint, written)
  end
end

local function may_run(rule, wrong, any_wrong)
  if not rule.needs then
    return not any_wrong
  end
  for _, name in ipairs(rule.needs) do
    if wrong[name] then
      return false
    end
  end
  return true
end

local function run_rules(walk, record, value, position, wrong, any_wrong)
  for _, rule in ipairs(record.rules) do
    if may_run(rule, wrong, any_wrong) then
      rule.check(value, reporter(walk, value, position, mistakes.add), reporter(walk, value, position, mistakes.warn))
    end
  end
end

-- ---- objects ----

local function read_fields(walk, record, map, position, union, read)
  local plan, list, kept, places, names, wrong = record.plan, {}, {}, {}, {}, {}
  local tag = union and union.tag
  local found, unknown, groups = sort_keys(walk, plan, map, position, tag)
  for _, at in ipairs(groups) do
    read_group(walk, record, at, map, found, position, kept)
  end
  if tag then
    list[1] = { tag, rawget(map, tag) }
    places[tag] = mistakes.position(walk, map, tag, position)
  end
  for _, field in ipairs(plan.fields) do
    local before = walk.log.count
    local value, place = read_field(walk, record, field, found[field.name], unknown, map, position, read)
    keep_name(names, field, found[field.name])
    wrong[field.name] = walk.log.count > before
    if value ~= nil then
      list[#list + 1], places[field.name] = { field.name, value }, place
    end
  end
  read_unknown(walk, record, map, unknown, plan, position, list, union)
  table.move(kept, 1, #kept, #list + 1, list)
  return list, places, names, wrong
end

local function read_object(walk, record, value, position, read, union)
  local kind = values.kind(value)
  if kind ~= "map" and kind ~= "empty" then
    mistakes.add(walk, position, ("expected a map, but it is %s"):format(values.describe(value)))
    return nil
  elseif not mistakes.enter(walk, value, position) then
    return nil
  end
  local before = walk.log.count
  local list, places, names, wrong = read_fields(walk, record, value, position, union, read)
  local result = values.map(list)
  mistakes.keep_places(walk, result, places, names)
  mistakes.leave(walk, value)
  run_rules(walk, record, result, position, wrong, walk.log.count > before)
  return result
end

--- Reads an object.
---@param walk moonpool.shape.Walk
---@param record moonpool.shape.Record
---@param value any
---@param position? integer
---@param read function for its fields
---@param union? moonpool.shape.Record the tagged union that the object is of
---@return table?
function M.read(walk, record, value, position, read, union)
  local errors, warnings = #walk.log.errors, #walk.log.warnings
  local result = read_object(walk, record, value, position, read, union)
  if result and record.label then
    mistakes.label(walk, errors, warnings, record.label(result))
  end
  return result
end

return M
