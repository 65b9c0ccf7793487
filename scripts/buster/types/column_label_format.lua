--- How a column of a result is shown: ColumnLabelFormat, its defaults by type, and what becomes of the formats when the
--- SQL changes.

local shape = require "moonpool.shape"
local mp = require "moonpool"
local column = require "buster.types.column"
local document = require "buster.types.document"

local MOST_DIGITS = 20
local LEAST_MULTIPLIER, MOST_MULTIPLIER = 0.001, 1000000

local function check_digits(value, report)
  local least, most = value.minimumFractionDigits, value.maximumFractionDigits
  if least and most and most < least then
    report("maximumFractionDigits", ("%d is below minimumFractionDigits, which is %d"):format(most, least),
      "make the maximum the larger one")
  end
end

local function check_replacement(value, _, warn)
  local replacement = value.replaceMissingDataWith
  if type(replacement) == "boolean" or type(replacement) == "table" then
    warn("replaceMissingDataWith", "expected a number, a text or null")
  end
end

local M = document.new(shape.object("ColumnLabelFormat", {
  { "columnType", shape.enum { "number", "string", "text", "date", required = true, advisory = true,
    description = "What the column holds" } },
  { "style", shape.enum { "currency", "percent", "number", "date", "string", required = true, advisory = true,
    description = "How it is written" } },
  { "displayName", shape.string { description = "The label; made from the column's name if absent" } },
  { "numberSeparatorStyle", shape.enum { ",", advisory = true, nullable = true, write_null = true,
    description = "The sign between thousands; none if null" } },
  { "minimumFractionDigits", shape.integer { min = 0, max = MOST_DIGITS, description = "0 if absent" } },
  { "maximumFractionDigits", shape.integer { min = 0, max = MOST_DIGITS, description = "2 if absent" } },
  { "multiplier", shape.number { min = LEAST_MULTIPLIER, max = MOST_MULTIPLIER,
    description = "What a value is multiplied by; 1 if absent. 100 makes per cent of a fraction" } },
  { "prefix", shape.string { description = "Text before the value" } },
  { "suffix", shape.string { description = "Text behind the value" } },
  { "replaceMissingDataWith", shape.any { nullable = true, write_null = true,
    description = "What is shown where nothing is: 0, another number, a text, or null" } },
  { "compactNumbers", shape.boolean { description = "Whether 1000 is shown as 1K" } },
  { "currency", shape.string { description = "ISO code of the currency; USD if absent" } },
  { "dateFormat", shape.string { description = 'A pattern of Day.js, such as "MMM YYYY", or "auto"' } },
  { "useRelativeTime", shape.boolean { description = 'Whether a date is shown as "3 days ago"' } },
  { "isUtc", shape.boolean { alias = { "is_utc", "isUTC" }, description = "Whether dates are in UTC" } },
  { "convertNumberTo", shape.enum { "day_of_week", "month_of_year", "quarter", "number", advisory = true,
    description = "Which calendar name a number stands for" } },
  { "makeLabelHumanReadable", shape.boolean {
    description = "Whether total_sales is shown as Total Sales; true if absent" } },
}, {
  snake_case = true,
  rules = {
    { needs = { "minimumFractionDigits", "maximumFractionDigits" }, check = check_digits },
    { needs = { "replaceMissingDataWith" }, check = check_replacement },
  },
}))

-- ---- defaults ----

local NULLS = { { "numberSeparatorStyle", mp.null }, { "replaceMissingDataWith", mp.null } }

local TEXT = { { "columnType", "string" }, { "style", "string" }, NULLS[1], NULLS[2] }

--- By simple type; any other is shown as a text.
local DEFAULTS = {
  number = {
    { "columnType", "number" }, { "style", "number" }, { "numberSeparatorStyle", "," },
    { "minimumFractionDigits", 0 }, { "maximumFractionDigits", 2 }, { "replaceMissingDataWith", 0 },
  },
  date = {
    { "columnType", "date" }, { "style", "date" }, NULLS[1], NULLS[2], { "dateFormat", "auto" }, { "isUtc", false },
  },
}

--- The format that a column has when nobody said otherwise.
---@param simple_type string "number", "text" (or "string"), "date", "boolean" or "other", as DataMetadata says it
---@return table
function M.default(simple_type)
  return document.map(DEFAULTS[simple_type] or TEXT)
end

local function columns_of(metadata)
  document.need("the metadata is", metadata, "table")
  document.need("the metadata's column_metadata is", metadata.column_metadata, "table")
  return metadata.column_metadata
end

--- A format for each column of a result, in its order, under the names as they are in the metadata.
---@param metadata table a DataMetadata
---@return table formats by column
function M.generate_formats_from_metadata(metadata)
  local list = {}
  for i, entry in ipairs(columns_of(metadata)) do
    list[i] = { entry.name, M.default(entry.simple_type) }
  end
  return document.map(list)
end

--- The default with every field that is stored in its place.
local function overlay(default, stored)
  local list, places = {}, {}
  for _, part in ipairs { default, stored } do
    for _, key in ipairs(document.keys(part)) do
      places[key] = places[key] or #list + 1
      list[places[key]] = { key, part[key] }
    end
  end
  return document.map(list)
end

--- The formats after the SQL has changed: those of the new columns, each a default with what was stored for it. Formats
--- of columns that are gone are dropped. Names are in lower case, as in a metric.
---@param stored table formats by column, as a metric has them
---@param metadata table a DataMetadata of the new SQL
---@return table formats by column
function M.merge(stored, metadata)
  document.need("the formats are", stored, "table")
  local list, taken, old = {}, {}, {}
  for _, key in ipairs(document.keys(stored)) do
    old[column.lower(key)] = stored[key]
  end
  for i, entry in ipairs(columns_of(metadata)) do
    local name = column.lower(entry.name)
    if taken[name] then
      document.usage(("the columns %q and %q differ in case only"):format(taken[name], entry.name),
        "give one of them another name in the SQL")
    end
    taken[name] = entry.name
    local default = M.default(entry.simple_type)
    list[i] = { name, old[name] and overlay(default, old[name]) or default }
  end
  return document.map(list)
end

return M
