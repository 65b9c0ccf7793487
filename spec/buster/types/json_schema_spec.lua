--- The JSON Schemas of documents, by a validator that is not ours: what we read they allow, and what we refuse by its
--- fields they refuse.

local mp = require "moonpool"
local documents = require "spec.support.documents"
local sample = require "spec.support.sample"
local types = require "buster.types"

--- What a validator says of documents.
local function allowed(schema, list)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write(mp.json.encode { { schema = schema, documents = mp.array(list) } })
  file:close()
  local pipe <close> = assert(io.popen("python3 spec/support/json_schema.py " .. path))
  local answer = pipe:read "a"
  local ok = pipe:close()
  os.remove(path)
  assert(ok, "the validator failed")
  return mp.json.decode(answer)[1]
end

local function assert_agree(type_of_document, list)
  local answers = allowed(type_of_document.json_schema(), list)
  for i, document in ipairs(list) do
    local first = type_of_document.check(document)[1]
    assert(answers[i] == (first == nil), ("the schema %s, but the reader says %s of %s"):format(
      answers[i] and "allows" or "refuses", first and first.path .. ": " .. first.message or "yes",
      mp.json.encode(document)))
  end
  return answers
end

--- A document with one value, somewhere, of another kind.
local function damaged(document, path, value)
  local copy = documents.copy(document)
  local holder = copy
  for i = 1, #path - 1 do
    holder = holder[path[i]]
  end
  holder[path[#path]] = value
  return copy
end

local METRIC = {
  name = "A", sql = "select 1", chartConfig = {
    selectedChartType = "bar", barAndLineAxis = { x = { "a" }, y = { "b" } }, xAxisLabelRotation = 45,
    colors = { "#fff" },
    columnLabelFormats = { a = { columnType = "number", style = "number" }, b = { columnType = "x", style = "y" } },
  },
}

local DASHBOARD = {
  name = "A", rows = { { items = { { id = "2f6a8c1e-0a3b-4c5d-8e7f-0123456789ab" } }, columnSizes = { 12 } } },
}

describe("the schema", function()
  it("of a metric allows what is read, of the sample data too", function()
    local db <close> = mp.connect(sample.database())
    local list = { METRIC }
    for _, row in ipairs(db:query "select content from metric_files order by id limit 20") do
      list[#list + 1] = row.content
    end
    local count = 0
    for _, is_allowed in ipairs(assert_agree(types.metric_yml, list)) do
      count = count + (is_allowed and 1 or 0)
    end
    assert.is_true(count >= 19) -- two of all samples are broken on purpose
  end)

  it("of a metric refuses wrong fields", function()
    local list = {}
    for _, case in ipairs {
      { { "name" }, 1 }, { { "sql" }, " " }, { { "chartConfig" }, mp.null },
      { { "chartConfig", "selectedChartType" }, "x" },
      { { "chartConfig", "barAndLineAxis" }, nil }, { { "chartConfig", "barAndLineAxis", "x" }, "a" },
      { { "chartConfig", "xAxisLabelRotation" }, "30" }, { { "chartConfig", "colors" }, { "red" } },
      { { "chartConfig", "columnLabelFormats", "a", "minimumFractionDigits" }, 21 },
      { { "chartConfig", "columnLabelFormats", "a", "columnType" }, nil },
      { { "chartConfig", "columnSettings" }, { a = { lineWidth = 0 } } },
      { { "chartConfig", "trendlines" }, { { type = "min" } } }, { { "chartConfig", "xAxisConfig" }, 1 },
    } do
      list[#list + 1] = damaged(METRIC, case[1], case[2])
    end
    for i, is_allowed in ipairs(assert_agree(types.metric_yml, list)) do
      assert.is_false(is_allowed, ("document %d"):format(i))
    end
  end)

  it("of a dashboard does the same", function()
    assert.same({ true, true, true }, assert_agree(types.dashboard_yml, { DASHBOARD,
      damaged(DASHBOARD, { "rows", 1, "id" }, 0), damaged(DASHBOARD, { "rows" }, mp.array {}) }))
    local list = {}
    for _, case in ipairs {
      { { "name" }, nil }, { { "rows" }, nil }, { { "rows", 1, "items" }, mp.array {} },
      { { "rows", 1, "columnSizes" }, { 2 } },
      { { "rows", 1, "rowHeight" }, 319 }, { { "rows", 1, "items", 1, "id" }, "x" }, { { "rows", 1, "id" }, -1 },
    } do
      list[#list + 1] = damaged(DASHBOARD, case[1], case[2])
    end
    for i, is_allowed in ipairs(assert_agree(types.dashboard_yml, list)) do
      assert.is_false(is_allowed, ("document %d"):format(i))
    end
  end)

  it("of other documents is one", function()
    local values = { data_metadata = { column_count = 0, row_count = 0, column_metadata = mp.array {} },
      column_label_format = types.column_label_format.default "number", report = "text" }
    for name, value in pairs(values) do
      assert.same({ true }, allowed(types[name].json_schema(), { value }))
    end
    for _, shape in pairs(types.version_history.shapes) do
      assert.same({ true }, allowed(shape:json_schema(), { {} }))
    end
  end)
end)
