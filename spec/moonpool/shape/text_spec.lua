--- Shapes and texts: mistakes at their line and column, with the line itself.

local mp = require "moonpool"
local shape = require "moonpool.shape"

local goal = shape.object("Goal", { { "value", shape.number {} }, { "label", shape.string {} } })
local metric = shape.object("Metric", {
  { "name", shape.string { required = true, blank = false } },
  { "timeFrame", shape.string { default = "all_time" } },
  { "sql", shape.string { required = true } },
  { "colors", shape.list(shape.string { pattern = "^#%x%x%x%x%x%x$", expected = 'a colour such as "#B399FD"' }) },
  { "goals", shape.list(goal) },
  { "formats", shape.map(shape.object("Format", { { "style", shape.enum { "date", "number" } } }),
    { keys = string.lower }) },
}, { snake_case = true })

local function places(text, of)
  local found = {}
  for i, mistake in ipairs(((of or metric):check(text))) do
    found[i] = ("%s:%s %s: %s"):format(mistake.line, mistake.column, mistake.path, mistake.message)
  end
  return found
end

local function text_of(text, options)
  local ok, err = pcall(metric.decode, metric, text, options)
  assert(not ok and mp.is_error(err) and err.kind == "yaml", tostring(err))
  return (tostring(err):gsub("^[^\n]-:%d+: ", "", 1)), err
end

describe("a text", function()
  it("is read as it is: nothing in it is repaired", function()
    local value = metric:decode [[
name: "Sales: Q1, it's 100%"
time_frame: "10:30"
sql: |
  name: 'x'
  select "a:b" -- %
goals:
  - { label: 'Goal: a', value: 100000 }
colors: ["#B399FD"]
formats: { MONTH: { style: date }, "Total Revenue": { style: number } }
]]
    assert.same({ name = "Sales: Q1, it's 100%", timeFrame = "10:30", sql = "name: 'x'\nselect \"a:b\" -- %\n",
      goals = { { label = "Goal: a", value = 100000 } }, colors = { "#B399FD" },
      formats = { month = { style = "date" }, ["total revenue"] = { style = "number" } } }, value)
    local keys = {}
    for key in pairs(value.formats) do keys[#keys + 1] = key end
    assert.same({ "month", "total revenue" }, keys)
  end)

  it("may be JSON", function()
    assert.equal("n", metric:decode('{ "name": "n", "sql": "s" }').name)
  end)

  it("has all its mistakes at their places, in their order", function()
    assert.same({
      '1:7 name: expected a text, but it is the number 12',
      '3:1 timeFrame: "timeFrame" and "time_frame" in line 2 are the same field, timeFrame',
      '5:14 goals[1].value: expected a number, but it is the text "é"',
      '5:24 goals[1].label: expected a text, but it is true',
      '7:5 colors[1]: "blue" is not a colour such as "#B399FD"',
      '9:21 formats.Month.style: "dates" is not one of date, number',
      '10:3 formats.MONTH: "MONTH" and "Month" in line 9 are the same key',
    }, places("name: 12\ntime_frame: a\ntimeFrame: b\ngoals:\n  - { value: é, label: true }\ncolors:\n  - blue\n"
      .. "formats:\n  Month:   { style: dates }\n  MONTH: {}\nsql: x\n"))
  end)

  it("says what lacks a field: the map", function()
    assert.same({ '3:1 sql: "sql" is missing; Metric requires it' }, places("# a comment\n\nname: x\n"))
    assert.same({ '1:1 : expected a map, but it is a list' }, places("- 1"))
  end)

  it("knows that a colour without quotes is a comment", function()
    local text = "name: x\nsql: s\ncolors:\n  - '#B399FD'\n\n  - #FC8497\n"
    local mistake = metric:check(text)[1]
    assert.same({ 6, "colors[2]" }, { mistake.line, mistake.path })
    assert.equal('# begins a comment; write it in quotes: "#FC8497"', mistake.hint)
    assert.equal('# begins a comment; write it in quotes: "#1"', metric:check("name: #1\nsql: s")[1].hint)
    assert.is_nil(metric:check("name:\nsql: s")[1].hint)
  end)

  it("knows that what stands behind a # would have been right, where null would do", function()
    local colour = shape.string { check = function(value) return value ~= "#fff" and "no colour" or nil end }
    local of = shape.object("O", {
      { "colour", colour }, { "colours", shape.list(colour) }, { "note", shape.string() },
    })
    assert.same({ '1:8 colour: "colour" is null', '3:9 colours: "colours" is null' },
      places("colour: #fff\nnote: #fff\ncolours: #fff", of))
    assert.equal('# begins a comment; write it in quotes: "#fff"', of:check("colour: #fff")[1].hint)
    assert.same({}, places("colour: # none\ncolours: #later\nnote: #1", of))
  end)

  it("knows that a colour without quotes ends no list in brackets", function()
    local mistake = metric:check("name: x\nsql: s\ncolors: ['#111', #FC8497]\nother: 1\n")[1]
    assert.equal('in line 3 a # begins a comment; write it in quotes: "#FC8497"', mistake.hint)
  end)

  it("shows one mistake with its line", function()
    assert.equal([[
expected a text, but it is the number 7
m.yml:2: sql: 7
              ^
path: sql
hint: write it in quotes: "7"]], (text_of("name: x\nsql: 7\n", { file = "m.yml" })))
  end)

  it("shows several, each with its line", function()
    local text, err = text_of("name: ''\nsql: é\ngoals: [ { label: 1 } ]\n", { file = "m.yml" })
    assert.equal([[
m.yml is no Metric: 2 mistakes
m.yml:1:7: name: the text is blank
  name: ''
        ^
m.yml:3:19: goals[1].label: expected a text, but it is the number 1
  goals: [ { label: 1 } ]
                    ^
  hint: write it in quotes: "1"]], text)
    assert.equal(2, #err.errors)
  end)

  it("shows its last line, also without an end, and no line that is too long or would not print", function()
    assert.matches("\n  sql: 2\n       %^\n", (text_of("name: 1\nsql: 2")))
    assert.matches("\n  sql: 2\n       %^\n", (text_of("name: 1\r\nsql: 2\r\n")))
    assert.matches("\n  name: 1 # a b\n        %^\n", (text_of("name: 1 # a\tb\nsql: 2")))
    local long = text_of("name: [" .. ("x, "):rep(200) .. "]\nsql: 2")
    assert.not_matches("x, x", long)
  end)

  it("has its lines behind a byte-order mark", function()
    assert.matches("\n  name: 1\n        %^\n", (text_of("\u{FEFF}name: 1\nsql: 2")))
  end)

  it("may be UTF-16", function()
    local utf_16 = "\xff\xfe" .. (("name: 1\nsql: 2"):gsub(".", "%0\0"))
    assert.matches("\n  name: 1\n        %^\n", (text_of(utf_16)))
  end)

  it("may have keys of any kind, which have no address in a path", function()
    assert.same({ "3:3 [a list]: the key is a list; expected the name of a field",
      "5:1 [1.5]: the key is the number 1.5; expected the name of a field" },
      places("name: x\nsql: y\n? [1]\n: 2\n1.5: 2\n"))
  end)

  it("that is no YAML is one mistake", function()
    for text, line in pairs { ["name: [a, b\nfoo: 1"] = 2, ["name: a\nname: b"] = 2, ["a: *b"] = 1 } do
      local found = metric:check(text)
      assert.equal(1, #found)
      assert.equal(line, found[1].line)
      local _, err = text_of(text)
      assert.same(found[1].message, err.message)
      assert.equal(1, #err.errors)
    end
    assert.equal("a ',' or the end of the list, ']', was expected here\nm.yml:2: foo: 1\n            ^\npath: name[3]\n"
      .. "detail: the list begins in line 1, column 7", (text_of("name: [a, b\nfoo: 1", { file = "m.yml" })))
  end)

  it("that is empty is null", function()
    assert.equal("expected a map, but it is null", metric:check("~")[1].message)
    for _, text in ipairs { "", "# only a comment", " \r\n", "\u{FEFF}" } do
      assert.equal("expected a map, but the document is empty", metric:check(text)[1].message)
    end
    assert.same({}, (shape.any():check ""))
    assert.equal("expected a text, but it is null", shape.list(shape.string()):check("- ")[1].message)
  end)

  it("is a value where the script says so", function()
    assert.equal("a: [", shape.string():decode("a: [", { value = true }))
    assert.equal("expected a map, but it is the text \"a: [\"", metric:check("a: [", { value = true })[1].message)
  end)

  it("is limited by the options of the YAML reader", function()
    assert.equal(1, #metric:check("name: x\nsql: s\n", { yaml = { max_bytes = 5 } }))
    assert.has_error(function() metric:check("name: x", { yaml = { max_byte = 5 } }) end)
  end)
end)
