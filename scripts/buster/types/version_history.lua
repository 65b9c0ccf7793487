--- The versions of a metric, a dashboard or a report: VersionHistory, as the column `version_history` has it. A history
--- is a map from a number, as a text, to a version; functions give a new history and leave the old one alone.

local mp = require "moonpool"
local shape = require "moonpool.shape"
local shape_mistakes = require "moonpool.shape.mistakes"
local dashboard_yml = require "buster.types.dashboard_yml"
local difference = require "buster.types.difference"
local document = require "buster.types.document"
local metric_yml = require "buster.types.metric_yml"
local parts = require "buster.types.chart_parts"
local report = require "buster.types.report"
local values = require "moonpool.shape.values"

---@alias buster.types.Kind "metric"|"dashboard"|"report"

--- What a version holds, by the kind of its file.
local CONTENTS = { metric = metric_yml, dashboard = dashboard_yml, report = report }
local KINDS = { "metric", "dashboard", "report" }

local function version_shape(name, content)
  return shape.object(name, {
    { "content", content, { required = true, description = "The document, or a report's text" } },
    { "updated_at", shape.timestamp { required = true, alias = "updatedAt",
      description = "When the version was last written" } },
    { "version_number", parts.int32 "Repeats the key", { alias = "versionNumber" } },
  })
end

local RAW = version_shape("Version", shape.any {})

local VERSIONS = {
  metric = version_shape("MetricVersion", metric_yml.shape),
  dashboard = version_shape("DashboardVersion", dashboard_yml.shape),
  report = version_shape("ReportVersion", report.shape),
}

local M = document.new(shape.map(RAW, { description = "Versions by their number" }))

--- The shapes of the histories of each kind, for editors and documentation.
M.shapes = {}
for _, kind in ipairs(KINDS) do
  M.shapes[kind] = shape.map(VERSIONS[kind], { description = "Versions by their number" })
end

local kind_of = setmetatable({}, { __mode = "k" }) ---@type table<table, buster.types.Kind>

local function no_kind(kind)
  return document.usage(("the kind of a history is %s; expected metric, dashboard or report"):format(
    type(kind) == "string" and ("%q"):format(kind) or tostring(kind)))
end

--- The type of what a kind of file holds.
---@param kind buster.types.Kind
---@return buster.types.Document
function M.content_type(kind)
  return CONTENTS[kind] or no_kind(kind)
end

-- ---- numbers ----

local MOST = 999999999 -- nine digits: the most that fits an int whatever they are

--- The number of a version, by its key; nil for a key that is none.
local function number_of(key)
  local number = type(key) == "string" and key:find "^[1-9]%d*$" and #key <= 9 and math.tointeger(tonumber(key))
  return number or nil
end

local function comes_before(a, b)
  local number_a, number_b = number_of(a), number_of(b)
  if number_a and number_b then
    return number_a < number_b
  end
  return number_a ~= nil or not number_b and a < b
end

--- A history with its versions in order.
local function new_history(entries, kind)
  local keys, list = {}, {}
  for key in pairs(entries) do
    keys[#keys + 1] = key
  end
  table.sort(keys, comes_before)
  for i, key in ipairs(keys) do
    list[i] = { key, entries[key] }
  end
  local history = document.map(list)
  kind_of[history] = kind
  return history
end

local function entries_of(history)
  local entries = {}
  for _, key in ipairs(document.keys(history)) do
    entries[key] = history[key]
  end
  return entries
end

-- ---- reading ----

local function warn(warnings, key, path, message, hint)
  local joint = (path == "" or path:sub(1, 1) == "[") and "" or "."
  warnings[#warnings + 1] = {
    path = ("[%q]%s%s"):format(key, joint, path), message = message, hint = hint, version = number_of(key),
  }
end

local function take_over(warnings, key, mistakes)
  for _, mistake in ipairs(mistakes) do
    warn(warnings, key, mistake.path, mistake.message, mistake.hint)
  end
end

--- A version, as far as it can be read. What cannot be is as it is stored, and told.
local function read_version(key, value, kind, warnings)
  local ok, version, notes = pcall(VERSIONS[kind].decode, VERSIONS[kind], value)
  if ok then
    take_over(warnings, key, notes)
    return version
  elseif not mp.is_error(version) or version.kind == "usage" then
    error(version, 0)
  end
  take_over(warnings, key, version.errors)
  local is_frame, frame = pcall(RAW.decode, RAW, value)
  return is_frame and frame or value
end

--- The key says the number, whatever the version says.
local function check_number(key, version, warnings)
  local said = type(version) == "table" and version.version_number
  local number = number_of(key)
  if not number then
    warn(warnings, key, "", "the key is no number of a version", "numbers are 1, 2, 3, ...")
    return version
  elseif type(version) ~= "table" or said == number then
    return version
  elseif said == key then -- the shape has told that it is a text
    return document.with(version, { version_number = number })
  end
  warn(warnings, key, "version_number", said and ("the version says %s; its key says %d"):format(tostring(said), number)
    or ("is missing; its key says %d"):format(number))
  return document.with(version, { version_number = number })
end

local MAP = shape.map(shape.any {})

--- Reads a history. A version that is not as it should be stays as it is stored, and a warning with its `version` tells
--- what is wrong; in strict mode that is an error.
---@param value table|string
---@param options { kind: buster.types.Kind, strict?: boolean, file?: string }
---@return table history
---@return moonpool.shape.Mistake[] warnings
function M.decode(value, options)
  local kind = options and options.kind
  if not CONTENTS[kind] then
    return no_kind(kind)
  end
  local raw, entries, warnings = MAP:decode(value, { file = options.file }), {}, {}
  for _, key in ipairs(document.keys(raw)) do
    local version = number_of(key) and read_version(key, raw[key], kind, warnings) or raw[key]
    entries[key] = check_number(key, version, warnings)
  end
  if options.strict and #warnings > 0 then
    error(shape_mistakes.error("VersionHistory", { errors = warnings, warnings = {}, count = #warnings }, options.file))
  end
  return new_history(entries, kind), warnings
end

--- What is wrong with a history.
---@param value table|string
---@param options { kind: buster.types.Kind }
---@return moonpool.shape.Mistake[] mistakes
---@return moonpool.shape.Mistake[] warnings
function M.check(value, options)
  local ok, failure = pcall(M.decode, value, { kind = options and options.kind, strict = true })
  if ok then
    return {}, {}
  elseif mp.is_error(failure) and failure.errors then
    return failure.errors, {}
  end
  error(failure, 0)
end

--- A moment as JSON has it.
local function text_of(moment)
  return mp.timestamp.is(moment) and tostring(moment) or moment
end

local function need_history(history)
  document.need("the history is", history, "table")
end

--- The history as `version_history` stores it.
---@param history table
---@return table
function M.to_json(history)
  need_history(history)
  local kind, list = kind_of[history], {}
  for i, key in ipairs(document.keys(history)) do
    local version = history[key]
    if type(version) == "table" and version.updated_at then
      local content, content_type = version.content, CONTENTS[kind]
      local is_right = content_type and #content_type.check(content, { value = true }) == 0
      version = document.with(version, {
        content = is_right and content_type.to_json(content) or content, updated_at = text_of(version.updated_at),
      })
    end
    list[i] = { key, version }
  end
  return document.map(list)
end

-- ---- looking ----

--- An empty history.
---@param kind buster.types.Kind
---@return table
function M.new(kind)
  if not CONTENTS[kind] then
    return no_kind(kind)
  end
  return new_history({}, kind)
end

--- The greatest number; nil when there is no version.
---@param history table
---@return integer?
function M.latest_number(history)
  need_history(history)
  local greatest
  for key in pairs(history) do
    local number = number_of(key)
    if number and (not greatest or number > greatest) then
      greatest = number
    end
  end
  return greatest
end

--- The version of a number, or nil.
---@param history table
---@param number integer
---@return table?
function M.get(history, number)
  need_history(history)
  return math.type(number) == "integer" and history[tostring(number)] or nil
end

--- The version with the greatest number, or nil.
---@param history table
---@return table?
function M.latest(history)
  return M.get(history, M.latest_number(history))
end

-- ---- changing ----

--- The kind of a history that a version is to be written into, after a look at the options of that.
local function check_write(history, options)
  need_history(history)
  if options ~= nil then
    document.need("the options are", options, "table")
  end
  local at = options and options.at
  if at ~= nil and not mp.timestamp.is(at) then
    document.usage(("the moment of a version is %s; expected an mp.timestamp"):format(values.describe(at)))
  end
  return kind_of[history] or document.usage("the history is of no known kind",
    "take one of version_history.new or decode")
end

local function set(history, kind, number, content, options)
  local entries = entries_of(history)
  entries[tostring(number)] = document.map {
    { "content", (CONTENTS[kind].decode(content)) }, { "updated_at", options and options.at or mp.timestamp.now() },
    { "version_number", number },
  }
  return new_history(entries, kind)
end

--- The history with one more version. Raises what is wrong with the content.
---@param history table
---@param content any
---@param options? { number?: integer, at?: moonpool.Timestamp } the next number, and now, if absent
---@return table history
function M.add(history, content, options)
  local kind = check_write(history, options)
  local number = options and options.number or (M.latest_number(history) or 0) + 1
  if math.type(number) ~= "integer" or number < 1 or number > MOST then
    return document.usage(("the number of a version is %s; expected 1 to %d"):format(tostring(number), MOST))
  elseif M.get(history, number) then
    return document.usage(("there is a version %d already"):format(number), "leave the number out to get the next one")
  end
  return set(history, kind, number, content, options)
end

--- The history with another content of its latest version; of version 1 when it is empty.
---@param history table
---@param content any
---@param options? { at?: moonpool.Timestamp }
---@return table history
function M.replace_latest(history, content, options)
  local kind = check_write(history, options)
  return set(history, kind, M.latest_number(history) or 1, content, options)
end

--- The history with a new version that has the content of an old one.
---@param history table
---@param number integer
---@param options? { at?: moonpool.Timestamp }
---@return table history
function M.restore(history, number, options)
  check_write(history, options)
  local version = M.get(history, number)
  if not version then
    return document.usage(("there is no version %s"):format(tostring(number)))
  end
  return M.add(history, version.content, { at = options and options.at })
end

--- What differs between two versions, by path; or between two documents.
---@param a any
---@param b any
---@return buster.types.Difference[]
function M.diff(a, b)
  if type(a) == "table" and type(b) == "table" and a.version_number and b.version_number then
    return difference.find(a.content, b.content)
  end
  return difference.find(a, b)
end

return M
