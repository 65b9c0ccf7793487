--- mp.show: aligned tables for people.

local mp = require "moonpool"
local show = require "moonpool.show"
local cluster = require "spec.support.cluster"

--- What mp.show writes to standard output.
local function shown(value)
  local parts = {}
  local real = io.stdout
  -- luacheck: push ignore 122
  io.stdout = { write = function(_, ...) parts[#parts + 1] = table.concat({ ... }) end }
  local ok, err = pcall(mp.show, value)
  io.stdout = real
  -- luacheck: pop
  assert(ok, err)
  return table.concat(parts)
end

local function lines(...)
  return table.concat({ ... }, "\n") .. "\n"
end

describe("show", function()
  local db

  setup(function() db = mp.connect { url = cluster.url(), max_size = 1 } end)
  teardown(function() db:close() end)

  it("aligns rows in the order of their columns: numbers right, text left, NULL empty", function()
    local rows = db:query [[
      select * from (values (1, 'one', 1.50, true), (100, 'äöü €', 22.5, null)) t (id, name, amount, ok)
    ]]
    assert.are.equal(lines(
      " id  name   amount  ok",
      "---  -----  ------  ----",
      "  1  one      1.50  true",
      "100  äöü €    22.5",
      "(2 rows)"), shown(rows))
  end)

  it("shows rows as arrays, and two columns of one name", function()
    local rows = db:with { rows = "arrays" }:query("select 1 as a, null as b, 'x' as a")
    assert.are.equal(lines("a     b  a", "-  ----  -", "1  null  x", "(1 row)"), shown(rows))
  end)

  it("shows the columns of no rows, and rows without columns", function()
    assert.are.equal(lines("id  name", "--  ----", "(0 rows)"), shown(db:query "select 1 as id, 2 as name limit 0"))
    assert.matches("%(2 rows%)\n$", shown(db:query "select from generate_series(1, 2)"))
  end)

  it("keeps a value on its line, and cuts it", function()
    local rows = db:query("select $1 as t, $2 as u", "a\nb\t\27[1m", ("€"):rep(100))
    local output = shown(rows)
    assert.are.equal(4, select(2, output:gsub("\n", "\n")))
    assert.matches("a\\nb\\t\\x1b[1m", output, 1, true)
    assert.matches(" " .. ("€"):rep(59) .. "…\n", output, 1, true)
  end)

  it("shows JSON and arrays as JSON", function()
    local row = shown(db:query [[select '{"a": [1, null]}'::jsonb as j, array[1, 2] as l]])
    assert.matches('{"a":[1,null]}  [1,2]', row, 1, true)
  end)

  it("shows one row, whatever its columns are called", function()
    assert.are.equal(lines("a  b", "-  -", "1  x", "(1 row)"), shown { a = 1, b = "x" })
    assert.are.equal(lines("columns  count", "-------  -----", "      5      1", "(1 row)"),
      shown { columns = 5, count = 1 })
  end)

  it("shows a list of tables that did not come from a query", function()
    assert.are.equal(lines("a  b", "-  -", "1", "   2", "(2 rows)"), shown { { a = 1 }, { b = 2 } })
  end)

  it("shows any other value on a line", function()
    for text, value in pairs {
      ["1"] = 1, ["true"] = true, ["x\\ny"] = "x\ny", null = mp.null, ["1.50"] = mp.numeric "1.50", ["{}"] = {},
      ["[1,2]"] = { 1, 2 }, ["w: m\\nhint: h"] = mp.error { kind = "usage", message = "m", where = "w", hint = "h" },
    } do
      assert.are.equal(text .. "\n", shown(value))
    end
    assert.are.equal("\n", shown(nil))
  end)

  it("shows a value that contains itself", function()
    local list, object = {}, {}
    list[1], object.o = list, object
    assert.is_string(shown(list))
    assert.is_string(shown(object))
  end)

  it("shows text that is not UTF-8", function()
    assert.are.equal(lines("a", "--", "\xff\xfe", "(1 row)"), show.format { { a = "\xff\xfe" } })
  end)
end)
