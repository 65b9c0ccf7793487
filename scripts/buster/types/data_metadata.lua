--- What the result of a metric looked like: DataMetadata, as `metric_files.data_metadata` holds it.

local shape = require "moonpool.shape"
local document = require "buster.types.document"
local parts = require "buster.types.chart_parts"

--- Simple types by the words for types that writers have used. What is not here is "other".
local SIMPLE_TYPES = {}

for simple_type, words in pairs {
  number = { "int2", "int4", "int8", "float4", "float8", "float", "integer", "decimal", "number", "numeric" },
  text = { "text", "varchar", "char", "character", "character varying", "tinytext", "mediumtext", "longtext", "nchar",
    "nvarchat", "nvarchar", "ntext" },
  boolean = { "bool", "boolean" },
  date = { "date", "timestamp", "timestamptz" },
} do
  for _, word in ipairs(words) do
    SIMPLE_TYPES[word] = simple_type
  end
end

--- The simple type of a type of the database.
---@param word string
---@return "number"|"text"|"boolean"|"date"|"other"
local function simple_type_of(word)
  document.need("the type is", word, "string")
  return SIMPLE_TYPES[word:lower()] or "other"
end

--- "string" is what "text" was called.
local function simple_word(value)
  return value == "string" and "text" or value
end

--- Older documents have no simple type.
local function fill_simple_type(column)
  if column.simple_type == "" then
    column.simple_type = simple_type_of(column.type)
  end
end

local column = shape.object("ColumnMetaData", {
  { "name", shape.string { required = true } },
  { "min_value", shape.any { write_null = true, nullable = true, description = "A number, a text, or null" } },
  { "max_value", shape.any { write_null = true, nullable = true, description = "A number, a text, or null" } },
  { "unique_values", parts.int32 "How many values there were", { required = true } },
  { "simple_type", shape.string { default = "", convert = simple_word,
    description = "number, text, date, boolean or other; by the type if absent" } },
  { "type", shape.string { required = true, description = "The database's word, such as int4 or timestamptz" } },
}, { rules = { { needs = { "type", "simple_type" }, check = fill_simple_type } } })

local M = document.new(shape.object("DataMetadata", {
  { "column_count", shape.integer { required = true, min = 0 } },
  { "row_count", shape.integer { required = true, min = 0, description = "Rows of the sample that was run" } },
  { "column_metadata", shape.list(column, { required = true, description = "The columns, in their order" }) },
}))

M.simple_type = simple_type_of

return M
