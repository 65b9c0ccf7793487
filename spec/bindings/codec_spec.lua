--- mp.codec.register: a script's own functions for its types.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"
local assert_raises = require "spec.support.assert_raises"
local show = require "spec.support.show"

local Point = {}
Point.__index = Point
Point.__eq = function(a, b) return a.x == b.x and a.y == b.y end
Point.__tostring = function(p) return "P" .. p.x .. "," .. p.y end

local function point(x, y)
  return setmetatable({ x = x, y = y }, Point)
end

local POINT = {
  decode = function(text)
    local x, y = text:match("^(%-?%d+);(%-?%d+)$")
    return point(math.tointeger(x), math.tointeger(y))
  end,
  encode = function(value)
    if getmetatable(value) ~= Point then error("no point: " .. type(value), 0) end
    return value.x .. ";" .. value.y
  end,
}

describe("mp.codec.register", function()
  local db

  setup(function()
    db = mp.connect { url = cluster.database(), max_size = 4 }
    -- A base type of our own, with the functions of text.
    db:script [[
      create type spot;
      create function spot_in(cstring) returns spot as 'textin' language internal immutable strict;
      create function spot_out(spot) returns cstring as 'textout' language internal immutable strict;
      create type spot (input = spot_in, output = spot_out, like = text);
      create function spot_order(spot, spot) returns int language sql immutable as
        'select btrim(split_part($1::text, '';'', 1))::int - split_part($2::text, '';'', 1)::int';
      create cast (spot as text) without function;
      create function spot_lt(spot, spot) returns bool language sql immutable as 'select spot_order($1, $2) < 0';
      create function spot_le(spot, spot) returns bool language sql immutable as 'select spot_order($1, $2) <= 0';
      create function spot_eq(spot, spot) returns bool language sql immutable as 'select spot_order($1, $2) = 0';
      create function spot_ge(spot, spot) returns bool language sql immutable as 'select spot_order($1, $2) >= 0';
      create function spot_gt(spot, spot) returns bool language sql immutable as 'select spot_order($1, $2) > 0';
      create operator < (leftarg = spot, rightarg = spot, function = spot_lt);
      create operator <= (leftarg = spot, rightarg = spot, function = spot_le);
      create operator = (leftarg = spot, rightarg = spot, function = spot_eq);
      create operator >= (leftarg = spot, rightarg = spot, function = spot_ge);
      create operator > (leftarg = spot, rightarg = spot, function = spot_gt);
      create operator class spots default for type spot using btree as
        operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 spot_order(spot, spot);
      create type stretch as range (subtype = spot);
      create type place as (name text, at spot);
      create type hue as enum ('red', 'green');
      create schema other;
      create type other.hue as enum ('red', 'blue');
      create domain age as int;
      create type ages as (age age, list age[]);
    ]]
  end)

  teardown(function() db:close() end)

  after_each(function()
    for _, name in ipairs { "spot", "hue", "other.hue", "age", "place" } do mp.codec.register(name, {}) end
  end)

  local function same(sql, ...)
    local first = db:value(sql, ...)
    for _ = 2, 4 do assert.are.equal(show(first), show(db:value(sql, ...))) end
    return first
  end

  it("reads and writes a type with the script's functions", function()
    mp.codec.register("spot", POINT)
    assert.is_true(point(1, -2) == same "select '1;-2'::spot")
    assert.is_true(point(1, -2) == same("select $1::spot", point(1, -2)))
    assert.is_nil(same("select $1::spot", nil))
    assert.is_nil(same("select $1::spot", mp.null))
    assert.is_true(point(3, 4) == db:one("select $p::spot as p", { p = point(3, 4) }).p)
  end)

  it("serves arrays, ranges and composites of the type", function()
    mp.codec.register("spot", POINT)
    local list = same("select $1::spot[]", { point(1, 2), mp.null, point(3, 4) })
    assert.is_true(list[1] == point(1, 2) and list[2] == mp.null and list[3] == point(3, 4))
    local range = same("select $1::stretch", mp.range(point(1, 2), point(5, 6)))
    assert.is_true(range.lower == point(1, 2) and range.upper == point(5, 6))
    local stretches = same("select $1::stretch_multirange", { mp.range(point(1, 2), point(5, 6)) })
    assert.is_true(stretches[1].upper == point(5, 6))
    local place = same("select $1::place", { name = "x", at = point(1, 2) })
    assert.is_true(place.at == point(1, 2))
    assert.is_true(same("select $1::place[]", { { name = mp.null, at = point(1, 2) } })[1].at == point(1, 2))
  end)

  it("gives and takes what would come and go without it", function()
    mp.codec.register("hue", { decode = string.upper, encode = string.lower })
    assert.are.equal("RED", same "select 'red'::hue")
    assert.are.equal("RED", same("select $1::hue", "RED"))
    assert_raises("usage", "no label of the enum hue", db.value, db, "select $1::hue", "BLUE")
    mp.codec.register("place", {
      decode = function(place) return place.name .. "@" .. place.at end,
      encode = function(text) return { name = text:match("^(.-)@"), at = text:match("@(.*)$") } end,
    })
    assert.are.equal("x@1;2", same("select $1::place", "x@1;2"))
    mp.codec.register("age", { decode = function(n) return { years = n } end, encode = function(t) return t.years end })
    assert.are.same({ age = { years = 5 }, list = { { years = 6 } } },
      same("select $1::ages", { age = { years = 5 }, list = { { years = 6 } } }))
  end)

  it("takes the name with a schema for the nearer one", function()
    mp.codec.register("hue", { decode = function() return "any" end })
    mp.codec.register("other.hue", { decode = function() return "other" end })
    assert.are.equal("any", same "select 'red'::hue")
    assert.are.equal("other", same "select 'red'::other.hue")
    mp.codec.register("other.hue", { decode = function() return "new" end })
    assert.are.equal("new", same "select 'blue'::other.hue")
  end)

  it("leaves the other direction alone", function()
    mp.codec.register("hue", { encode = function(value) return value.name end })
    assert.are.equal("green", same("select $1::hue", { name = "green" }))
    mp.codec.register("hue", { decode = function(label) return { name = label } end })
    assert.are.same({ name = "green" }, same("select $1::hue", "green"))
  end)

  it("names type and column when decode fails", function()
    mp.codec.register("hue", { decode = function() error("cannot " .. "see", 0) end })
    for _, sql in ipairs { "select 1 as a, 'red'::hue as tone", "select 1 as a, '{red}'::hue[] as tone" } do
      for _ = 1, 3 do
        local ok, err = pcall(db.query, db, sql)
        assert.is_false(ok)
        assert.are.equal("decode", err.kind)
        assert.are.equal("decode of the codec for hue failed: cannot see", err.message)
        assert.are.equal("tone", err.column)
        assert.are.equal('row 1, column "tone"', err.detail)
      end
    end
    mp.codec.register("hue", { decode = function() error({}) end })
    assert_raises("decode", "decode of the codec for hue failed: table", db.value, db, "select 'red'::hue")
    mp.codec.register("hue", {
      decode = function() error(setmetatable({}, { __tostring = function() error "again" end })) end,
    })
    assert_raises("decode", "decode of the codec for hue failed", db.value, db, "select 'red'::hue")
  end)

  it("names type and parameter when encode fails", function()
    mp.codec.register("spot", POINT)
    for _ = 1, 3 do
      assert_raises("usage", "parameter $1: encode of the codec for spot failed: no point: number", db.value, db,
        "select $1::spot", 5)
      assert_raises("usage", "parameter $1: encode of the codec for spot failed: no point: string", db.value, db,
        "select $1::spot[]", { "x" })
      assert_raises("usage", 'parameter $1: field "at": encode of the codec for spot failed', db.value, db,
        "select $1::place", { name = "x", at = "1;2" })
    end
    mp.codec.register("spot", { encode = function() return print end })
    assert_raises("usage", "parameter $1: a function was given", db.value, db, "select $1::spot", 1)
  end)

  it("lets the functions run statements", function()
    mp.codec.register("hue", {
      decode = function(label) return label .. db:value("select $1::text || length($1)", "!") end,
      encode = function(value) return db:value("select lower($1::text)", value) end,
    })
    assert.are.equal("red!1", same("select $1::hue", "RED"))
    assert.are.equal("red!1", same("select ($1::hue[])[2]", { "GREEN", "RED" }))
    mp.all {
      function() for _ = 1, 3 do assert.are.equal("red!1", db:value("select $1::hue", "RED")) end end,
      function() for _ = 1, 3 do assert.are.equal("green!1", db:value("select $1::hue", "Green")) end end,
    }
    assert.are.equal(0, db:stats().in_use)
  end)

  it("refuses a yield", function()
    mp.codec.register("hue", { decode = coroutine.yield })
    local thread = coroutine.wrap(function() return pcall(db.value, db, "select 'red'::hue") end)
    local ok, err = thread()
    assert.is_false(ok)
    assert.matches("decode of the codec for hue failed: attempt to yield", err.message)
  end)

  it("leaves values of types with fixed OIDs as they are", function()
    mp.codec.register("spot", POINT)
    assert.are.equal(5, same("select $1::int", 5))
    assert.are.same({ 1, 2 }, same("select $1::int[]", { 1, 2 }))
    assert_raises("usage", "a function was given, but the statement expects integer", db.value, db,
      "select $1::int", print)
  end)

  it("refuses what is no codec", function()
    local function refuse(pattern, ...) assert_raises("usage", pattern, mp.codec.register, ...) end
    refuse("name of mp.codec.register is a nil", nil, {})
    refuse("name of mp.codec.register is a number", 5, {})
    refuse("needs a type's name", "", {})
    refuse("needs a type's name", "a\0b", {})
    refuse("needs a type's name", ".a", {})
    refuse("needs a type's name", "a.", {})
    refuse("codec of mp.codec.register is a nil", "a")
    refuse("decode of mp.codec.register is a string", "a", { decode = "x" })
    refuse("has no option decoder", "a", { decoder = print })
    refuse("has no option 1", "a", { print })
  end)
end)
