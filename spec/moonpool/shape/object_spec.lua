--- Objects: names and aliases, what is absent, what is unknown, flattened groups, rules; and where mistakes are.

local mp = require "moonpool"
local shape = require "moonpool.shape"

local function lines(list)
  local found = {}
  for i, mistake in ipairs(list) do
    found[i] = (mistake.path ~= "" and mistake.path .. ": " or "") .. mistake.message
  end
  return found
end

local function mistakes(of, value, options)
  return lines((of:check(value, options)))
end

local function keys_of(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  return keys
end

describe("an object's fields", function()
  local of = shape.object("Metric", {
    { "timeFrame", shape.string { alias = { "time_frame", "period" }, required = true } },
    { "name", shape.string {} },
    { "sql", shape.string {} },
  })

  it("are read under all their names, and have one", function()
    for _, name in ipairs { "timeFrame", "time_frame", "period" } do
      assert.same({ timeFrame = "all" }, (of:decode { [name] = "all" }))
    end
  end)

  it("come in the order of the shape", function()
    assert.same({ "timeFrame", "name", "sql" }, keys_of((of:decode { sql = "s", name = "n", period = "p" })))
  end)

  it("are not given twice", function()
    assert.same({ 'time_frame: "time_frame" and "timeFrame" are the same field, timeFrame' },
      mistakes(of, { timeFrame = "a", time_frame = "a" }))
    assert.same({ 'time_frame: "time_frame" and "period" are the same field, timeFrame' },
      mistakes(of, { period = "a", time_frame = mp.null }))
  end)

  it("are said under the name that was written", function()
    assert.same({ "period: expected a text, but it is the number 1" }, mistakes(of, { period = 1 }))
  end)

  it("have their snake_case names where the shape says so, also beside an alias of their own", function()
    local snake = shape.object("Axis", {
      { "y2AxisShowAxisLabel", shape.boolean {} }, { "x", shape.any {} },
      { "isUtc", shape.boolean { alias = { "isUTC", "is_utc" } } },
    }, { snake_case = true })
    assert.same({ y2AxisShowAxisLabel = true, isUtc = false },
      (snake:decode { y2_axis_show_axis_label = true, isUTC = false }))
    assert.same({ isUtc = true }, (snake:decode { is_utc = true }))
  end)

  it("are texts", function()
    assert.same({ "[7]: the key is the number 7; expected the name of a field" },
      mistakes(shape.object("O", { { "a", shape.any {} } }), { a = 1, [7] = 2 }))
  end)

  it("stand in a map", function()
    local others = { ["a list"] = { 1 }, ['the text "x"'] = "x", ["the number 1"] = 1, ["true"] = true }
    for shown, value in pairs(others) do
      assert.same({ "it: expected a map, but it is " .. shown },
        mistakes(shape.object("O", { { "it", of } }), { it = value }))
    end
    assert.same({ "expected a map, but it is null" }, mistakes(of, mp.null))
    assert.same({ "expected a map, but it is a function" }, mistakes(of, print))
    assert.same({ "expected a map, but it is null" }, mistakes(of, nil))
  end)

  it("may have options besides those of their shape", function()
    local base = shape.string { required = true }
    local other = shape.object("O", { { "a", base, { required = false, alias = "b" } }, { "c", base } })
    assert.same({ c = "x" }, (other:decode { c = "x" }))
    assert.same({ a = "y", c = "x" }, (other:decode { b = "y", c = "x" }))
  end)
end)

describe("what is absent", function()
  local of = shape.object("O", {
    { "needed", shape.integer { required = true } },
    { "size", shape.integer { default = 6 } },
    { "list", shape.list(shape.integer {}, { default = { 1 } }) },
    { "made", shape.string { default = function() return "now" end } },
    { "free", shape.any { nullable = true } },
    { "open", shape.string { write_null = true } },
  })

  it("is filled in by its default, a new one each time", function()
    local first, second = of:decode { needed = 1 }, of:decode { needed = 1 }
    assert.same({ needed = 1, size = 6, list = { 1 }, made = "now" }, first)
    first.list[1] = 7
    assert.same({ 1 }, second.list)
    assert.is_true(mp.array.is(second.list))
  end)

  it("leaves what is there: false and empty values too", function()
    local flag = shape.object("F", {
      { "on", shape.boolean { default = true } }, { "t", shape.string { default = "x" } },
    })
    assert.same({ on = false, t = "" }, (flag:decode { on = false, t = "" }))
  end)

  it("is as null is", function()
    assert.same({ needed = 1, size = 6, list = { 1 }, made = "now" },
      (of:decode { needed = 1, size = mp.null, list = mp.null, made = mp.null, open = mp.null }))
  end)

  it("is not as null is where null is a value", function()
    assert.equal(mp.null, of:decode({ needed = 1, free = mp.null }).free)
    assert.is_nil(of:decode({ needed = 1 }).free)
  end)

  it("is a mistake where it is required", function()
    assert.same({ 'needed: "needed" is missing; O requires it' }, mistakes(of, {}))
    assert.same({ 'needed: "needed" is null; O requires a value' }, mistakes(of, { needed = mp.null }))
  end)

  it("may have been meant by an unknown field", function()
    assert.equal('is "neded" meant for it?', of:check({ neded = 1 })[1].hint)
    assert.is_nil(of:check({ zzz = 1 })[1].hint)
  end)
end)

describe("what is unknown", function()
  local function with(policy)
    return shape.object("O", { { "columns", shape.any {} } }, { unknown = policy })
  end

  it("stays, with a warning that names the nearest field", function()
    local value, warnings = with():decode { colums = { 1 }, zeta = "z", columns = 1 }
    assert.same({ columns = 1, colums = { 1 }, zeta = "z" }, value)
    assert.same({ 'colums: there is no field "colums" in O', 'zeta: there is no field "zeta" in O' }, lines(warnings))
    assert.equal("did you mean columns?", warnings[1].hint)
    assert.equal("its fields are columns", warnings[2].hint)
    local of = shape.object("P", { { "lineWidth", shape.any() }, { "color", shape.any(), { alias = "hue" } },
      shape.flatten(shape.object("Q", { { "aWord", shape.any() } }, { snake_case = true }), { nested = "q" }),
    }, { snake_case = true })
    local hints = {}
    for _, warning in ipairs(select(2, of:check { zzz = 1, line_widht = 1, q = { zzzzzzz = 1 } })) do
      hints[warning.path] = warning.hint
    end
    assert.same({ zzz = "its fields are lineWidth, color, aWord", line_widht = "did you mean line_width?",
      ["q.zzzzzzz"] = "its fields are aWord" }, hints)
  end)

  it("is refused in strict mode, or where the shape says so", function()
    assert.same({ 'x: there is no field "x" in O' }, mistakes(with(), { x = 1 }, { strict = true }))
    assert.same({ 'x: there is no field "x" in O' }, mistakes(with "refuse", { x = 1 }))
    assert.same({ 'x: there is no field "x" in O' }, mistakes(with "ignore", { x = 1 }, { strict = true }))
  end)

  it("is left out where the shape says so", function()
    local value, warnings = with("ignore"):decode { columns = 1, x = print }
    assert.same({ columns = 1 }, value)
    assert.same({}, warnings)
  end)

  it("has a form in JSON too", function()
    assert.same({ "x.y: a function has no form in JSON" }, mistakes(with(), { x = { y = print } }))
  end)
end)

describe("a flattened group", function()
  local axis = shape.object("XAxis", {
    { "xAxisTitle", shape.string {} }, { "xAxisInterval", shape.enum { "day", "month" } },
    { "xAxisZoom", shape.boolean { required = true } },
  }, { snake_case = true })
  local of = shape.object("Chart", { { "legend", shape.boolean {} },
    shape.flatten(axis, { nested = { "xAxisConfig", "x_axis_config" } }), { "last", shape.any {} } })

  it("stands among the fields", function()
    local value = of:decode { last = 1, xAxisTitle = "t", x_axis_zoom = true, legend = true }
    assert.same({ legend = true, xAxisTitle = "t", xAxisZoom = true, last = 1 }, value)
    assert.same({ "legend", "xAxisTitle", "xAxisZoom", "last" }, keys_of(value))
  end)

  it("is read from a map of its own too, and is flat then", function()
    assert.same({ xAxisTitle = "t", xAxisZoom = false },
      (of:decode { x_axis_config = { x_axis_title = "t", xAxisZoom = false } }))
    assert.same({ xAxisTitle = "t", xAxisZoom = false },
      (of:decode { xAxisTitle = "t", xAxisConfig = { xAxisZoom = false }, x_axis_config = mp.null }))
  end)

  it("loses nothing by one mistake", function()
    assert.same({ 'xAxisInterval: "null" is not one of day, month' },
      mistakes(of, { xAxisInterval = "null", xAxisTitle = "t", xAxisZoom = true }))
    assert.same({ "xAxisConfig.xAxisTitle: expected a text, but it is the number 1" },
      mistakes(of, { xAxisConfig = { xAxisTitle = 1, xAxisZoom = true } }))
  end)

  it("is not given in both places", function()
    assert.same({
      'xAxisConfig.x_axis_title: "xAxisConfig.x_axis_title" and "xAxisTitle" are the same field, xAxisTitle' },
      mistakes(of, { xAxisTitle = "a", xAxisConfig = { x_axis_title = "a", xAxisZoom = true } }))
    assert.same({
      'x_axis_config.xAxisTitle: "x_axis_config.xAxisTitle" and "xAxisConfig.xAxisTitle" are the same field, '
      .. "xAxisTitle" },
      mistakes(of, { xAxisZoom = true, xAxisConfig = { xAxisTitle = "a" }, x_axis_config = { xAxisTitle = "b" } }))
  end)

  it("keeps what is unknown in its map", function()
    local value, warnings = of:decode { xAxisConfig = { xAxisZoom = true, xAxisFont = "x" } }
    assert.same({ xAxisZoom = true, xAxisConfig = { xAxisFont = "x" } }, value)
    assert.same({ 'xAxisConfig.xAxisFont: there is no field "xAxisFont" in Chart' }, lines(warnings))
    assert.same(value, (of:decode(value)))
  end)

  it("has a map of its own, nothing else", function()
    assert.same({ 'xAxisConfig: expected a map, but it is the text "x"',
      'xAxisZoom: "xAxisZoom" is missing; Chart requires it' }, mistakes(of, { xAxisConfig = "x" }))
  end)

  it("may hold groups itself", function()
    local outer = shape.object("Outer", { shape.flatten(of, { nested = "base" }) })
    assert.same({ xAxisZoom = true, last = 1 }, (outer:decode { last = 1, xAxisConfig = { xAxisZoom = true } }))
    assert.same({ xAxisZoom = true, last = 1 }, (outer:decode { base = { last = 1, x_axis_zoom = true } }))
  end)
end)

describe("rules", function()
  local row = shape.object("Row", {
    { "items", shape.list(shape.integer {}, { required = true }) },
    { "sizes", shape.list(shape.integer { max = 12 }, { required = true, alias = "column_sizes" }) },
    { "height", shape.integer {} },
  }, { rules = {
    { needs = { "items", "sizes" }, check = function(value, report)
      if #value.items ~= #value.sizes then
        report("sizes", ("%d sizes for %d items"):format(#value.sizes, #value.items), "write one for each")
      end
    end },
    function(value, _, warn)
      if value.height == 1 then
        warn({ "sizes", 2 }, "low")
      end
    end,
  } })

  it("report where they say", function()
    local found = row:check { items = { 1 }, column_sizes = { 1, 2 } }
    assert.same({ "column_sizes: 2 sizes for 1 items" }, lines(found))
    assert.equal("write one for each", found[1].hint)
  end)

  it("warn, which is an error in strict mode", function()
    local value = { items = { 1, 2 }, sizes = { 1, 2 }, height = 1 }
    local _, warnings = row:decode(value)
    assert.same({ "sizes[2]: low" }, lines(warnings))
    assert.same({ "sizes[2]: low" }, mistakes(row, value, { strict = true }))
  end)

  it("run where what they need is right, whatever else is wrong", function()
    assert.same({ "height: expected an integer, but it is true", "sizes: 0 sizes for 1 items" },
      mistakes(row, { items = { 1 }, sizes = {}, height = true }))
    assert.same({ "sizes[1]: 13 is too large; expected 12 or less" }, mistakes(row, { items = {}, sizes = { 13 } }))
  end)

  it("say the names that the document has, down to where the mistake is", function()
    local group = shape.object("G", { { "g", shape.list(shape.integer {}) } })
    local of = shape.object("O", {
      { "map", shape.map(row, { keys = string.lower }) }, shape.flatten(group, { nested = "group" }),
    }, { snake_case = true, rules = { function(_, report)
      report({ "map", "x", "sizes", 1 }, "a")
      report({ "g", 1 }, "b")
      report({ "nothing", 1, "x" }, "c")
      report({}, "d")
    end } })
    assert.same({ "map.X.column_sizes[1]: a", "group.g[1]: b", "nothing[1].x: c", "d" },
      mistakes(of, { map = { X = { items = { 1 }, column_sizes = { 1 } } }, group = { g = { 1 } } }))
  end)

  it("let their own errors through", function()
    local broken = shape.object("B", {}, { rules = { function() error("oh", 0) end } })
    assert.has_error(function() broken:check {} end, "oh")
  end)
end)

describe("the place of a mistake", function()
  local of = shape.object("Doc", {
    { "name", shape.string { required = true } },
    { "rows", shape.list(shape.object("Row", { { "id", shape.integer { alias = "key", required = true } } }), {}) },
  }, { rules = { function(value, report) report({ "rows", 1, "id" }, "no " .. value.name) end } })

  local function p(line, column) return line << 24 | column end

  --- name: x            or what is given
  --- rows:
  ---   - id: 1
  ---     key: 2
  local function document(name, row)
    local value = { name = name, rows = { row } }
    return value, { positions = { root = p(1, 1), [value] = { name = p(1, 7), rows = p(3, 3) },
      [value.rows] = { p(3, 5) }, [row] = { id = p(3, 9), key = p(4, 10), more = p(5, 5) },
      keys = { [value] = { name = p(1, 1), rows = p(2, 1) }, [row] = { id = p(3, 5), key = p(4, 5), more = p(5, 1) } },
      lines = "name: x\nrows:\n  - id: 1\n    key: é\n    more: 1\n" } }
  end

  local function places(value, options)
    local found = {}
    for i, mistake in ipairs((of:check(value, options))) do
      found[i] = ("%d:%d %s"):format(mistake.line, mistake.column, mistake.path)
    end
    return found
  end

  it("is that of the value, of the key, or of the map that lacks it", function()
    assert.same({ "1:7 name", "4:5 rows[1].key" }, places(document(1, { id = 2, key = 3 })))
    assert.same({ "3:5 rows[1].id" }, places(document("x", { [""] = nil })))
    local value, options = document("x", { id = 1, more = 2 })
    options.strict = true
    assert.same({ "5:1 rows[1].more" }, places(value, options))
  end)

  it("is that of the value which a rule means", function()
    assert.same({ "3:9 rows[1].id" }, places(document("x", { id = 1 })))
    assert.same({ "4:10 rows[1].key" }, places(document("x", { key = 1 })))
  end)

  it("is that of the first key too, where there are two", function()
    local value, options = document("x", { id = 1, key = 2 })
    assert.equal('"key" and "id" in line 3 are the same field, id', of:check(value, options)[1].message)
  end)

  it("is shown with its line", function()
    local value, options = document(1, { key = "é" })
    options.file = "x.yml"
    local ok, err = pcall(of.decode, of, value, options)
    assert.is_false(ok)
    assert.equal(table.concat({
      "x.yml is no Doc: 2 mistakes",
      "x.yml:1:7: name: expected a text, but it is the number 1",
      "  name: x",
      "        ^",
      '  hint: write it in quotes: "1"',
      'x.yml:4:10: rows[1].key: expected an integer, but it is the text "é"',
      "      key: é",
      "           ^",
    }, "\n"), err.message)
    assert.equal(2, #err.errors)
    assert.equal("rows[1].key", err.errors[2].path)
  end)
end)

describe("an error", function()
  local of = shape.object("Doc", { { "n", shape.integer { required = true } }, { "l", shape.list(shape.integer {}) } })

  it("names the line of the script", function()
    local place = debug.getinfo(1, "l").currentline + 1
    local _, err = pcall(function() return (of:decode { n = "x" }) end)
    assert.matches("object_spec%.lua:" .. place .. "$", err.where)
    assert.equal('expected an integer, but it is the text "x"', err.message)
    assert.equal("n", err.path)
  end)

  it("has the first of very many mistakes, and says how many there are", function()
    local list = {}
    for i = 1, 5000 do list[i] = "x" end
    local _, err = pcall(of.decode, of, { n = 1, l = list })
    assert.equal(1000, #err.errors)
    assert.matches("^the document is no Doc: 5000 mistakes\n", err.message)
    assert.matches("\nand 4980 more$", err.message)
    assert.equal(5000, select(3, of:check { n = 1, l = list }))
  end)

  it("has the warnings too", function()
    local _, err = pcall(of.decode, of, { more = 1 })
    assert.equal(1, #err.warnings)
  end)
end)

describe("an object with a label", function()
  local of = shape.object("Rows", { { "rows", shape.list(shape.object("Row", {
    { "id", shape.integer {} }, { "size", shape.integer { min = 1 } },
  }, { label = function(row) return row.id and ("row %d"):format(row.id) end })) } })

  it("says in its mistakes and warnings what it is", function()
    local errors, warnings = of:check { rows = { { id = 7, size = 0, sise = 1 }, { size = 0 } } }
    assert.same({ "rows[1].size: 0 is too small; expected 1 or more (row 7)",
      "rows[2].size: 0 is too small; expected 1 or more" }, lines(errors))
    assert.same({ 'rows[1].sise: there is no field "sise" in Row (row 7)' }, lines(warnings))
  end)
end)
