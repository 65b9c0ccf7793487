--- Types whose OIDs are not fixed: enums, composites, domains, ranges of a user, and arrays of them. Each statement
--- runs several times: as text, then prepared and binary, and gives the same each time.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"
local assert_raises = require "spec.support.assert_raises"
local show = require "spec.support.show"

local db, url

setup(function()
  url = cluster.database()
  db = mp.connect { url = url, max_size = 4 }
  db:script [[
    create type mood as enum ('glad', 'so so', 'sad');
    create type address as (street text, number int, moods mood[]);
    create type person as (name text, home address, homes address[], span int4range, doc jsonb);
    create domain positive as int check (value > 0);
    create domain small as positive check (value < 100);
    create domain moods as mood[];
    create domain home as address;
    create type mixed as (p positive, s small, m moods, list small[], at home);
    create type span as range (subtype = float8);
    create schema other;
    create type other.mood as enum ('red');
  ]]
end)

teardown(function()
  assert.are.equal(0, db:stats().in_use)
  db:close()
end)

--- What the statement gives, four times the same; as text that tells types.
local function same(handle, sql, ...)
  local first = show(handle:value(sql, ...))
  for _ = 2, 4 do
    assert.are.equal(first, show(handle:value(sql, ...)))
  end
  return first
end

--- The literal is read as `expected`, and what was given as `value` comes back as that.
local function assert_both_ways(sql_type, literal, value)
  local expected = same(db, ("select %s::%s"):format(literal, sql_type))
  assert.are.equal(expected, same(db, ("select $1::%s"):format(sql_type), value))
  return expected
end

describe("an enum", function()
  it("is a string", function()
    assert.are.equal("string:so so", assert_both_ways("mood", "'so so'", "so so"))
    assert.are.equal("nil:nil", same(db, "select null::mood"))
    assert.are.equal("string:red", assert_both_ways("other.mood", "'red'", "red"))
  end)

  it("is in arrays", function()
    assert_both_ways("mood[]", "array['glad', null, 'so so']", { "glad", mp.null, "so so" })
    assert_both_ways("mood[]", "'{{glad,sad},{sad,glad}}'", { { "glad", "sad" }, { "sad", "glad" } })
    assert_both_ways("mood[]", "'{}'", {})
  end)

  it("refuses a label that it does not have, and hints at the nearest", function()
    for _ = 1, 3 do
      local err = select(2, pcall(db.value, db, "select $1::mood", "galad"))
      assert.are.equal("usage", err.kind)
      assert.are.equal("parameter $1: the text is no label of the enum mood", err.message)
      assert.are.equal('did you mean "glad"?', err.hint)
      err = select(2, pcall(db.value, db, "select $1::mood[]", { "glad", "whatever" }))
      assert.are.equal("usage", err.kind)
      assert.are.equal('its labels are "glad", "so so", "sad"', err.hint)
      assert.is_nil(tostring(err):find("whatever", 1, true))
    end
  end)

  it("lets the server judge what is no text", function()
    assert_raises("usage", "invalid input value for enum mood: .* %(22P02%)", db.value, db, "select $1::mood", 5)
  end)

  it("refuses what no text can be", function()
    assert_raises("usage", "NUL byte at byte 1", db.value, db, "select $1::mood", "\0")
    assert_raises("usage", "not valid UTF%-8 at byte 1", db.value, db, "select $1::mood", "\xff")
  end)

  it("may have any label", function()
    local label = 'a"b\\c {},\'()'
    db:exec(("create type odd as enum ('%s', 'ü€', 'null')"):format(label:gsub("'", "''")))
    assert.are.equal("string:" .. label, same(db, "select $1::odd", label))
    assert.are.equal(show(mp.array { label, "ü€", "null", mp.null }),
      same(db, "select $1::odd[]", { label, "ü€", "null", mp.null }))
  end)
end)

describe("a composite", function()
  it("is a table by the names of its fields", function()
    local value = db:value("select row('x y', 7, '{glad}')::address")
    assert.are.same({ street = "x y", number = 7, moods = { "glad" } }, value)
    assert_both_ways("address", "row('x y', 7, '{glad}')", { street = "x y", number = 7, moods = { "glad" } })
  end)

  it("has nothing where there is NULL, and is written with mp.null", function()
    local value = db:value("select row('', null, null)::address")
    assert.are.same({ street = "" }, value)
    assert_both_ways("address", "row('', null, null)", { street = "", number = mp.null, moods = mp.null })
    assert.are.equal("nil:nil", same(db, "select null::address"))
  end)

  it("nests, with arrays, ranges and documents, and any text", function()
    local any = 'a "b" \\ (c), {d} \'e\' null ü€\n\t'
    local home = { street = any, number = -1, moods = { "so so", mp.null } }
    local person = {
      name = any, home = home, homes = { home, mp.null, { street = mp.null, number = 0, moods = {} } },
      span = mp.range(1, 5), doc = { list = { 1, any }, object = { a = 1 } },
    }
    same(db, "select $1::person", person)
    local back = db:value("select $1::person", person)
    assert.are.equal(any, back.name)
    assert.are.equal(any, back.home.street)
    assert.are.same({ "so so", mp.null }, back.homes[1].moods)
    assert.are.equal(mp.null, back.homes[2])
    assert.are.same({ number = 0, moods = {} }, back.homes[3])
    assert.are.equal(mp.range(1, 5), back.span)
    assert.are.same({ list = { 1, any }, object = { a = 1 } }, back.doc)
    same(db, "select array[$1::person, null, $1::person]", person)
  end)

  it("is in arrays of any dimension", function()
    local a, b = { street = "a", number = 1, moods = {} }, { street = "b", number = 2, moods = { "sad" } }
    same(db, "select $1::address[]", { a, mp.null, b })
    same(db, "select $1::address[]", {})
    assert.are.equal("b", db:value("select $1::address[]", { { a, b }, { b, a } })[1][2].street)
    same(db, "select $1::address[]", { { a, b }, { b, a } })
  end)

  it("is the row of a table", function()
    db:script [[
      create table town (id int, name text, at point);
      insert into town values (1, 'x', '(1,2)'), (2, null, null);
    ]]
    assert.are.equal(show { id = 1, name = "x", at = { x = 1.0, y = 2.0 } },
      same(db, "select town from town where id = 1"))
    assert.are.equal(show { id = 2 }, same(db, "select town from town where id = 2"))
    assert.are.equal(2, #db:value "select array_agg(town) from town")
    same(db, "select c from pg_class c where relname = 'pg_type'")
  end)

  it("has no field, or one with an odd name", function()
    db:script [[create type nothing as (); create type odd_fields as ("a b" int, "ü" text, "1" int)]]
    assert.are.equal("{}", same(db, "select row()::nothing"))
    assert.are.equal("{}", same(db, "select $1::nothing", {}))
    same(db, "select $1::odd_fields", { ["a b"] = 1, ["ü"] = "x", ["1"] = 3 })
  end)

  local function refuse(message, hint, value)
    for _ = 1, 2 do
      local ok, err = pcall(db.value, db, "select $1::address", value)
      assert.is_false(ok)
      assert.are.equal("usage", err.kind)
      assert.are.equal(message, err.message)
      assert.are.equal(hint, err.hint)
    end
  end

  it("refuses a field that it does not have, and one that is absent", function()
    refuse('parameter $1: address has no field "stret"', 'did you mean "street"?',
      { stret = "x", number = 1, moods = {} })
    refuse('parameter $1: address has no field "zip"', nil, { zip = "x" })
    refuse('parameter $1: the field "moods" of address is absent', "for NULL write moods = mp.null",
      { street = "x", number = 1 })
    refuse("parameter $1: the table for address has a number as a key; expected the names of its fields", nil, { 1, 2 })
    refuse('parameter $1: field "moods": the text is no label of the enum mood', 'did you mean "glad"?',
      { street = "x", number = 1, moods = { "gladd" } })
    refuse('parameter $1: field "number": a table was given, but the statement expects integer',
      "for an array say mp.array{ ... }, for a JSON document mp.json(value)", { street = "x", number = {}, moods = {} })
    refuse('parameter $1: field "street": the text has a NUL byte at byte 2, which PostgreSQL cannot store in a text',
      "pass binary data as bytes, to a column of type bytea", { street = "x\0", number = 1, moods = {} })
  end)
end)

describe("a record without a type", function()
  it("is a list of texts, with mp.null for NULL", function()
    assert.are.equal(show { "1", "x y", mp.null, "t", "2024-01-01" },
      same(db, "select row(1, 'x y', null, true, date '2024-01-01')"))
    assert.are.equal(show { "(1,2)", "{3,4}" }, same(db, "select row(row(1, 2), array[3, 4])"))
    assert.are.equal(show { { "1", "a" }, mp.null }, same(db, "select array[row(1, 'a'), null]"))
  end)
end)

describe("a domain", function()
  it("is like its base type", function()
    assert.are.equal("integer:5", same(db, "select 5::small"))
    assert.are.equal("integer:5", same(db, "select $1::small", 5))
    assert.are.equal(show { 1, 2 }, same(db, "select $1::small[]", { 1, 2 }))
    assert.are.equal(show { "glad" }, same(db, "select $1::moods", { "glad" }))
    assert.are.equal(show { { "glad" }, { "sad", mp.null } },
      same(db, "select $1::moods[]", { { "glad" }, { "sad", mp.null } }))
    local home = { street = "x", number = 1, moods = {} }
    assert.are.equal(show(home), same(db, "select $1::home", home))
    local value = { p = 1, s = 2, m = { "so so" }, list = { 3, mp.null }, at = home }
    assert.are.equal(show(value), same(db, "select $1::mixed", value))
  end)

  it("refuses what its base type refuses, before anything is sent", function()
    for _ = 1, 2 do
      assert_raises("usage", "no label of the enum", db.value, db, "select $1::moods", { "bad" })
    end
    assert_raises("constraint", "small_check", db.value, db, "select $1::small", 100)
  end)
end)

describe("a type that changes", function()
  local other, admin

  before_each(function()
    other = mp.connect { url = url, max_size = 1 }
    admin = mp.connect { url = url, max_size = 1 }
    admin:script [[
      create schema if not exists changing;
      create type changing.color as enum ('red', 'green');
      create type changing.pair as (a text, n int);
      create table changing.pairs (p changing.pair);
      insert into changing.pairs values (row('7', 2));
    ]]
  end)

  after_each(function()
    admin:script "drop schema changing cascade"
    admin:close()
    other:close()
  end)

  for uses = 0, 4 do
    it("is right in the next statement, having been used " .. uses .. " times", function()
      local sql, array = "select p from changing.pairs", "select array_agg(p) from changing.pairs"
      local function look(expected)
        for _ = 1, uses do
          assert.are.same(expected, other:value(sql))
          assert.are.same({ expected }, { other:value(array)[1] })
        end
      end
      look { a = "7", n = 2 }
      admin:exec "alter type changing.pair rename attribute a to b"
      assert.are.same({ b = "7", n = 2 }, other:value(sql))
      look { b = "7", n = 2 }
      admin:exec "alter type changing.pair add attribute c text"
      assert.are.same({ b = "7", n = 2 }, other:value(sql))
      look { b = "7", n = 2 }
      admin:exec "update changing.pairs set p.c = 'x'"
      look { b = "7", n = 2, c = "x" }
      admin:exec "alter type changing.pair drop attribute n"
      assert.are.same({ b = "7", c = "x" }, other:value(sql))
      look { b = "7", c = "x" }
    end)

    it("takes what is right now, having been used " .. uses .. " times", function()
      local color, pair = "select $1::changing.color", "select ($1::changing.pair)::text"
      local function use(fields)
        for _ = 1, uses do
          assert.are.equal("red", other:value(color, "red"))
          other:value(pair, fields)
        end
      end
      use { a = "x", n = 1 }
      admin:exec "alter type changing.color add value 'blue'"
      assert.are.equal("blue", other:value(color, "blue"))
      admin:exec "alter type changing.color rename value 'green' to 'lime'"
      assert.are.equal("lime", other:value(color, "lime"))
      assert_raises("usage", "no label of the enum changing.color", other.value, other, color, "green")
      admin:exec "alter type changing.pair rename attribute a to b"
      assert.are.equal("(x,1)", other:value(pair, { b = "x", n = 1 }))
      use { b = "x", n = 1 }
      admin:exec "alter type changing.pair add attribute c int"
      assert.are.equal("(x,1,)", other:value(pair, { b = "x", n = 1, c = mp.null }))
      use { b = "x", n = 1, c = 4 }
      admin:exec "alter type changing.pair drop attribute n"
      assert.are.equal("(x,4)", other:value(pair, { b = "x", c = 4 }))
    end)
  end

  it("is right at once where the same pool alters it, though nothing in a value would tell", function()
    admin:exec "create type changing.twins as (a text, b text)"
    local pool <close> = mp.connect { url = url, max_size = 2 }
    local sql, value = "select ($1::changing.twins)::text", { a = "1", b = "2" }
    local function swap(handle)
      handle:exec "alter type changing.twins rename attribute a to c"
      handle:exec "alter type changing.twins rename attribute b to a"
      handle:exec "alter type changing.twins rename attribute c to b"
    end
    for _ = 1, 3 do assert.are.equal("(1,2)", pool:value(sql, value)) end
    swap(pool)
    for _ = 1, 3 do assert.are.equal("(2,1)", pool:value(sql, value)) end
    pcall(pool.transaction, pool, function(tx)
      swap(tx)
      assert.are.equal("(1,2)", tx:value(sql, value))
      error "undo"
    end)
    for _ = 1, 3 do assert.are.equal("(2,1)", pool:value(sql, value)) end
  end)

  it("is looked at again when the server refuses what was right before", function()
    local color, pair = "select $1::changing.color", "select ($1::changing.pair)::text"
    for _ = 1, 3 do
      other:value(color, "green")
      other:value(pair, { a = "x", n = 1 })
    end
    admin:exec "alter type changing.color rename value 'green' to 'lime'"
    admin:exec "alter type changing.pair add attribute c int"
    assert_raises("usage", "22P02", other.value, other, color, "green")
    assert_raises("usage", "no label of the enum changing.color", other.value, other, color, "green")
    assert_raises("usage", 'the field "c" of changing.pair is absent', other.value, other, pair, { a = "x", n = 1 })
  end)

  it("is found again when it was dropped and made anew", function()
    for _ = 1, 4 do assert.are.equal("red", other:value("select $1::changing.color", "red")) end
    admin:script "drop type changing.color; create type changing.color as enum ('x')"
    for _ = 1, 4 do assert.are.equal("x", other:value("select $1::changing.color", "x")) end
  end)

  it("is its own within the transaction that alters it, and no other's when that is rolled back", function()
    local sql = "select p from changing.pairs"
    for _ = 1, 3 do assert.are.same({ a = "7", n = 2 }, other:value(sql)) end
    local shared = mp.connect { url = url, max_size = 2 }
    for _ = 1, 3 do assert.are.same({ a = "7", n = 2 }, shared:value(sql)) end
    pcall(shared.transaction, shared, function(tx)
      tx:exec "alter type changing.pair add attribute z int"
      assert.are.same({ a = "7", n = 2 }, tx:value(sql .. " where true"))
      assert.are.equal("(q,1,5)", tx:value("select ($1::changing.pair)::text", { a = "q", n = 1, z = 5 }))
      assert.are.equal("(q,1)", tx:value("select ($1::text)", "(q,1)"))
      pcall(tx.transaction, tx, function(inner)
        inner:exec "alter type changing.pair rename attribute z to y"
        assert.are.equal("(q,1,5)", inner:value("select ($1::changing.pair)::text", { a = "q", n = 1, y = 5 }))
        error "undo"
      end)
      assert.are.equal("(q,1,6)", tx:value("select ($1::changing.pair)::text", { a = "q", n = 1, z = 6 }))
      error "undo"
    end)
    assert.are.equal("(q,1)", shared:value("select ($1::changing.pair)::text", { a = "q", n = 1 }))
    assert_raises("usage", 'no field "z"', shared.value, shared, "select $1::changing.pair", { a = "q", n = 1, z = 1 })
    for _ = 1, 3 do assert.are.same({ a = "7", n = 2 }, shared:value(sql)) end
    shared:close()
  end)
end)

describe("looking a type up", function()
  --- Calls fn with a pool that knows nothing yet.
  local function fresh(fn, options)
    options.url, options.max_size = url, 2
    local pool <close> = mp.connect(options)
    return fn(pool)
  end

  it("happens in a transaction, and on a connection", function()
    fresh(function(pool)
      pool:transaction(function(tx)
        assert.are.equal("glad", tx:value("select $1::mood", "glad"))
        assert.are.same({ "sad" }, { tx:value("select $1::mood[]", { "sad" })[1] })
        tx:transaction(function(inner) assert.are.equal(1, inner:value("select row('', 1, null)::address").number) end)
      end)
      pool:checkout(function(connection)
        for _ = 1, 4 do assert.are.equal("glad", connection:value("select $1::mood", "glad")) end
      end)
    end, {})
  end)

  it("leaves the error of a failed transaction what it is", function()
    fresh(function(pool)
      local ok, err = pcall(pool.transaction, pool, function(tx)
        pcall(tx.value, tx, "select 1/0")
        local inner = select(2, pcall(tx.value, tx, "select $1::mood", "glad"))
        assert.are.equal("25P02", inner.sqlstate)
        inner = select(2, pcall(tx.value, tx, "select $1::address", { street = "x" }))
        assert.are.equal("25P02", inner.sqlstate)
      end)
      assert.is_false(ok)
      assert.are.equal("transaction", err.kind)
      assert.are.equal("glad", pool:value("select $1::mood", "glad"))
    end, {})
  end)

  it("serves with prepare = never", function()
    fresh(function(pool)
      assert.are.equal("string:glad", same(pool, "select $1::mood", "glad"))
      local home = { street = "x", number = 1, moods = { "sad" } }
      assert.are.equal(show(home), same(pool, "select $1::address", home))
      assert.are.equal(0, pool:value "select count(*) from pg_prepared_statements")
    end, { prepare = "never" })
  end)

  it("serves results with pipeline = false, where parameters are not known", function()
    fresh(function(pool)
      local home = { street = "x", number = 1, moods = { "sad" } }
      assert.are.equal(show(home), same(pool, "select row('x', 1, '{sad}')::address"))
      assert.are.equal("string:glad", same(pool, "select $1::mood", "glad"))
      assert.are.equal(show(mp.range(1, 5)), same(pool, "select $1::int4range", mp.range(1, 5)))
      assert.are.equal(show { "glad" }, same(pool, "select $1::mood[]", mp.array { "glad" }))
      assert_raises("usage", "table was given, whose type is not known with pipeline = false", pool.value, pool,
        "select $1::address", home)
    end, { pipeline = false })
  end)

  it("does not happen for types with fixed OIDs", function()
    fresh(function(pool)
      pool:checkout(function(connection)
        local pid = connection:value "select pg_backend_pid()"
        local function last_of(sql, ...)
          connection:query(sql, ...)
          return db:value("select query from pg_stat_activity where pid = $1", pid)
        end
        local fixed = "select $1::int4range as r, '{[1,2)}'::int4multirange as m, row(1) as t, '{1}'::int[] as a"
        assert.are.equal(fixed, last_of(fixed, mp.range(1, 5)))
        assert.matches("pg_catalog.pg_type", last_of "select 'glad'::mood")
        assert.are.equal("select 'sad'::mood", last_of "select 'sad'::mood")
      end)
    end, {})
  end)

  it("happens for several tasks at once", function()
    for _ = 1, 5 do
      fresh(function(pool)
        local function task(sql, value, expected)
          return function()
            for _ = 1, 4 do assert.are.equal(show(expected or value), show(pool:value(sql, value))) end
            return true
          end
        end
        local home = { street = "x", number = 1, moods = { "sad" } }
        mp.all {
          task("select $1::mood", "glad"), task("select $1::mood", "sad"), task("select $1::address", home),
          task("select $1::address[]", { home }), task("select $1::span", mp.range(1.5, 2.5)),
          task("select $1::mixed", { p = 1, s = 2, m = {}, list = {}, at = mp.null },
            { p = 1, s = 2, m = {}, list = {} }),
        }
      end, {})
    end
  end)

  it("lets other tasks go on", function()
    fresh(function(pool)
      local is_locked, is_done = false, false
      mp.all {
        function()
          cluster.wait_until(function() return is_locked end)
          assert.is_nil(pool:value "select null::mood") -- needs no enum, but a look at pg_enum
          is_done = true
        end,
        function()
          db:transaction(function(tx)
            tx:exec "lock table pg_catalog.pg_enum in access exclusive mode"
            is_locked = true
            cluster.wait_until(function()
              return tx:value "select count(*) > 0 from pg_locks where not granted and relation = 'pg_enum'::regclass"
            end)
            assert.is_false(is_done)
          end)
        end,
      }
      assert.is_true(is_done)
    end, {})
  end)

  it("is not compiled by the server, however many types are new", function()
    fresh(function(pool)
      pool:checkout(function(connection)
        local function has_compiler()
          return connection:value "select pg_catalog.pg_read_file('/proc/self/maps') like '%llvmjit.so%'"
        end
        local columns = {}
        for i = 1, 50 do
          connection:exec(("create type many_%d as enum ('a')"):format(i))
          columns[i] = ("'a'::many_%d as one_%d, null::many_%d[] as list_%d"):format(i, i, i, i)
        end
        assert.are.equal("on", connection:value "show jit")
        connection:one("select " .. table.concat(columns, ", "))
        assert.is_false(has_compiler())
        if not connection:value "select pg_catalog.pg_jit_available()" then
          return pending("the server was built without a compiler")
        end
        connection:exec "set jit_above_cost = 0"
        connection:query "select count(*) from pg_catalog.pg_class"
        assert.is_true(has_compiler(), "the server cannot compile, so this spec tells nothing")
      end)
    end, {})
  end)

  it("is part of the statement's deadline", function()
    fresh(function(pool)
      db:transaction(function(tx)
        tx:exec "lock table pg_catalog.pg_enum in access exclusive mode"
        local err = select(2, pcall(function() return pool:with({ timeout = 0.3 }):value "select null::mood" end))
        assert.are.equal("timeout", err.kind)
      end)
      assert.is_nil(pool:value "select null::mood")
    end, {})
  end)
end)
