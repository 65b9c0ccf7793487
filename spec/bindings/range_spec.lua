--- mp.range, and ranges and multiranges on their way to the server and back. Each statement runs four times: as text,
--- then prepared and binary.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"
local assert_raises = require "spec.support.assert_raises"
local show = require "spec.support.show"

describe("mp.range", function()
  it("has bounds, and says which belong to it", function()
    local range = mp.range(1, 5)
    assert.are.equal(1, range.lower)
    assert.are.equal(5, range.upper)
    assert.is_true(range.lower_inclusive)
    assert.is_false(range.upper_inclusive)
    assert.is_false(range.is_empty)
    assert.is_nil(range.other)
    assert.is_true(mp.range(1, 5, "[]").upper_inclusive)
    assert.is_false(mp.range(1, 5, "()").lower_inclusive)
  end)

  it("may have no bound, and then includes none", function()
    for _, nothing in ipairs { { n = nil }, { n = mp.null } } do
      local range = mp.range(nothing.n, nothing.n, "[]")
      assert.is_nil(range.lower)
      assert.is_nil(range.upper)
      assert.is_false(range.lower_inclusive)
      assert.is_false(range.upper_inclusive)
      assert.are.equal("(,)", tostring(range))
    end
    assert.are.equal("[1,)", tostring(mp.range(1)))
    assert.are.equal("(,1]", tostring(mp.range(nil, 1, "(]")))
  end)

  it("may be empty", function()
    assert.is_true(mp.range.empty.is_empty)
    assert.is_nil(mp.range.empty.lower)
    assert.are.equal("empty", tostring(mp.range.empty))
    assert.is_false(mp.range.empty:contains(1))
  end)

  it("prints as PostgreSQL writes it", function()
    assert.are.equal("[1,5)", tostring(mp.range(1, 5)))
    assert.are.equal("[1.5,2)", tostring(mp.range(1.5, 2.0)))
    assert.are.equal("(1.50,2.0]", tostring(mp.range(mp.numeric "1.50", mp.numeric "2.0", "(]")))
    assert.are.equal("[2024-01-01,infinity)", tostring(mp.range(mp.date "2024-01-01", mp.date.infinity)))
    assert.are.equal([=[["a ""b"" \\","")]=], tostring(mp.range('a "b" \\', "")))
    assert.are.equal("range: [1,5)", "range: " .. mp.range(1, 5))
    assert.are.equal("1.5[1,5)", mp.numeric "1.5" .. mp.range(1, 5))
  end)

  it("equals one with the same bounds", function()
    assert.is_true(mp.range(1, 5) == mp.range(1, 5))
    assert.is_true(mp.range(mp.date "2024-01-01") == mp.range(mp.date "2024-01-01"))
    assert.is_true(mp.range(mp.numeric "1.0") == mp.range(mp.numeric "1.00"))
    assert.is_false(mp.range(1, 5) == mp.range(1, 5, "[]"))
    assert.is_false(mp.range(1, 5) == mp.range(1, 6))
    assert.is_false(mp.range(0, 5) == mp.range(1, 5))
    assert.is_false(mp.range(1) == mp.range(nil, 1))
    assert.is_false(mp.range.empty == mp.range(nil, nil))
    assert.is_true(mp.range.empty == mp.range.empty)
    assert.is_false(mp.range(1, 5) == mp.numeric(1))
  end)

  it("knows what it contains", function()
    local range = mp.range(1, 5)
    assert.is_true(range:contains(1))
    assert.is_true(range:contains(4.5))
    assert.is_false(range:contains(5))
    assert.is_false(range:contains(0))
    assert.is_true(mp.range(1, 5, "(]"):contains(5))
    assert.is_false(mp.range(1, 5, "(]"):contains(1))
    assert.is_true(mp.range(nil, nil):contains(math.huge))
    assert.is_true(mp.range(mp.date "2024-01-01"):contains(mp.date.infinity))
    assert.is_true(mp.range(mp.numeric "1.5", mp.numeric "2.5"):contains(2))
    assert.is_true(mp.range("a", "c"):contains("b"))
    assert_raises("usage", "a string cannot be in a range of number", range.contains, range, "1")
    assert_raises("usage", "a mp.date cannot be in a range of number", range.contains, range, mp.date "2024-01-01")
    assert_raises("usage", "range:contains needs a value", range.contains, range)
    assert_raises("usage", "the range is a number", range.contains, 1, 1)
  end)

  it("is told from other values", function()
    assert.is_true(mp.range.is(mp.range(1)))
    assert.is_false(mp.range.is { lower = 1 })
    assert.is_false(mp.range.is(mp.date "2024-01-01"))
    assert.are.equal("mp.range", getmetatable(mp.range(1)))
  end)

  it("refuses what is no bound", function()
    assert_raises("usage", 'bounds of mp.range are %[%[; expected "%[%)"', mp.range, 1, 2, "[[")
    assert_raises("usage", "bounds of mp.range are 1", mp.range, 1, 2, 1)
    assert_raises("usage", "a bound of mp.range is a function", mp.range, print)
    assert_raises("usage", "a bound of mp.range is a mp.range", mp.range, mp.range(1))
    assert_raises("usage", "takes its bounds one by one.*hint: say mp.range%(1, 5%)", mp.range, { lower = 1 })
    assert_raises("usage", "a bound of mp.range is a table", mp.range, 1, {})
  end)
end)

describe("a range", function()
  local db

  setup(function()
    db = mp.connect { url = cluster.database(), max_size = 2 }
    db:script [[
      create type floats as range (subtype = float8);
      create type texts as range (subtype = text, collation = "C");
      create domain age as int4range;
    ]]
  end)

  teardown(function() db:close() end)

  local function same(sql, ...)
    local first = db:value(sql, ...)
    for _ = 2, 4 do assert.are.equal(show(first), show(db:value(sql, ...))) end
    return first
  end

  --- The literal reads as `text`, and what was read is the same literal again when it is sent back.
  local function assert_reads(sql_type, literal, text)
    local value = same(("select %s::%s"):format(literal, sql_type))
    assert.are.equal(text, tostring(value))
    assert.are.equal(text, tostring(same(("select $1::%s"):format(sql_type), value)))
    assert.is_true(db:value(("select $1::%s = %s::%s"):format(sql_type, literal, sql_type), value))
    return value
  end

  it("of every type is read and written", function()
    assert_reads("int4range", "'[-2147483648,2147483647)'", "[-2147483648,2147483647)")
    assert_reads("int8range", "'[-9223372036854775808,9223372036854775807)'",
      "[-9223372036854775808,9223372036854775807)")
    assert_reads("numrange", "'[1.50,12345678901234567890.123]'", "[1.50,12345678901234567890.123]")
    assert_reads("tsrange", "'[2024-01-01 12:00,infinity]'", "[2024-01-01T12:00:00,infinity]")
    assert_reads("tstzrange", "'(2024-01-01 12:00+00,)'", "(2024-01-01T12:00:00Z,)")
    assert_reads("daterange", "'[0044-03-15 BC,2024-01-01]'", '["0044-03-15 BC",2024-01-02)')
    assert_reads("floats", "'[-0.5,1e300)'", "[-0.5,1e+300)")
    assert_reads("age", "'[1,5)'", "[1,5)")
  end)

  it("has bounds of its subtype", function()
    assert.is_true(mp.numeric.is(assert_reads("numrange", "'[1,2)'", "[1,2)").lower))
    assert.are.equal("integer", math.type(assert_reads("int8range", "'[1,2)'", "[1,2)").lower))
    assert.are.equal("float", math.type(assert_reads("floats", "'[1,2)'", "[1,2)").lower))
    assert.is_true(mp.date.is(assert_reads("daterange", "'[2024-01-01,2024-01-02)'", "[2024-01-01,2024-01-02)").lower))
    assert.is_true(assert_reads("tstzrange", "'[-infinity,)'", "[-infinity,)").lower == mp.timestamp.minus_infinity)
  end)

  it("may be empty, or without bounds", function()
    for _, sql_type in ipairs { "int4range", "numrange", "tstzrange", "floats", "texts", "age" } do
      assert_reads(sql_type, "'empty'", "empty")
      assert_reads(sql_type, "'(,)'", "(,)")
      assert.is_nil(same(("select null::%s"):format(sql_type)))
    end
    assert.is_true(db:value "select 'empty'::int4range" == mp.range.empty)
  end)

  it("of texts may have any", function()
    local any = ' a"b\\c(,)[] \'ü€ '
    assert.are.equal(any, same("select $1::texts", mp.range(any, nil)).lower)
    assert.are.equal("", same("select $1::texts", mp.range("", "x")).lower)
    same("select $1::texts[]", { mp.range(any, nil), mp.range.empty, mp.null, mp.range(nil, "z" .. any) })
    assert_reads("texts", [=['["a ""b"" \\","c,d")']=], [=[["a ""b"" \\","c,d")]=])
  end)

  it("is made canonical by the server", function()
    assert.are.equal("[1,6)", tostring(same("select $1::int4range", mp.range(1, 5, "[]"))))
    assert.are.equal("[2,5)", tostring(same("select $1::int4range", mp.range(1, 5, "()"))))
    assert.are.equal("empty", tostring(same("select $1::int4range", mp.range(1, 1))))
    assert.are.equal("[1,2]", tostring(same("select $1::numrange", mp.range(1, 2, "[]"))))
  end)

  it("is in arrays", function()
    local value = same("select $1::int4range[]", { mp.range(1, 5), mp.null, mp.range.empty, mp.range(nil, 3) })
    assert.are.equal(show { mp.range(1, 5), mp.null, mp.range.empty, mp.range(nil, 3) }, show(value))
    same("select $1::tstzrange[]", { mp.range(mp.timestamp(0), mp.timestamp.infinity), mp.range(mp.timestamp(0)) })
    same("select $1::floats[]", { { mp.range(1.5, 2) }, { mp.range.empty } })
    assert.are.equal(0, #same("select '{}'::daterange[]"))
  end)

  it("may be a list: a multirange", function()
    local list = { mp.range(1, 3), mp.range(5, 7) }
    assert.are.equal(show(list), show(same("select $1::int4multirange", list)))
    assert.are.equal(show(list), show(same "select '{[1,2],(4,7)}'::int4multirange"))
    assert.is_true(mp.array.is(db:value "select '{}'::int4multirange"))
    assert.are.equal(0, #same("select $1::int4multirange", {}))
    local met = { mp.range(1, 3), mp.range(2, 7) }
    assert.are.equal(show { mp.range(1, 7) }, show(same("select $1::int4multirange", met)))
    for _, name in ipairs { "int8multirange", "nummultirange", "floats_multirange" } do
      assert.are.equal(2, #same(("select $1::%s"):format(name), list))
    end
    local days = { mp.range(mp.date "2024-01-01", mp.date "2024-02-01"), mp.range(mp.date "2024-03-01") }
    assert.are.equal(show(days), show(same("select $1::datemultirange", days)))
    local moments = { mp.range(nil, mp.timestamp(0)), mp.range(mp.timestamp(100)) }
    assert.are.equal(show(moments), show(same("select $1::tstzmultirange", moments)))
    same "select '{[\"2024-01-01 00:00:00\",infinity]}'::tsmultirange"
    local texts = { mp.range('a"b', "c,d)"), mp.range("x]", nil) }
    assert.are.equal(show(texts), show(same("select $1::texts_multirange", texts)))
    assert.are.equal(show { list, {}, mp.null }, show(same("select $1::int4multirange[]", { list, {}, mp.null })))
    assert.are.equal(show { texts }, show(same("select $1::texts_multirange[]", { texts })))
    assert.are.equal(show { { mp.null, list }, { {}, list } },
      show(same("select $1::int4multirange[]", { { mp.null, list }, { {}, list } })))
  end)

  it("is refused where it does not fit, and says why", function()
    local function refuse(pattern, sql, value)
      for _ = 1, 2 do assert_raises("usage", pattern, db.value, db, sql, value) end
    end
    refuse("parameter $1: a range was given, but the statement expects integer", "select $1::int", mp.range(1))
    refuse("parameter $1: a range was given, but the statement expects text", "select $1::text", mp.range(1))
    refuse("expects int4multirange.*hint: a multirange is a list", "select $1::int4multirange", mp.range(1))
    refuse("a table was given, but the statement expects int4range", "select $1::int4range", { 1, 2 })
    refuse("a multirange contains a number; expected an mp.range", "select $1::int4multirange", { 1 })
    refuse("a multirange contains a null", "select $1::int4multirange", { mp.null })
    refuse("a multirange needs a list of ranges", "select $1::int4multirange", { a = mp.range(1) })
    refuse("JSON: a .*range has no JSON form", "select $1::jsonb", { mp.range(1) })
    refuse("22P02", "select $1::int4range", mp.range("x", "y"))
    refuse("22000", "select $1::int4range", mp.range(5, 1))
  end)
end)
