--- What is wrong with a document: mistakes with their path and place, collected on the way through it, and the one
--- error that is raised for all of them.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local values = require "moonpool.shape.values"

local M = {}

---@class moonpool.shape.Mistake
---@field path string as `rows[2].items[1].id`; empty for the document itself
---@field line? integer from 1, where the document is a text
---@field column? integer from 1, in characters
---@field message string
---@field hint? string what to do

---@class moonpool.shape.Log
---@field errors moonpool.shape.Mistake[]
---@field warnings moonpool.shape.Mistake[]
---@field count integer of errors, also of those that are not kept

--- One walk through a document.
---@class moonpool.shape.Walk
---@field strict boolean
---@field writing boolean the value is about to be written
---@field positions? table of the values, as the YAML reader fills it
---@field path any[] keys from the document to where the walk is
---@field depth integer
---@field open table<table, true> what the walk is inside of
---@field left integer how many values may still be looked at
---@field log moonpool.shape.Log
---@field places table<table, table<any, integer>> where the values of what was read stand
---@field names table<table, table<string, string[]>> what they are called in the document, where it is not the same

local MOST_KEPT = 1000 -- mistakes of a document
local MOST_SHOWN = 20 -- of them in the error's text
local DEEPEST = 1000
local MOST_VALUES = 1000000
local LONGEST_PATH = 100 -- keys of a path that are said

local COLUMN_BITS = 24

---@return moonpool.shape.Log
function M.new_log()
  return { errors = {}, warnings = {}, count = 0 }
end

---@param options { strict?: boolean, writing?: boolean, positions?: table, max_nodes?: integer }
---@return moonpool.shape.Walk
function M.new_walk(options)
  return {
    strict = options.strict or false, writing = options.writing or false, positions = options.positions, path = {},
    depth = 0, open = {}, left = options.max_nodes or MOST_VALUES, log = M.new_log(), places = {}, names = {},
  }
end

-- ---- places ----

local function path_of(walk, extra)
  local parts = {}
  local function add(key)
    if math.type(key) == "integer" then
      parts[#parts + 1] = ("[%d]"):format(key)
    elseif type(key) ~= "string" then
      parts[#parts + 1] = ("[%s]"):format(type(key) == "number" and tostring(key) or values.describe(key))
    elseif key:find("^[%a_][%w_]*$") and #key <= 64 then
      parts[#parts + 1] = (#parts > 0 and "." or "") .. key
    else
      parts[#parts + 1] = ("[%s]"):format(complain.show(key))
    end
  end
  for i = 1, math.min(walk.depth, LONGEST_PATH) do
    add(walk.path[i])
  end
  if walk.depth > LONGEST_PATH then
    return table.concat(parts) .. "..."
  end
  for _, key in ipairs(extra or {}) do
    add(key)
  end
  return table.concat(parts)
end

--- The position of a value in a table, else `otherwise`.
---@param walk moonpool.shape.Walk
---@param holder table
---@param key any
---@param otherwise? integer
---@return integer?
function M.position(walk, holder, key, otherwise)
  local of_holder = walk.positions and walk.positions[holder]
  return of_holder and of_holder[key] or otherwise
end

--- The position of a key in a map, else `otherwise`.
---@param walk moonpool.shape.Walk
---@param holder table
---@param key any
---@param otherwise? integer
---@return integer?
function M.key_position(walk, holder, key, otherwise)
  local keys = walk.positions and walk.positions.keys
  local of_holder = keys and keys[holder]
  return of_holder and of_holder[key] or otherwise
end

---@param position? integer
---@return integer? line
---@return integer? column
function M.line_and_column(position)
  if position then
    return position >> COLUMN_BITS, position & ((1 << COLUMN_BITS) - 1)
  end
end

--- Remembers where the values of a list or map stand that was read, and the names that they have in the document.
---@param walk moonpool.shape.Walk
---@param result table
---@param places table<any, integer>
---@param names? table<string, string[]> of those that have others
function M.keep_places(walk, result, places, names)
  if walk.positions then
    walk.places[result] = places
  end
  if names and next(names) then
    walk.names[result] = names
  end
end

--- " in line 4", or nothing where lines are not known.
---@param position? integer
---@return string
function M.in_line(position)
  return position and (" in line %d"):format(position >> COLUMN_BITS) or ""
end

--- The byte at which a line begins, behind a byte-order mark.
---@param text string
---@param line integer
---@return integer?
function M.start_of_line(text, line)
  local at = text:find("^\u{FEFF}") and 4 or 1
  for _ = 2, line do
    at = text:find("\n", at, true)
    if not at then
      return nil
    end
    at = at + 1
  end
  return at
end

-- ---- mistakes ----

local function new_mistake(walk, position, message, hint, extra)
  local line, column = M.line_and_column(position)
  return { path = path_of(walk, extra), line = line, column = column, message = message, hint = hint }
end

--- Adds an error.
---@param walk moonpool.shape.Walk
---@param position? integer
---@param message string
---@param hint? string
---@param extra? any[] keys from where the walk is to what is wrong
function M.add(walk, position, message, hint, extra)
  local log = walk.log
  log.count = log.count + 1
  if #log.errors < MOST_KEPT then
    log.errors[#log.errors + 1] = new_mistake(walk, position, message, hint, extra)
  end
end

--- Adds a warning; an error where the walk is strict.
---@param walk moonpool.shape.Walk
---@param position? integer
---@param message string
---@param hint? string
---@param extra? any[]
function M.warn(walk, position, message, hint, extra)
  if walk.strict then
    M.add(walk, position, message, hint, extra)
  elseif #walk.log.warnings < MOST_KEPT then
    local warnings = walk.log.warnings
    warnings[#warnings + 1] = new_mistake(walk, position, message, hint, extra)
  end
end

--- Says of the latest mistakes what they are about.
---@param walk moonpool.shape.Walk
---@param errors integer how many there were before
---@param warnings integer
---@param label? string such as "row 7"
function M.label(walk, errors, warnings, label)
  for _, part in ipairs(label and { { walk.log.errors, errors }, { walk.log.warnings, warnings } } or {}) do
    for i = part[2] + 1, #part[1] do
      part[1][i].message = ("%s (%s)"):format(part[1][i].message, label)
    end
  end
end

--- Puts the mistakes of a log in the order of the document.
---@param log moonpool.shape.Log
function M.sort(log)
  for _, name in ipairs { "errors", "warnings" } do
    local places = {}
    for i, mistake in ipairs(log[name]) do
      places[mistake] = i
    end
    table.sort(log[name], function(a, b)
      if a.line ~= b.line then
        return (a.line or 0) < (b.line or 0)
      elseif a.column ~= b.column then
        return (a.column or 0) < (b.column or 0)
      end
      return places[a] < places[b]
    end)
  end
end

-- ---- hints ----

--- The rest of the document's line at a position.
local function rest_of_line(walk, position)
  local text = walk.positions and walk.positions.lines
  local line, column = M.line_and_column(position)
  local start = text and line and M.start_of_line(text, line)
  if start then
    local shown = text:match("[^\r\n]*", start)
    local at = utf8.len(shown) and utf8.offset(shown, column)
    return at and shown:sub(at) or ""
  end
end

--- Why a value may be null although nobody meant it: a # begins a comment.
---@param walk moonpool.shape.Walk
---@param position? integer
---@return string? hint
---@return string? comment its first word
function M.hint_of_null(walk, position)
  local rest = rest_of_line(walk, position)
  local comment = rest and rest:match("^[-:]?%s*(#%S+)")
  if comment then
    return ('# begins a comment; write it in quotes: "%s"'):format(comment), comment
  end
end

--- What is there where a value is null.
---@param walk moonpool.shape.Walk
---@return string
function M.what_is_null(walk)
  local text = walk.depth == 0 and walk.positions and walk.positions.lines
  return text and values.is_blank(text) and "the document is empty" or "it is null"
end

--- The key of a map that may have been meant for a name.
---@param walk moonpool.shape.Walk
---@param map table
---@param name string
---@return string?
function M.hint_of_near(walk, map, name)
  local keys = {}
  for key in next, map do
    keys[#keys + 1] = type(key) == "string" and key or nil
  end
  table.sort(keys)
  local nearest = core.nearest_name(name, keys)
  return nearest and nearest ~= name and ("is %s%s meant for it?"):format(complain.show(nearest),
    M.in_line(M.key_position(walk, map, nearest))) or nil
end

--- Takes over what a log has.
---@param walk moonpool.shape.Walk
---@param log moonpool.shape.Log
function M.merge(walk, log)
  local own = walk.log
  own.count = own.count + log.count
  for _, name in ipairs { "errors", "warnings" } do
    table.move(log[name], 1, math.min(#log[name], MOST_KEPT - #own[name]), #own[name] + 1, own[name])
  end
end

--- Goes into a table. False, with a mistake, where the walk must not.
---@param walk moonpool.shape.Walk
---@param value table
---@param position? integer
---@return boolean
function M.enter(walk, value, position)
  if walk.open[value] then
    M.add(walk, position, "a table contains itself")
    return false
  elseif walk.depth >= DEEPEST then
    M.add(walk, position, ("nested too deeply: %d levels are allowed"):format(DEEPEST))
    return false
  end
  walk.open[value] = true
  return true
end

---@param walk moonpool.shape.Walk
---@param value table
function M.leave(walk, value)
  walk.open[value] = nil
end

--- Counts a value. False when there were too many, with a mistake for the first one.
---@param walk moonpool.shape.Walk
---@param position? integer
---@return boolean
function M.count_value(walk, position)
  walk.left = walk.left - 1
  if walk.left == -1 then
    M.add(walk, position, "the document has too many values", "option max_nodes allows more")
  end
  return walk.left >= 0
end

-- ---- texts ----

local LONGEST_LINE = 100

--- The line of a text with a caret below the column.
local function excerpt(text, line, column)
  local at = M.start_of_line(text, line)
  if not at then
    return nil
  end
  local shown = text:sub(at, (text:find("[\r\n]", at) or #text + 1) - 1):gsub("%c", " ")
  if #shown > LONGEST_LINE or not utf8.len(shown) then
    return nil
  end
  return ("  %s\n  %s^"):format(shown, (" "):rep(column - 1))
end

--- A mistake as a person reads it: file, line, column, path, what is wrong.
---@param mistake moonpool.shape.Mistake
---@param file? string
---@return string
function M.line(mistake, file)
  local place = {}
  if file then
    place[#place + 1] = file
  end
  if mistake.line then
    place[#place + 1] = ("%d:%d"):format(mistake.line, mistake.column)
  end
  local prefix = table.concat(place, ":")
  local path = mistake.path ~= "" and mistake.path .. ": " or ""
  return (prefix ~= "" and prefix .. ": " or "") .. path .. mistake.message
end

local function whole(mistake, file, text)
  local lines = { M.line(mistake, file) }
  lines[2] = text and mistake.line and excerpt(text, mistake.line, mistake.column)
  lines[#lines + 1] = mistake.hint and "  hint: " .. mistake.hint
  return table.concat(lines, "\n")
end

--- The error of one mistake: what core.error makes of its fields has the line and the caret.
local function single(mistake, log, file, text)
  local start = text and mistake.line and M.start_of_line(text, mistake.line)
  return core.error { kind = "yaml", message = mistake.message, hint = mistake.hint, path = mistake.path ~= "" and
    mistake.path or nil, file = file, line = mistake.line, column = mistake.column,
    source = start and text:match("[^\r\n]*", start), errors = log.errors, warnings = log.warnings }
end

--- The error of all mistakes, of kind "yaml"; its `errors` has them, its `warnings` what else was found.
---@param name string of the shape
---@param log moonpool.shape.Log
---@param file? string
---@param text? string the document
---@return moonpool.Error
function M.error(name, log, file, text)
  if log.count == 1 then
    return single(log.errors[1], log, file, text)
  end
  local lines = { ("%s is no %s: %d mistakes"):format(file or "the document", name, log.count) }
  for i = 1, math.min(#log.errors, MOST_SHOWN) do
    lines[#lines + 1] = whole(log.errors[i], file, text)
  end
  if log.count > MOST_SHOWN then
    lines[#lines + 1] = ("and %d more"):format(log.count - MOST_SHOWN)
  end
  return core.error { kind = "yaml", message = table.concat(lines, "\n"), errors = log.errors, warnings = log.warnings }
end

return M
