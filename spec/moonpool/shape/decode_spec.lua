--- What shapes read of each kind, and what they say of everything else.

local mp = require "moonpool"
local shape = require "moonpool.shape"

--- The messages of all mistakes, and of all warnings.
local function messages(of, value, options)
  local mistakes, warnings = of:check(value, options)
  local found, warned = {}, {}
  for i, mistake in ipairs(mistakes) do
    found[i] = (mistake.path ~= "" and mistake.path .. ": " or "") .. mistake.message
  end
  for i, warning in ipairs(warnings) do
    warned[i] = (warning.path ~= "" and warning.path .. ": " or "") .. warning.message
  end
  return found, warned
end

local function hint(of, value)
  return of:check(value)[1].hint
end

--- Reads a value that is no text of a document.
local function read(of, value)
  return shape.object("It", { { "it", of } }):decode({ it = value }).it
end

local function message(of, value)
  local found = messages(shape.object("It", { { "it", of } }), { it = value })
  assert.equal(1, #found, table.concat(found, "\n"))
  return (found[1]:gsub("^it: ", ""))
end

local function hint_for(of, value)
  return hint(shape.object("It", { { "it", of } }), { it = value })
end

describe("shape.string", function()
  it("reads texts, and nothing else", function()
    assert.equal("é", read(shape.string {}, "é"))
    assert.equal("", read(shape.string {}, ""))
    assert.equal("expected a text, but it is the number 45", message(shape.string {}, 45))
    for text, value in pairs { ["45"] = 45, ["1.5"] = 1.5, ["false"] = false,
      ["99999999999999999999"] = mp.numeric "99999999999999999999", ["2026-01-31"] = mp.date "2026-01-31",
      ["2026-01-31T00:00:00Z"] = mp.timestamp "2026-01-31T00:00:00Z" } do
      assert.equal(('write it in quotes: "%s"'):format(text), hint_for(shape.string {}, value))
    end
    assert.is_nil(hint_for(shape.string {}, {}))
    assert.equal("expected a text, but it is true", message(shape.string {}, true))
    assert.equal("expected a text, but it is a list", message(shape.string {}, { "a" }))
    assert.equal("expected a text, but it is a map", message(shape.string {}, { a = 1 }))
    assert.equal("expected a text, but it is a function", message(shape.string {}, print))
  end)

  it("counts characters, not bytes", function()
    assert.equal("ééé", read(shape.string { max_length = 3 }, "ééé"))
    assert.equal("the text has 4 characters; expected 3 or fewer", message(shape.string { max_length = 3 }, "éééé"))
    assert.equal("the text has 1 characters; expected 2 or more", message(shape.string { min_length = 2 }, "é"))
  end)

  it("says what a pattern means", function()
    local colour = shape.string { pattern = "^#%x%x%x$", expected = "a colour such as #fff" }
    assert.equal("#b1A", read(colour, "#b1A"))
    assert.equal('"red" is not a colour such as #fff', message(colour, "red"))
    assert.equal('"red" does not match "^#"', message(shape.string { pattern = "^#" }, "red"))
    assert.equal("expected a colour such as #fff, but it is the number 1", message(colour, 1))
  end)

  it("refuses what is blank, where it is said", function()
    assert.equal("the text is blank", message(shape.string { blank = false }, " \t\n"))
    assert.equal("x", read(shape.string { blank = false }, "x"))
  end)

  it("refuses what the database cannot hold", function()
    assert.equal("the text is not valid UTF-8", message(shape.string {}, "\xff"))
    assert.equal("the text has a NUL character, which JSON in the database cannot hold",
      message(shape.string {}, "a\0b"))
  end)

  it("converts before it checks", function()
    local lower = shape.string { pattern = "^%l+$", convert = function(value)
      return type(value) == "string" and value:lower() or value
    end }
    assert.equal("abc", read(lower, "ABC"))
    assert.equal("expected a text, but it is the number 1", message(lower, 1))
  end)

  it("converts scalars only", function()
    local given = {}
    local of = shape.string { convert = function(value)
      given[#given + 1] = type(value)
      return "x"
    end }
    for _, value in ipairs { "a", 1, true } do
      assert.equal("x", read(of, value))
    end
    for _, value in ipairs { {}, print, mp.numeric "1" } do
      assert.matches("^expected a text", message(of, value))
    end
    assert.same({ "string", "number", "boolean" }, given)
  end)

  it("asks a function last", function()
    local even = shape.integer { max = 10, check = function(value)
      if value % 2 == 1 then return value .. " is odd", "add one" end
    end }
    assert.equal(4, read(even, 4))
    assert.equal("3 is odd", message(even, 3))
    assert.equal("add one", hint_for(even, 3))
    assert.equal("11 is too large; expected 10 or less", message(even, 11))
    assert.equal('expected an integer, but it is the text "x"', message(even, "x"))
  end)
end)

describe("shape.enum", function()
  local kind = shape.enum { "horizontal", "vertical" }

  it("reads its labels, and names the nearest", function()
    assert.equal("vertical", read(kind, "vertical"))
    assert.equal('"vertcal" is not one of horizontal, vertical', message(kind, "vertcal"))
    assert.equal("did you mean vertical?", hint_for(kind, "vertcal"))
    assert.is_nil(hint_for(kind, "zzz"))
    assert.is_nil(hint_for(kind, ""))
    assert.equal("expected one of horizontal, vertical, but it is the number 1", message(kind, 1))
    local odd = shape.enum { ",", "", "a b", "c-d", "e_f" }
    assert.equal('"." is not one of ",", "", "a b", c-d, e_f', message(odd, "."))
    assert.equal('"." is not ","', message(shape.enum { "," }, "."))
    assert.equal('expected ",", but it is the number 1', message(shape.enum { "," }, 1))
  end)

  it("does not name too many", function()
    local labels = {}
    for i = 1, 20 do labels[i] = "l" .. i end
    assert.matches("l12 and 8 more$", message(shape.enum(labels), "x"))
  end)
end)

describe("numbers", function()
  it("are integers of 64 bits, also where a float is one", function()
    assert.equal("integer", math.type(read(shape.integer {}, 3.0)))
    assert.equal(math.mininteger, read(shape.integer {}, math.mininteger))
    assert.equal("expected an integer, but it is the number 1.5", message(shape.integer {}, 1.5))
    assert.equal('expected an integer, but it is the text "1"', message(shape.integer {}, "1"))
    assert.equal("write it without quotes", hint_for(shape.integer {}, "1"))
    assert.matches("is an integer of more than 64 bits$", message(shape.integer {}, mp.numeric "99999999999999999999"))
    assert.matches("^expected an integer, but it is the number 1.5", message(shape.integer {}, mp.numeric "1.5"))
  end)

  it("have a range, in which 32-bit sums cannot overflow", function()
    local size = shape.integer { min = 3, max = 12 }
    assert.equal("4294967295 is too large; expected 12 or less", message(size, 4294967295))
    assert.equal("2 is too small; expected 3 or more", message(size, 2))
    assert.same({ 3, 12 }, { read(size, 3), read(size, 12) })
    assert.equal("0.5 is too small; expected 1 or more", message(shape.number { min = 1 }, 0.5))
  end)

  it("are finite", function()
    assert.equal("inf is not a finite number", message(shape.number {}, math.huge))
    assert.matches("nan is not a finite number$", message(shape.number {}, 0 / 0))
    assert.matches("is not a finite number$", message(shape.number {}, mp.numeric "NaN"))
    assert.equal(1.5, read(shape.number {}, mp.numeric "1.5"))
  end)
end)

describe("other scalars", function()
  it("are booleans and nothing that looks like one", function()
    assert.is_false(read(shape.boolean {}, false))
    for _, other in ipairs { "true", "yes", 0, 1, {} } do
      assert.matches("^expected true or false, but it is", message(shape.boolean {}, other))
    end
    assert.equal("write true or false, without quotes", hint_for(shape.boolean {}, "yes"))
  end)

  it("are uuids, in lower case once they are read", function()
    local id = "0B1C7D5E-0000-4000-8000-00000000ABCD"
    assert.equal(id:lower(), read(shape.uuid {}, id))
    assert.equal('"0B1C" is no uuid', message(shape.uuid {}, "0B1C"))
    assert.equal('write it in quotes: "3"', hint_for(shape.uuid {}, 3))
    assert.equal('write it in quotes: "3"', hint_for(shape.enum { "3" }, 3))
    assert.is_nil(hint_for(shape.uuid {}, {}))
    assert.equal('"' .. id .. ' " is no uuid', message(shape.uuid {}, id .. " "))
  end)

  it("are moments with a zone", function()
    assert.equal(mp.timestamp "2026-01-31T12:00:00Z", read(shape.timestamp {}, "2026-01-31T13:00:00+01:00"))
    assert.equal(mp.timestamp "2026-01-31T12:00:00Z", read(shape.timestamp {}, mp.timestamp "2026-01-31T12:00:00Z"))
    assert.matches("has no time zone$", message(shape.timestamp {}, mp.timestamp.without_zone "2026-01-31T12:00:00"))
    assert.matches("^expected a moment", message(shape.timestamp {}, "yesterday"))
  end)

  it("are read from texts and numbers where they are lenient", function()
    local rotation = shape.enum { "0", "45", "auto", lenient = true }
    assert.same({ "45", "45", "0", "auto" },
      { read(rotation, 45), read(rotation, "45"), read(rotation, 0.0), read(rotation, "auto") })
    assert.equal('"46" is not one of 0, 45, auto', message(rotation, 46))
    assert.equal(12, read(shape.integer { lenient = true }, "12"))
    assert.equal('expected an integer, but it is the text "1x"', message(shape.integer { lenient = true }, "1x"))
    assert.equal('expected an integer, but it is the text ""', message(shape.integer { lenient = true }, ""))
    assert.equal('expected an integer, but it is the text "0x10"', message(shape.integer { lenient = true }, "0x10"))
    assert.is_true(read(shape.boolean { lenient = true }, "true"))
    assert.is_false(read(shape.boolean { lenient = true }, "false"))
  end)

  it("may be only advice: a warning, and an error in strict mode", function()
    local of = shape.object("It", { { "it", shape.enum { "log", "linear", advisory = true } },
      { "width", shape.number { max = 20, advisory = true } } })
    local value, warnings = of:decode { it = "lin", width = 21 }
    assert.same({ it = "lin", width = 21 }, value)
    assert.same({ '"lin" is not one of log, linear', "21 is too large; expected 20 or less" },
      { warnings[1].message, warnings[2].message })
    assert.equal(2, #of:check({ it = "lin", width = 21 }, { strict = true }))
    assert.equal("expected one of log, linear, but it is the number 3", message(shape.enum { "log", "linear",
      advisory = true }, 3))
  end)
end)

describe("shape.any", function()
  it("reads whatever JSON can hold, as it is", function()
    local list = { 1, "a", mp.null, { b = { false } } }
    assert.equal(list, read(shape.any {}, list))
    assert.equal(mp.timestamp "2026-01-31T12:00:00Z", read(shape.any {}, mp.timestamp "2026-01-31T12:00:00Z"))
  end)

  it("says where it holds something else", function()
    local of = shape.object("It", { { "it", shape.any {} } })
    local found = messages(of, { it = { a = { 1, print }, b = { [3] = 1 }, c = 1 / 0, d = { [true] = 1 }, e = "\xff",
      f = mp.numeric "NaN", g = mp.bytes "x", h = { 1, nil, 3 } } })
    assert.same({
      "it.a[2]: a function has no form in JSON",
      "it.b[3]: the key is the number 3; expected a text",
      "it.c: inf has no form in JSON",
      "it.d[true]: the key is true; expected a text",
      "it.e: the text is not valid UTF-8",
      "it.f: NaN has no form in JSON",
      "it.g: an mp.bytes has no form in JSON",
      "it.h: a table is neither a list nor a map: it has holes or other keys",
    }, found)
  end)
end)

describe("shape.list", function()
  it("reads lists, also empty ones, and marks them", function()
    local of = shape.list(shape.integer {})
    assert.same({ 1, 2 }, of:decode { 1, 2 })
    assert.is_true(mp.array.is((of:decode {})))
    assert.is_true(mp.array.is((of:decode(mp.array {}))))
  end)

  it("says which items are wrong", function()
    local of = shape.list(shape.integer { min = 3 }, { max_items = 3 })
    assert.same({ "the list has 4 items; expected 3 or fewer", "[1]: 1 is too small; expected 3 or more",
      '[3]: expected an integer, but it is the text "x"', "[4]: expected an integer, but it is null" },
      messages(of, { 1, 5, "x", mp.null }))
    assert.same({ "the list has 0 items; expected 1 or more" },
      messages(shape.list(shape.any {}, { min_items = 1 }), {}))
  end)

  it("refuses other tables", function()
    local of = shape.list(shape.any {})
    assert.same({ "expected a list, but it is a map" }, messages(of, { a = 1 }))
    assert.same({ "the table is no list: it has holes or other keys than 1, 2, 3, ..." }, messages(of, { 1, nil, 3 }))
    assert.same({ "the table is no list: it has holes or other keys than 1, 2, 3, ..." }, messages(of, { 1, a = 2 }))
    assert.same({ "expected a list, but it is the number 1" }, messages(of, 1))
    assert.same({ "expected a list, but it is null" }, messages(of, mp.null))
    assert.same({ "expected a list, but it is null" }, messages(of, nil))
  end)

  it("says how a list is written", function()
    local of = shape.list(shape.any {})
    assert.equal("a list is written [MONTH]", hint_for(of, "MONTH"))
    assert.equal("a list is written [a, b]", hint_for(of, "a, b"))
    assert.equal('a list is written ["#fff"]', hint_for(of, "#fff"))
    assert.equal("a list is written [1]", hint_for(of, 1))
    assert.equal('each item of a list begins with "- "', hint_for(of, { a = 1 }))
    for _, value in ipairs { print, ("x"):rep(100), "\xff", "a\nb", "a[1]", true } do
      assert.is_nil(hint_for(of, value))
    end
  end)

  it("refuses an item that is there already, where it is said", function()
    local of = shape.list(shape.string {}, { unique = true })
    assert.same({ '[3]: the text "a" stands at 1 already' }, messages(of, { "a", "b", "a" }))
    assert.same({ "[2]: the number 1.0 stands at 1 already" },
      messages(shape.list(shape.number {}, { unique = true }), { 1, 1.0 }))
    assert.same({ "[2]: true stands at 1 already" },
      messages(shape.list(shape.boolean {}, { unique = true }), { true, true }))
  end)
end)

describe("shape.map", function()
  local function lower(key)
    if key == "" then
      return nil, "a column has a name"
    end
    return key:lower()
  end

  it("reads any keys, and brings them into one form", function()
    local of = shape.map(shape.integer {}, { keys = lower })
    assert.same({ month = 1, ["total revenue"] = 2 }, of:decode { MONTH = 1, ["Total Revenue"] = 2 })
    assert.same({ "a column has a name" }, { of:check({ [""] = 1 })[1].message })
  end)

  it("refuses two keys that become one, and names both", function()
    local of = shape.map(shape.integer {}, { keys = lower })
    assert.same({ 'month: "month" and "MONTH" are the same key' }, messages(of, { MONTH = 1, month = 2 }))
  end)

  it("says which value is wrong, with keys of any kind", function()
    local of = shape.map(shape.integer {})
    assert.equal('write it in quotes: "7"', hint(of, { [7] = 1 }))
    assert.is_nil(hint(of, { [true] = 1 }))
    assert.same({ "[7]: the key is the number 7; expected a text", '["a b"]: expected an integer, but it is true',
      "c: expected an integer, but it is false" }, messages(of, { ["a b"] = true, [7] = 1, c = false }))
  end)
end)

describe("shape.any_of", function()
  local headline = shape.any_of { shape.boolean {}, shape.enum { "current", "average" } }

  it("reads the first that fits", function()
    assert.is_true(read(headline, true))
    assert.equal("average", read(headline, "average"))
  end)

  it("tells the mistakes of the only one that is for such a value", function()
    assert.equal('"averge" is not one of current, average', message(headline, "averge"))
    assert.equal("did you mean average?", hint_for(headline, "averge"))
    local header = shape.object("Header", { { "columnId", shape.string { required = true } } })
    local of = shape.any_of { shape.string {}, header }
    assert.equal('"columnId" is missing; Header requires it', of:check({})[1].message)
  end)

  it("knows which one is for such a value", function()
    local object = shape.object("O", { { "a", shape.any { required = true } } })
    for _, case in ipairs {
      { shape.integer { min = 3 }, 1, "1 is too small; expected 3 or more" },
      { shape.number { min = 3 }, 1.5, "1.5 is too small; expected 3 or more" },
      { shape.list(shape.any {}, { min_items = 1 }), mp.array {}, "the list has 0 items; expected 1 or more" },
      { object, {}, '"a" is missing; O requires it' },
      { shape.lazy(function() return object end), { b = 1 }, '"a" is missing; O requires it' },
      { shape.map(shape.integer {}, { keys = function() return nil, "no" end }), { b = 1 }, "no" },
      { shape.tagged("t", { { "x", object } }), { t = 1 }, "expected one of x; but it is the number 1" },
      { shape.timestamp {}, mp.timestamp.without_zone "2026-01-31T12:00:00",
        "the time 2026-01-31T12:00:00 has no time zone" },
    } do
      local found = shape.any_of({ shape.boolean {}, case[1] }):check(case[2])
      assert.same({ 1, case[3] }, { #found, found[1].message })
    end
  end)

  it("says what it wants where none is", function()
    assert.equal("expected true or false, or one of current, average, but it is the number 1", message(headline, 1))
    local both = shape.any_of { shape.list(shape.string {}), shape.list(shape.integer {}) }
    assert.equal("expected a list, or a list, but it is a list", message(both, { true }))
  end)

  it("keeps the warnings of the one that fits, and no other's", function()
    local of = shape.any_of { shape.object("A", { { "a", shape.integer { required = true } } }),
      shape.object("B", { { "b", shape.integer {} } }) }
    local value, warnings = of:decode { b = 1, c = 2 }
    assert.same({ b = 1, c = 2 }, value)
    assert.equal(1, #warnings)
  end)
end)

describe("shape.tagged", function()
  local bar = shape.object("Bar", { { "layout", shape.enum { "horizontal", "vertical" } } })
  local pie = shape.object("Pie", { { "width", shape.integer { required = true } } })
  local chart = shape.tagged("type", { { "bar", bar }, { "pie", pie } })

  it("reads the object that the tag names, and keeps the tag", function()
    assert.same({ type = "bar", layout = "vertical" }, (chart:decode { type = "bar", layout = "vertical" }))
    local _, warnings = chart:decode { type = "pie", width = 1 }
    assert.same({}, warnings)
  end)

  it("says what is wrong in it", function()
    assert.same({ '"width" is missing; Pie requires it' }, { chart:check({ type = "pie" })[1].message })
  end)

  it("wants one of its tags", function()
    assert.same({ 'type: "type" is missing; expected one of bar, pie' }, messages(chart, { layout = "vertical" }))
    assert.same({ 'type: "type" is missing; expected one of bar, pie' }, messages(chart, { type = mp.null }))
    assert.same({ 'type: expected one of bar, pie; but it is the text "barr"' }, messages(chart, { type = "barr" }))
    assert.equal("did you mean bar?", hint(chart, { type = "barr" }))
    assert.equal('is "typ" meant for it?', hint(chart, { typ = "bar" }))
    assert.same({ "type: expected one of bar, pie; but it is a list" }, messages(chart, { type = { "bar" } }))
    assert.same({ "expected a map, but it is a list" }, messages(chart, { "bar" }))
  end)

  it("goes on with the nearest tag", function()
    assert.same({ 'type: expected one of bar, pie; but it is the text "Bar"',
      'layout: "up" is not one of horizontal, vertical' }, messages(chart, { type = "Bar", layout = "up" }))
    assert.equal(1, #messages(chart, { type = "ring", layout = "up" }))
  end)

  it("knows which tag has a field", function()
    local _, warnings = chart:check { type = "bar", width = 1, widht = 1, colour = 1 }
    local hints = {}
    for i, warning in ipairs(warnings) do
      hints[i] = warning.path .. ": " .. warning.hint
    end
    assert.same({ "colour: its fields are layout", "widht: its fields are layout",
      "width: it is a field where type is pie" }, hints)
  end)
end)

describe("shape.lazy", function()
  local tree
  tree = shape.object("Tree", { { "name", shape.string { required = true } },
    { "children", shape.list(shape.lazy(function() return tree end)) } })

  it("reads what contains itself", function()
    local value = { name = "a", children = { { name = "b", children = { { name = "c" } } } } }
    assert.same(value, (tree:decode(value)))
    assert.same({ 'children[1].children[1].name: "name" is missing; Tree requires it' },
      messages(tree, { name = "a", children = { { name = "b", children = { {} } } } }))
  end)
end)
