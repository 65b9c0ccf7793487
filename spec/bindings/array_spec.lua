local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"

local cluster = require "spec.support.cluster"
local show = require "spec.support.show"

describe("an array whose subscripts do not begin at 1", function()
  local db

  setup(function()
    db = mp.connect { url = cluster.database(), max_size = 1 }
    db:exec "create type mood as enum ('glad', 'sad')"
  end)

  teardown(function() db:close() end)

  --- Reads the literal and sends it back, as text and in binary; the server says what has come.
  local function assert_kept(sql_type, literal)
    local back = ("select $1::%s::text"):format(sql_type)
    for _ = 1, 4 do
      local value = db:value(("select '%s'::%s"):format(literal, sql_type))
      assert.equal(literal, db:value(back, value))
    end
    return db:value(("select '%s'::%s"):format(literal, sql_type))
  end

  it("keeps them when it is written back", function()
    assert.equal(0, mp.array.lower(assert_kept("int[]", "[0:2]={1,NULL,3}")))
    assert.same({ -5, 2 }, { mp.array.lower(assert_kept("int[]", "[-5:-4][2:4]={{1,2,3},{4,5,6}}")) })
    assert_kept("text[]", '[3:4]={"a b",NULL}')
    assert_kept("mood[]", "[2:3]={glad,sad}")
    assert_kept("int4range[]", '[7:8]={"[1,5)",empty}')
    assert_kept("int[]", "[2147483645:2147483646]={1,2}")
    assert_kept("int[]", "[-2147483648:-2147483648]={1}")
  end)

  it("is a list from 1 on, like any other", function()
    local list = assert_kept("int[]", "[0:1]={7,8}")
    assert.is_true(mp.array.is(list))
    assert.equal(show { 7, 8 }, show(list))
    assert.equal("[7,8]", mp.json.encode(list))
    assert.equal("mp.array", getmetatable(list))
    list[3] = 9
    assert.equal("[0:2]={7,8,9}", db:value("select $1::int[]::text", list))
    assert.equal("[0:2]={7,8,9}", db:value("select $1::int[]::text", mp.array(list)))
    list[1], list[2], list[3] = nil, nil, nil
    assert.equal("{}", db:value("select $1::int[]::text", list))
  end)

  it("is told by mp.array.lower", function()
    assert.equal(1, mp.array.lower { 1, 2 })
    assert.equal(1, mp.array.lower(mp.array {}))
    assert.equal(1, mp.array.lower(db:value "select '{1,2}'::int[]"))
    assert_raises("usage", "argument of mp.array.lower is a string", mp.array.lower, "x")
  end)

  it("refuses to become one of other dimensions", function()
    local list = db:value "select '[0:1]={7,8}'::int[]"
    list[1], list[2] = { 1 }, { 2 }
    assert_raises("usage", "an array has 2 dimensions, but subscripts for 1", db.value, db, "select $1::int[]", list)
  end)
end)

describe("mp.array", function()
  it("marks the table it was given, and leaves it a table", function()
    local list = { 1, 2 }
    assert.is_true(rawequal(list, mp.array(list)))
    assert.is_true(mp.array.is(list))
    assert.is_true(rawequal(list, mp.array(list)))
    list[3] = 3
    assert.equal(3, #list)
    assert.equal("1,2,3", table.concat(list, ","))
    assert.is_nil(list.anything)
  end)

  it("tells marked tables from others", function()
    assert.is_false(mp.array.is {})
    assert.is_false(mp.array.is(1))
    assert.is_false(mp.array.is(mp.bytes("")))
    assert.is_true(mp.array.is(mp.json.decode("[]")))
  end)

  it("fills holes and the end with null when it is told the count", function()
    local list = mp.array({ 1, nil, 3 }, 5)
    assert.same({ 1, mp.null, 3, mp.null, mp.null }, list)
  end)

  it("refuses what is no list", function()
    assert_raises("usage", "string; expected a table", mp.array, "x")
    assert_raises("usage", "nil; expected a table", mp.array)
    assert_raises("usage", "metatable already", mp.array, setmetatable({}, {}))
    assert_raises("usage", "count of mp.array is %-1", mp.array, {}, -1)
    assert_raises("usage", "count of mp.array is x", mp.array, {}, "x")
    assert_raises("usage", "count of mp.array", mp.array, {}, math.maxinteger)
  end)
end)
