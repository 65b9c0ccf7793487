--- Values on their way to the server and back. Each statement runs three times: as text, then prepared and binary.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"
local assert_raises = require "spec.support.assert_raises"
local same = require "spec.support.same"

local db

--- Sends the value as a parameter of the type and expects `back` (or the value) three times.
local function assert_round_trip(sql_type, value, back)
  if back == nil then back = value end
  local sql = ("select $1::%s"):format(sql_type)
  for _ = 1, 3 do
    same(back, db:value(sql, value))
  end
end

setup(function()
  db = mp.connect { url = cluster.database(), max_size = 1 }
end)

teardown(function()
  db:close()
end)

describe("a value", function()
  it("comes back from each type as the same kind", function()
    assert_round_trip("bool", true)
    assert_round_trip("int2", -32768)
    assert_round_trip("int8", math.mininteger)
    assert_round_trip("float8", 0.1)
    assert_round_trip("float8", -0.0)
    assert_round_trip("float8", math.huge)
    assert_round_trip("numeric", mp.numeric("-12345678901234567890.50"))
    assert_round_trip("numeric", 25, mp.numeric(25))
    assert_round_trip("text", "ü\n'\\")
    assert_round_trip("uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
    assert_round_trip("timestamptz", mp.timestamp("2026-11-24T18:39:19.123456Z"))
    assert_round_trip("timestamptz", mp.timestamp.minus_infinity)
    assert_round_trip("timestamp", mp.timestamp.without_zone("0044-03-15T12:00:00 BC"))
    assert_round_trip("date", mp.date("5874897-12-31"))
    assert_round_trip("date", mp.date.infinity)
    assert_round_trip("time", mp.time("24:00:00"))
    assert_round_trip("interval", mp.interval("-1 years 3 days -00:00:00.5"))
  end)

  it("is NULL when it is nil or mp.null", function()
    for _ = 1, 3 do
      assert.is_nil(db:value("select $1::int", nil))
      assert.is_nil(db:value("select $1::int", mp.null))
    end
  end)

  it("is bytes when it says so, or when the column does", function()
    local raw = "\0\1\255\\x41"
    assert_round_trip("bytea", mp.bytes(raw), raw)
    assert_round_trip("bytea", raw)
    assert_round_trip("bytea", "")
  end)

  it("that no type has is refused, by number and kind", function()
    assert_raises("usage", "parameter $2 is a function; expected nil, a boolean", db.query, db,
      "select $1::int, $2::int", 1, print)
    assert_raises("usage", "parameter $1 is a thread", db.query, db, "select $1::int", coroutine.create(print))
    assert_raises("usage", "parameter $1 is a userdata", db.query, db, "select $1::int", io.stdout)
  end)
end)

describe("an array", function()
  it("comes back with its dimensions and NULL elements, marked", function()
    assert_round_trip("int[]", { 1, mp.null, 3 })
    assert_round_trip("int[]", mp.array({ 1, nil, nil }, 3), { 1, mp.null, mp.null })
    assert_round_trip("int[]", {})
    assert_round_trip("int[]", { { 1, 2 }, { 3, mp.null } })
    assert_round_trip("int[]", { { { { { { 1 } } } } } })
    assert.is_true(mp.array.is(db:value("select '{}'::int[]")))
    assert.is_true(mp.array.is(db:value("select '{{1}}'::int[]")[1]))
  end)

  it("has elements of every kind", function()
    assert_round_trip("text[]", { "", "NULL", "null", "a,b", '"', "\\", " x ", "{}", "ü\n" })
    assert_round_trip("bool[]", { true, false })
    assert_round_trip("float8[]", { 0.1, -0.0, math.huge })
    assert_round_trip("numeric[]", { mp.numeric("1.50"), mp.numeric("NaN") })
    assert_round_trip("bytea[]", { "\0\1", mp.bytes("\255"), "" }, { "\0\1", "\255", "" })
    assert_round_trip("timestamptz[]", { mp.timestamp(0), mp.timestamp.infinity })
    assert_round_trip("timestamp[]", { mp.timestamp.without_zone("2026-01-01 12:00:00") })
    assert_round_trip("date[]", { mp.date("2026-11-24"), mp.date.minus_infinity })
    assert_round_trip("time[]", { mp.time("12:00:00.5") })
    assert_round_trip("interval[]", { mp.interval("1 mon -1 days") })
    assert_round_trip("uuid[]", { "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11" })
  end)

  it("of documents takes tables as documents", function()
    for _, sql_type in ipairs { "json[]", "jsonb[]" } do
      local back = { { a = { 1, 2.5 } }, mp.null, { { 1 } } }
      assert_round_trip(sql_type, { { a = { 1, 2.5 } }, mp.null, mp.json { { 1 } } }, back)
    end
  end)

  it("that is none is refused, and says why", function()
    local function refuse(pattern, value)
      assert_raises("usage", "parameter $1: .*" .. pattern, db.value, db, "select $1::int[]", value)
    end
    refuse("not all equally long and deep", { { 1 }, { 2, 3 } })
    refuse("not all equally long and deep", { { 1 }, 2 })
    refuse("not all equally long and deep", { 1, { 2 } })
    refuse("nothing at 2", { 1, nil, 3 })
    refuse("string keys", { a = 1 })
    refuse('has the key "x" too', { 1, x = 2 })
    refuse("contains an empty list", { {} })
    refuse("more than 6 dimensions", { { { { { { { 1 } } } } } } })
    refuse("contains a function", { print })
    local loop = {}
    loop[1] = loop
    refuse("contains itself", loop)
  end)

  it("may be large", function()
    local list = {}
    for i = 1, 100000 do list[i] = i end
    assert.equal(100000, #db:value("select $1::int[]", list))
    assert.equal(5000050000, db:value("select sum(x)::int8 from unnest($1::int[]) x", list))
  end)

  it("is refused where the statement expects none", function()
    assert_raises("usage", "parameter $1: a table was given, but the statement expects integer", db.value, db,
      "select $1::int", { 1 })
    assert_raises("usage", "statement expects text", db.value, db, "select $1::text", mp.array { "a" })
  end)
end)

describe("a document", function()
  it("comes back as Lua values", function()
    local value = { a = { 1, 2.5, mp.null }, b = { c = true }, d = "ü" }
    assert_round_trip("json", value)
    assert_round_trip("jsonb", value)
    assert_round_trip("jsonb", mp.json(value), value)
    assert_round_trip("jsonb", mp.json(5), 5)
    assert_round_trip("jsonb", mp.json("text"), "text")
    assert_round_trip("jsonb", mp.json(mp.null), mp.null)
    assert_round_trip("jsonb", mp.json(mp.numeric("0.12345678901234567890")), mp.numeric("0.12345678901234567890"))
  end)

  it("keeps an empty list a list and an empty object an object", function()
    for _, sql_type in ipairs { "json", "jsonb" } do
      local sql = ("select ($1::%s)::text"):format(sql_type)
      for _ = 1, 3 do
        assert.equal("{}", db:value(sql, {}))
        assert.equal("[]", db:value(sql, mp.array {}))
      end
    end
  end)

  it("that JSON cannot say is refused, and where", function()
    assert_raises("usage", "parameter $1: JSON: a function has no JSON form %(at a%[1%]%)", db.value, db,
      "select $1::jsonb", { a = { print } })
  end)
end)

describe("NULL", function()
  it("is mp.null in rows as arrays, and absent in rows by name", function()
    local sql = "select null::int as a, 1 as b, array[null]::int[] as c"
    for _ = 1, 3 do
      assert.same({ mp.null, 1, { mp.null } }, db:with({ rows = "arrays" }):one(sql))
      local row = db:one(sql)
      assert.is_nil(row.a)
      assert.equal(mp.null, row.c[1])
    end
  end)
end)

describe("many rows", function()
  it("leave the collector as it was", function()
    local sql = [[
      select i, i::numeric as n, now() as t, '{1,2}'::int[] as a, '{"k":[1]}'::jsonb as j
      from generate_series(1, 5000) i]]
    local rows = db:query(sql)
    assert.equal(5000, #rows)
    assert.equal("5000", tostring(rows[5000].n))
    assert.same({ k = { 1 } }, rows[5000].j)
    assert.is_true(collectgarbage("isrunning"))
  end)
end)
