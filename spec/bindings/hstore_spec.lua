--- hstore, an extension's type, whose OID differs between databases: a table of strings, both ways. Each statement runs
--- three times: as text, then prepared and binary.

local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"
local cluster = require "spec.support.cluster"
local same = require "spec.support.same"

local db, rows, url

setup(function()
  url = cluster.database()
  db = mp.connect { url = url, max_size = 2 }
  rows = db:with { rows = "arrays" }
  if not db:value("select exists (select from pg_available_extensions where name = 'hstore')") then
    error("these specs need the extension hstore, of the package postgresql-contrib")
  end
  db:script [[
    create extension hstore;
    create domain labels as hstore check (value is null or not value ? 'forbidden');
    create type tagged as (id int, tags hstore, more hstore[], own labels);
  ]]
end)

teardown(function()
  assert.are.equal(0, db:stats().in_use)
  db:close()
end)

local function three_times(act)
  for _ = 1, 3 do
    act()
  end
end

--- The literal is read as the value, and the value is written as what the server makes of the literal.
local function assert_both_ways(sql_type, literal, value)
  local read, write = ("select %s::%s"):format(literal, sql_type), ("select $1::%s"):format(sql_type)
  local equal = ("select $1::%s = %s::%s"):format(sql_type, literal, sql_type)
  three_times(function()
    same(value, db:value(read))
    same(value, db:value(write, value))
    assert.is_true(db:value(equal, value))
  end)
end

describe("an hstore", function()
  it("is a table of strings, in which NULL is mp.null", function()
    assert_both_ways("hstore", "'a=>1, b=>NULL, c=>\"NULL\"'", { a = "1", b = mp.null, c = "NULL" })
    assert_both_ways("hstore", "''", {})
    assert_both_ways("hstore", "hstore('', '')", { [""] = "" })
    three_times(function()
      assert.is_nil(db:value("select null::hstore"))
      assert.is_nil(db:value("select $1::hstore", nil))
      assert.is_nil(getmetatable(db:value("select 'a=>1'::hstore")))
    end)
  end)

  it("has any text as a key and as a value", function()
    local odd = { '"', "\\", ",", "=>", '\\"', "\\\\", '"=>"', '", "', "NULL", "null", " ", "\n\t", "'", "{}", "(,)",
      "a b", "Zoë", "\u{1F600}", "\u{10FFFF}", "$1", ("x"):rep(70000) }
    for _, text in ipairs(odd) do
      local value = { [text] = text, k = text, n = mp.null }
      three_times(function()
        same(value, db:value("select $1::hstore", value))
        same(value, db:value("select hstore(array[[$1, $1], ['k', $1], ['n', null]])", text))
        assert.are.equal(text, db:value("select $1::hstore -> $2", value, text))
      end)
    end
  end)

  it("has many pairs", function()
    local value = {}
    for i = 1, 5000 do
      value["key " .. i] = i % 7 == 0 and mp.null or ("\"%d\""):format(i)
    end
    three_times(function()
      same(value, db:value("select $1::hstore", value))
    end)
  end)

  it("is read alike from the text and from the binary form", function()
    local sql = [[
      select 'a=>1,"b\"\\"=>NULL'::hstore, array['x=>y'::hstore, null, ''],
        row(1, 'k=>v', '{}', 'o=>p')::tagged, 'd=>e'::labels]]
    local first = rows:one(sql)
    same({ a = "1", ['b"\\'] = mp.null }, first[1])
    same({ { x = "y" }, mp.null, {} }, first[2])
    same({ id = 1, tags = { k = "v" }, more = {}, own = { o = "p" } }, first[3])
    same({ d = "e" }, first[4])
    for _ = 1, 3 do
      same(first, rows:one(sql))
    end
  end)
end)

describe("an hstore as a parameter", function()
  it("is the server's text too", function()
    three_times(function()
      same({ a = "1", b = mp.null }, db:value("select $1::hstore", "a=>1, b=>NULL"))
    end)
  end)

  it("takes what a text takes for its values", function()
    local value = { int = 1, float = 0.5, yes = true, exact = mp.numeric "1.50", day = mp.date "2026-11-24" }
    three_times(function()
      same({ int = "1", float = "0.5", yes = "true", exact = "1.50", day = "2026-11-24" },
        db:value("select $1::hstore", value))
      assert.are.equal(value.int .. "", db:value("select $1::text", value.int))
      assert.are.equal("true", db:value("select $1::text", value.yes))
    end)
  end)

  it("goes into a table and comes out of it", function()
    db:transaction(function(tx)
      tx:exec "create temporary table shelf (id int, tags hstore)"
      tx:insert("shelf", { id = 1, tags = { colour = "red", size = mp.null } })
      same({ id = 1, tags = { colour = "red", size = mp.null } }, tx:one("select * from shelf"))
    end)
  end)

  it("has strings as keys", function()
    three_times(function()
      local err = select(2, pcall(db.value, db, "select $1::hstore", { "a" }))
      assert.are.equal("usage", err.kind)
      assert.are.equal("parameter $1: the table for an hstore has the key 1; expected strings", err.message)
      assert_raises("usage", "has a boolean as a key; expected strings", db.value, db, "select $1::hstore",
        { [true] = "a" })
      assert_raises("usage", "has a number as a key; expected strings", db.value, db, "select $1::hstore",
        { [1.5] = "a" })
    end)
  end)

  it("refuses what is no text, and names the key", function()
    local refused = {
      { { a = {} }, 'the value of key "a": it is a table; expected a string, or mp.null' },
      { { a = mp.array {} }, 'the value of key "a": it is a table' },
      { { a = mp.range(1, 2) }, 'the value of key "a": a range was given' },
      { { a = print }, 'the value of key "a": it contains a function' },
      { { a = "x\0y" }, 'the value of key "a": the text has a NUL byte at byte 2' },
      { { ["a\0b"] = "x" }, 'the key "a": the text has a NUL byte at byte 2' },
      { { a = "x\xff" }, 'the value of key "a": the text is not valid UTF%-8 at byte 2' },
      { { ["a\xc3"] = "x" }, 'the key "a": the text is not valid UTF%-8 at byte 2' },
      { { [("é"):rep(60)] = {} }, 'the value of key "' .. ("é"):rep(30) .. '": it is a table' },
    }
    for _, case in ipairs(refused) do
      three_times(function()
        assert_raises("usage", case[2], db.value, db, "select $1::hstore", case[1])
        assert_raises("usage", case[2], db.value, db, "select $1::hstore[]", { mp.null, case[1] })
      end)
    end
    assert.are.equal(1, db:value("select 1"))
  end)
end)

describe("an hstore in other types", function()
  it("is an element of arrays of one dimension and more", function()
    local one, other = { a = 'x"y\\', b = mp.null }, { ["k,{}"] = "" }
    assert_both_ways("hstore[]", "'{}'", {})
    three_times(function()
      same({ one, mp.null, {}, other }, db:value("select $1::hstore[]", { one, mp.null, {}, other }))
      same({ { one, other }, { {}, mp.null } }, db:value("select $1::hstore[]", { { one, other }, { {}, mp.null } }))
      same({ { a = "1" } }, db:value("select $1::hstore[]", { "a=>1" }))
      assert_raises("usage", "an array contains an empty list", db.value, db, "select $1::hstore[]", { mp.array {} })
    end)
    local list = db:value("select '[0:1]={a=>1,NULL}'::hstore[]")
    assert.are.equal("[0:1]={\"\\\"a\\\"=>\\\"1\\\"\",NULL}", db:value("select $1::hstore[]::text", list))
  end)

  it("is a field of composites, and of arrays of them", function()
    local value = { id = 1, tags = { ['"k"'] = "(,)" }, more = { { a = "\\" }, mp.null }, own = {} }
    three_times(function()
      same(value, db:value("select $1::tagged", value))
      same({ value, value }, db:value("select $1::tagged[]", { value, value }))
    end)
    assert_raises("usage", 'field "tags": the value of key "k": it is a table', db.value, db, "select $1::tagged",
      { id = 1, tags = { k = {} }, more = {}, own = {} })
  end)

  it("is the base of a domain", function()
    assert_both_ways("labels", "'a=>1'", { a = "1" })
    three_times(function()
      same({ { a = "1" }, {} }, db:value("select $1::labels[]", { { a = "1" }, {} }))
      assert_raises("constraint", "labels_check", db.value, db, "select $1::labels", { forbidden = "1" })
    end)
  end)
end)

describe("the type hstore", function()
  it("is found in whatever schema the extension is", function()
    local other <close> = mp.connect { url = cluster.database(), max_size = 1 }
    other:script 'create schema "Odd one"; create extension hstore schema "Odd one";'
    for _ = 1, 3 do
      same({ a = "1", b = mp.null }, other:value([[select 'a=>1,b=>NULL'::"Odd one".hstore]]))
      same({ a = "1" }, other:value([[select $1::"Odd one".hstore]], { a = "1" }))
      same({ { a = "1" } }, other:value([[select $1::"Odd one".hstore[] ]], { { a = "1" } }))
    end
    other:script 'drop extension hstore; create extension hstore;'
    for _ = 1, 3 do
      same({ a = "1" }, other:value("select $1::hstore", { a = "1" }))
    end
  end)

  it("is not another type of that name", function()
    local other <close> = mp.connect { url = cluster.database(), max_size = 1 }
    other:script [[
      create domain public.hstore as text;
      create schema own;
      create type own.hstore;
      create function own.hstore_in(cstring) returns own.hstore language internal strict immutable as 'textin';
      create function own.hstore_out(own.hstore) returns cstring language internal strict immutable as 'textout';
      create type own.hstore (input = own.hstore_in, output = own.hstore_out, like = text);
    ]]
    for _ = 1, 3 do
      assert.are.equal('"a"=>"1"', other:value("select $1::own.hstore", '"a"=>"1"'))
      assert.are.equal('"a"=>"1"', other:value("select $1::public.hstore", '"a"=>"1"'))
    end
  end)

  it("may be taken over by a codec of the script's own", function()
    mp.codec.register("hstore", {
      decode = function(value) return value.a end,
      encode = function(value) return { a = value } end,
    })
    finally(function() mp.codec.register("hstore", {}) end)
    three_times(function()
      assert.are.equal("x", db:value("select $1::hstore", "x"))
      same({ "x", mp.null }, db:value("select $1::hstore[]", { "x", mp.null }))
    end)
  end)
end)
