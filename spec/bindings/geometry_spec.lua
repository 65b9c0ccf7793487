--- Points, lines and shapes are tables with named fields, both ways. Each statement runs three times: as text, then
--- prepared and binary.

local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"
local cluster = require "spec.support.cluster"
local same = require "spec.support.same"

local db

local SHAPES = {
  point = { value = { x = 1.0, y = -0.0 }, text = "(1,-0)" },
  line = { value = { a = 1.0, b = 0.1, c = 1e300 }, text = "{1,0.1,1e+300}" },
  lseg = { value = { from = { x = 1.0, y = 2.0 }, to = { x = 3.0, y = 4.0 } }, text = "[(1,2),(3,4)]" },
  box = { value = { high = { x = 3.0, y = 4.0 }, low = { x = 1.0, y = 2.0 } }, text = "(3,4),(1,2)" },
  path = {
    value = { closed = false, points = { { x = 1.0, y = 2.0 }, { x = 3.0, y = 4.0 } } },
    text = "[(1,2),(3,4)]",
  },
  polygon = { value = { points = { { x = 1.0, y = 2.0 } } }, text = "((1,2))" },
  circle = { value = { center = { x = 1.0, y = 2.0 }, radius = 0.5 }, text = "<(1,2),0.5>" },
}

setup(function()
  db = mp.connect { url = cluster.database(), max_size = 1 }
end)

teardown(function()
  db:close()
end)

local function three_times(act)
  for _ = 1, 3 do
    act()
  end
end

describe("a shape", function()
  it("is a table with named fields, and its text too as a parameter", function()
    for sql_type, shape in pairs(SHAPES) do
      local there_and_back = ("select $1::%s"):format(sql_type)
      local as_text = ("select format('%%s', $1::%s)"):format(sql_type)
      three_times(function()
        same(shape.value, db:value(there_and_back, shape.value))
        same(shape.value, db:value(there_and_back, shape.text))
        assert.equal(shape.text, db:value(as_text, shape.value))
      end)
    end
  end)

  it("stands in lists of one dimension and more, with NULL and with texts", function()
    for sql_type, shape in pairs(SHAPES) do
      local sql = ("select $1::%s[]"):format(sql_type)
      three_times(function()
        same({ shape.value, mp.null, shape.value }, db:value(sql, { shape.value, mp.null, shape.text }))
        same({ { shape.value }, { shape.value } }, db:value(sql, { { shape.value }, { shape.value } }))
        same({}, db:value(sql, {}))
      end)
    end
  end)

  it("takes integers as numbers, and keeps what is no number", function()
    three_times(function()
      same({ x = 1.0, y = 9007199254740992.0 }, db:value("select $1::point", { x = 1, y = 9007199254740992 }))
      local point = db:value("select $1::point", { x = 0 / 0, y = math.huge })
      assert.is_true(point.x ~= point.x)
      assert.equal(math.huge, point.y)
    end)
  end)

  it("may have many points", function()
    local polygon = { points = {} }
    for i = 1, 20000 do
      polygon.points[i] = { x = i / 3, y = -i / 7 }
    end
    three_times(function()
      local back = db:value("select $1::polygon", polygon)
      assert.equal(20000, #back.points)
      same(polygon.points[19999], back.points[19999])
    end)
  end)

  it("survives a finaliser that asks for another one while it is made", function()
    local asked, other = 0, "(" .. ("5,5,"):rep(60) .. "5,5)"
    local function leave_garbage()
      setmetatable({}, { __gc = function()
        asked = asked + #db:value("select $1::polygon", other).points
        leave_garbage() -- for the next cycle
      end })
    end
    local path = { closed = true, points = {} }
    for i = 1, 50 do
      path.points[i] = { x = i / 4, y = 0.25 }
    end
    leave_garbage()
    for _, row in ipairs(db:query("select $1::path as path from generate_series(1, 900)", path)) do
      assert.same(path, row.path)
    end
    assert.not_equal(0, asked)
    leave_garbage = function() end
  end)
end)

describe("a table that is no shape", function()
  local function refuse(sql_type, value, pattern)
    assert_raises("usage", "parameter $1: " .. pattern, db.value, db, ("select $1::%s"):format(sql_type), value)
  end

  it("is refused, by its field, with a hint", function()
    refuse("point", { x = 1 }, "a point has no y.*hint: write it as { x = 1, y = 2 }")
    refuse("point", {}, "a point has no x")
    refuse("point", { 1, 2 }, "a point has no x")
    refuse("point", { x = 1, y = 2, z = 3 }, "a point has other fields than its own")
    refuse("point", { x = "1", y = 2 }, "the x of a point is a string; expected a number")
    refuse("point", { x = mp.numeric(1), y = 2 }, "the x of a point is a mp.numeric; expected a number")
    refuse("line", { a = 1, b = 2 }, "a line has no c")
    refuse("lseg", { from = { x = 1, y = 2 } }, "a lseg has no to")
    refuse("lseg", { from = { x = 1, y = 2 }, to = 5 }, "the to of a lseg is a number; expected a point")
    refuse("box", { high = { x = 1, y = 2 }, low = { x = 1 } }, "a point has no y")
    refuse("circle", { center = { x = 1, y = 2 } }, "a circle has no radius")
    refuse("path", { points = { { x = 1, y = 2 } } }, "a path has no closed")
    refuse("path", { closed = 1, points = { { x = 1, y = 2 } } }, "the closed of a path is a number")
    refuse("path", { closed = true, points = {} }, "the points of a path is a table; expected a list of points")
    refuse("path", { closed = true, points = { { x = 1, y = 2 } }, x = 1 }, "a path has other fields")
    refuse("polygon", { closed = true, points = { { x = 1, y = 2 } } }, "a polygon has other fields")
    refuse("polygon", { points = { { x = 1, y = 2 }, 5 } }, "the points of a polygon is a number")
    refuse("polygon", { points = { { x = 1 } } }, "a point has no y")
    refuse("point[]", { { x = 1, y = 2 }, { x = 1 } }, "a point has no y")
    refuse("point[]", { { x = 1, y = 2 }, { { x = 1, y = 2 } } }, "the lists of an array are not all")
  end)

  it("may contain itself", function()
    local loop = {}
    loop.x, loop.y = loop, loop
    refuse("point", loop, "the x of a point is a table; expected a number")
    loop = { from = {} }
    loop.to = loop
    refuse("lseg", loop, "a point has no x")
  end)

  it("is asked for nothing by way of a metatable", function()
    local asks = setmetatable({}, { __index = function() error("was asked") end })
    refuse("point", asks, "a point has no x")
  end)
end)

describe("a vector of the catalog", function()
  it("is a list of integers, and its text too as a parameter", function()
    three_times(function()
      same({ 1, 2, 4294967295 }, db:value("select $1::oidvector", { 1, 2, 4294967295 }))
      same({ -1, 2 }, db:value("select $1::int2vector", "-1 2"))
      same({}, db:value("select $1::oidvector", {}))
      same({ { 1, 2 }, { 3 }, {} }, db:value("select $1::oidvector[]", { { 1, 2 }, { 3 }, {} }))
      assert.equal("number", type(db:value("select indkey[0] from pg_index limit 1")))
    end)
    assert_raises("usage", "a vector has one dimension only", db.value, db, "select $1::oidvector", { { 1 } })
  end)
end)

describe("an address", function()
  it("that is none is refused before it is sent, once the type is known", function()
    for sql_type, bad in pairs {
      inet = "10.0.0.256", cidr = "10.1.2.3/8", macaddr = "08:00:2b:01:02", macaddr8 = "08:00", ["bit varying"] = "012",
    } do
      local sql = ("select $1::%s"):format(sql_type)
      db:transaction(function(tx)
        assert.is_nil(tx:value(sql, nil))
        local message = "parameter $1: the text is no " .. sql_type .. "\nhint: write it"
        assert_raises("usage", message, tx.value, tx, sql, bad)
        assert.equal(1, tx:value("select 1")) -- the transaction goes on
      end)
    end
  end)
end)

describe("a transaction id", function()
  it("is an integer, and an exact number beyond", function()
    three_times(function()
      assert.equal(math.maxinteger, db:value("select '9223372036854775807'::xid8"))
      same(mp.numeric("18446744073709551615"), db:value("select '18446744073709551615'::xid8"))
      same(mp.numeric("9223372036854775808"), db:value("select $1::xid8", mp.numeric("9223372036854775808")))
      assert.equal("integer", math.type(db:value("select pg_current_xact_id()")))
      assert.equal(4294967295, db:value("select $1::xid", 4294967295))
    end)
    assert_raises("usage", "out of range for xid8: 0 to", db.value, db, "select $1::xid8", -1)
  end)
end)

describe("void", function()
  it("is nothing", function()
    three_times(function()
      assert.is_nil(db:value("select pg_sleep(0)"))
    end)
  end)
end)
