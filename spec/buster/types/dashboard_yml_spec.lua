--- Dashboards. A number in brackets is that of a way in which such documents were damaged before.

local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"
local documents = require "spec.support.documents"
local dashboard_yml = require "buster.types.dashboard_yml"

local lines, places = documents.lines, documents.places

local METRIC = "2f6a8c1e-0a3b-4c5d-8e7f-0123456789ab"

local function row(id, sizes, height)
  local items = {}
  for i = 1, #(sizes or { 12 }) do
    items[i] = { id = METRIC }
  end
  return { id = id, items = items, columnSizes = sizes or { 12 }, rowHeight = height }
end

local function dashboard(...)
  return { name = "Sales: EU", description = "all: of it", rows = { ... } }
end

local function ids_of(value)
  local ids = {}
  for i, one in ipairs(value.rows) do
    ids[i] = one.id
  end
  return ids
end

local function errors_of(...)
  return lines((dashboard_yml.check(dashboard(...))))
end

describe("a dashboard", function()
  it("keeps every field, under both spellings", function()
    local given = dashboard(row(1, { 12 }, 320), row(2, { 3, 3, 3, 3 }, 550))
    local value, warnings = dashboard_yml.decode(given, { strict = true })
    assert.same(given, value)
    assert.same({}, warnings)
    assert.same(given, (dashboard_yml.decode(documents.in_snake_case(given, {}), { strict = true })))
    assert.same(given, dashboard_yml.to_json(value))
  end)

  it("keeps colons of its name and description, and says null for no description [17]", function()
    local value = dashboard_yml.decode 'name: "Sales: EU"\ndescription: "a: b"\nrows: []\n'
    assert.equal("Sales: EU", value.name)
    assert.equal("a: b", value.description)
    assert.equal(mp.null, dashboard_yml.to_json { name = "A", rows = mp.array {} }.description)
  end)

  it("is a new one when its name is empty, and refused when it is blank or absent", function()
    assert.equal("New Dashboard", dashboard_yml.decode("name: ''\nrows: []\n").name)
    assert.same({ "name: the text is blank" }, lines((dashboard_yml.check "name: ' '\nrows: []\n")))
    assert.same({ 'name: "name" is missing; DashboardYml requires it',
      'rows: "rows" is missing; DashboardYml requires it' }, lines((dashboard_yml.check {})))
  end)

  it("is the same after it was written as YAML and read again", function()
    local value = dashboard_yml.decode(dashboard(row(1, { 12 }, 320), row(2, { 6, 6 })))
    assert.same(value, (dashboard_yml.decode(dashboard_yml.encode(value, "yaml"))))
  end)

  it("keeps fields that it does not know, and refuses them in strict mode [15]", function()
    local given = dashboard(row(1))
    given.rows[1].items[1].title = "new"
    local value, warnings = dashboard_yml.decode(given)
    assert.equal("new", dashboard_yml.to_json(value).rows[1].items[1].title)
    assert.equal("rows[1].items[1].title", warnings[1].path)
    assert.equal(1, #dashboard_yml.check(given, { strict = true }))
  end)
end)

describe("the rows of a dashboard", function()
  it("are from 320 to 550 pixels high", function()
    assert.same({}, errors_of(row(1, { 12 }, 320), row(2, { 12 }, 550)))
    assert.same({ "rows[1].rowHeight: 319 is too small; expected 320 or more (row id 1)",
      "rows[2].rowHeight: 551 is too large; expected 550 or less (row id 2)" },
      errors_of(row(1, { 12 }, 319), row(2, { 12 }, 551)))
  end)

  it("have one to four items, and as many sizes", function()
    assert.same({ "rows[1].items: the list has 0 items; expected 1 or more (row id 1)",
      "rows[1].columnSizes: the list has 0 items; expected 1 or more (row id 1)" }, errors_of(row(1, {})))
    assert.same({ "rows[1].items: the list has 5 items; expected 4 or fewer (row id 1)" },
      { errors_of(row(1, { 3, 3, 3, 3, 3 }))[1] })
    local uneven = row(7, { 6, 6 })
    uneven.items[2] = nil
    assert.same({ "rows[1].columnSizes: the number of sizes (2) is not the number of items (1) (row id 7)" },
      errors_of(uneven))
  end)

  it("have sizes from 3 to 12", function()
    assert.same({ "rows[1].columnSizes[1]: 2 is too small; expected 3 or more (row id 1)" },
      errors_of(row(1, { 2, 10 })))
    assert.same({ "rows[1].columnSizes[1]: 13 is too large; expected 12 or less (row id 1)" },
      errors_of(row(1, { 13 })))
  end)

  it("have sizes whose sum is 12, whatever 32 bits make of them [19]", function()
    assert.same({ "rows[1].columnSizes: the sum of the sizes is 11; expected exactly 12 (row id 4)" },
      errors_of(row(4, { 5, 6 })))
    assert.same({ "rows[1].columnSizes[1]: 4294967295 is too large; expected 12 or less (row id 1)",
      "rows[1].columnSizes[2]: 13 is too large; expected 12 or less (row id 1)" },
      errors_of(row(1, { 4294967295, 13 })))
  end)

  it("have sizes at all [20]", function()
    local sizeless = row(1)
    sizeless.columnSizes = nil
    assert.same({ 'rows[1].columnSizes: "columnSizes" is missing; Row requires it (row id 1)' }, errors_of(sizeless))
  end)

  it("have items with the id of a metric", function()
    local wrong = row(1, { 6, 6 })
    wrong.items = { { id = "metric" }, {} }
    assert.same({ 'rows[1].items[1].id: "metric" is no uuid (row id 1)',
      'rows[1].items[2].id: "id" is missing; RowItem requires it (row id 1)' }, errors_of(wrong))
  end)

  it("are told with all their mistakes, each with its place [21]", function()
    local text = "name: A\nrows:\n  - id: 1\n    rowHeight: 300\n    items: []\n    columnSizes: [12]\n"
      .. ("  - items: [{id: %s}]\n    columnSizes: [11]\n    id: 1\n"):format(METRIC)
    assert.same({
      "4:16 rows[1].rowHeight: 300 is too small; expected 320 or more (row id 1)",
      "5:12 rows[1].items: the list has 0 items; expected 1 or more (row id 1)",
      "8:18 rows[2].columnSizes: the sum of the sizes is 11; expected exactly 12 (row id 1)",
      "9:9 rows[2].id: rows 1 and 2 have the same id, 1",
    }, places((dashboard_yml.check(text))))
  end)
end)

describe("the ids of rows", function()
  it("are given where they are absent or 0: the greatest before and one, and never another row's [18]", function()
    for _, case in ipairs {
      { { 0, 0 }, { 1, 2 } }, { { false, 5, 0 }, { 1, 5, 6 } }, { { 0, 1, 2 }, { 3, 1, 2 } },
      { { 2, 0, 3 }, { 2, 4, 3 } },
    } do
      local rows = {}
      for i, id in ipairs(case[1]) do
        rows[i] = row(id or nil)
      end
      assert.same(case[2], ids_of(dashboard_yml.decode(dashboard(table.unpack(rows)))))
    end
  end)

  it("may be texts, and are written as numbers", function()
    assert.same({ 7, 8 }, ids_of(dashboard_yml.to_json(dashboard(row "7", row(0)))))
    assert.same({ 'rows[1].id: expected an integer, but it is the text "a"' }, errors_of(row "a"))
    assert.same({ "rows[1].id: -1 is too small; expected 0 or more" }, errors_of(row(-1)))
  end)

  it("are refused when two rows have the same [18]", function()
    assert.same({ "rows[3].id: rows 1 and 3 have the same id, 2" }, errors_of(row(2), row(1), row "2"))
  end)

  it("go on from the greatest", function()
    assert.equal(1, dashboard_yml.next_row_id(dashboard()))
    assert.equal(10, dashboard_yml.next_row_id(dashboard(row(9), row(2))))
  end)
end)

describe("add_row", function()
  it("gives a dashboard with one more row, and leaves the old one alone", function()
    local before = dashboard_yml.decode(dashboard(row(4)))
    local after = dashboard_yml.add_row(before, { METRIC, { id = METRIC:upper() } }, 400, { 6, 6 })
    assert.same({ 4 }, ids_of(before))
    assert.same({ 4, 5 }, ids_of(after))
    assert.same({ id = 5, items = { { id = METRIC }, { id = METRIC } }, columnSizes = { 6, 6 }, rowHeight = 400 },
      after.rows[2])
    assert.is_nil(dashboard_yml.add_row(before, { METRIC }, nil, { 12 }).rows[2].rowHeight)
  end)

  it("refuses what is no dashboard", function()
    assert_raises("yaml", "expected a map, but it is null", dashboard_yml.add_row, nil, {}, 400, {})
    assert_raises("yaml", '"rows" is missing', dashboard_yml.add_row, { name = "A" }, {}, 400, {})
    assert_raises("yaml", "expected a list", dashboard_yml.add_row, { name = "A", rows = 5 }, {}, 400, {})
  end)

  it("refuses a row that breaks a rule [20]", function()
    local before = dashboard_yml.decode(dashboard(row(4)))
    for _, case in ipairs { { { METRIC }, 300, { 12 } }, { { METRIC }, nil, { 11 } }, { {}, nil, {} },
      { { METRIC }, nil, nil }, { nil, nil, { 12 } }, { { "a" }, nil, { 12 } } } do
      local ok, err = pcall(dashboard_yml.add_row, before, case[1], case[2], case[3])
      assert.is_false(ok)
      assert.equal("yaml", err.kind)
      assert.truthy(err.errors[1].path:find("^rows%[2%]"))
    end
  end)
end)
