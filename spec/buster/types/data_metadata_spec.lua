--- What results of metrics look like, and the formats of their columns. A number in brackets is that of a way in which
--- such documents were damaged before.

local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"
local column_label_format = require "buster.types.column_label_format"
local data_metadata = require "buster.types.data_metadata"
local metric_yml = require "buster.types.metric_yml"
local documents = require "spec.support.documents"

local function metadata(...)
  return { column_count = 1, row_count = 2, column_metadata = { ... } }
end

local function column(name, type, simple_type)
  return { name = name, type = type, simple_type = simple_type, unique_values = 3, min_value = 1, max_value = "b" }
end

describe("metadata", function()
  it("keeps every field", function()
    local given = metadata(column("a", "int4", "number"))
    assert.same(given, (data_metadata.decode(given, { strict = true })))
    assert.same(given, data_metadata.to_json(given))
  end)

  it("takes every word for a type, and columns without bounds [24]", function()
    local given = metadata { name = "a", type = "nvarchat", simple_type = "other", unique_values = 0 }
    local value, warnings = data_metadata.decode(given, { strict = true })
    assert.equal("nvarchat", value.column_metadata[1].type)
    assert.same({}, warnings)
    assert.equal(mp.null, data_metadata.to_json(given).column_metadata[1].min_value)
  end)

  it("reads string as text, and finds a simple type that is absent by the type", function()
    local value = data_metadata.decode(metadata(column("a", "varchar", "string"), column("b", "timestamptz"),
      column("c", "numeric"), column("d", "point"), column("e", "TEXT"), column("f", "bool")))
    local found = {}
    for i, one in ipairs(value.column_metadata) do
      found[i] = one.simple_type
    end
    assert.same({ "text", "date", "number", "other", "text", "boolean" }, found)
  end)

  it("is refused without its counts, or with text for them", function()
    assert.same({ 'column_count: "column_count" is missing; DataMetadata requires it',
      'row_count: expected an integer, but it is the text "1"',
      'column_metadata[1].name: "name" is missing; ColumnMetaData requires it' },
      documents.lines((data_metadata.check { row_count = "1", column_metadata = {
        { type = "a", unique_values = 1 },
      } })))
  end)
end)

describe("a column's format", function()
  it("has a default by simple type", function()
    local null = mp.null
    local text = { columnType = "string", style = "string", numberSeparatorStyle = null, replaceMissingDataWith = null }
    assert.same({ columnType = "number", style = "number", numberSeparatorStyle = ",", minimumFractionDigits = 0,
      maximumFractionDigits = 2, replaceMissingDataWith = 0 }, column_label_format.default "number")
    assert.same({ columnType = "date", style = "date", numberSeparatorStyle = null, replaceMissingDataWith = null,
      dateFormat = "auto", isUtc = false }, column_label_format.default "date")
    for _, simple_type in ipairs { "text", "string", "boolean", "other" } do
      assert.same(text, column_label_format.default(simple_type))
    end
    for _, simple_type in ipairs { "number", "date", "text" } do
      local default = column_label_format.default(simple_type)
      assert.same(default, (column_label_format.decode(default, { strict = true })))
    end
  end)

  it("is made for each column of a result, in its order, under its name", function()
    local formats = column_label_format.generate_formats_from_metadata(
      metadata(column("Zone", "text", "text"), column("amount", "int4", "number")))
    assert.same({ "Zone", "amount" }, documents.keys(formats))
    assert.equal("number", formats.amount.style)
  end)

  it("stays what it was for columns that stay when the SQL changes", function()
    local stored = {
      amount = { style = "currency", columnType = "number", suffix = " %", numberSeparatorStyle = mp.null },
      gone = { style = "date", columnType = "date" },
    }
    local formats = column_label_format.merge(stored, metadata(column("Zone", "text", "text"),
      column("AMOUNT", "int4", "number")))
    assert.same({ "zone", "amount" }, documents.keys(formats))
    assert.same({ columnType = "number", style = "currency", numberSeparatorStyle = mp.null, minimumFractionDigits = 0,
      maximumFractionDigits = 2, replaceMissingDataWith = 0, suffix = " %" }, formats.amount)
    assert.same(column_label_format.default "text", formats.zone)
  end)

  it("cannot be found for columns that differ in case only [11]", function()
    assert.has_error(function()
      local ok, err = pcall(column_label_format.merge, {}, metadata(column("A", "text", "text"),
        column("a", "text", "text")))
      error(ok and "merged" or err.message, 0)
    end, 'the columns "A" and "a" differ in case only')
  end)

  it("is made of metadata, and of nothing else", function()
    local format = column_label_format
    assert_raises("usage", "the metadata is null; expected a table", format.generate_formats_from_metadata, nil)
    assert_raises("usage", "the metadata's column_metadata is null; expected a table",
      format.generate_formats_from_metadata, {})
    assert_raises("usage", "the metadata is the number 5; expected a table", format.merge, {}, 5)
    assert_raises("usage", "the formats are null; expected a table", format.merge, nil, { column_metadata = {} })
    assert_raises("usage", "the metric is null; expected a table", metric_yml.with_sql, nil, "x", {})
    assert_raises("usage", "the metric's chartConfig is null; expected a table", metric_yml.with_sql, {}, "x", {})
    assert_raises("usage", "the type is null; expected a text", data_metadata.simple_type, nil)
  end)

  it("warns of what stands for missing data and is no number, text or null", function()
    local format = { columnType = "number", style = "number", replaceMissingDataWith = true }
    local mistakes, warnings = column_label_format.check(format)
    assert.same({}, mistakes)
    assert.same({ "replaceMissingDataWith: expected a number, a text or null" }, documents.lines(warnings))
  end)
end)
