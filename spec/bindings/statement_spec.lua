--- Statements that are run again and again: prepared on the way, and right whatever has changed since.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"

local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert(mp.is_error(err), tostring(err))
  return err
end

--- A value as text that tells integers from floats, and what a table holds.
local function show(value)
  if type(value) == "table" then
    local parts = {}
    for key, inner in pairs(value) do parts[#parts + 1] = tostring(key) .. "=" .. show(inner) end
    table.sort(parts)
    return "{" .. table.concat(parts, ",") .. "}"
  end
  return (math.type(value) or type(value)) .. ":" .. tostring(value)
end

-- Types, and literals whose text and binary forms have to be read as the same value.
local VALUES = {
  bool = { "true", "false" },
  int2 = { "-32768", "32767" }, int4 = { "-2147483648", "7" }, int8 = { "-9223372036854775808", "9223372036854775807" },
  oid = { "4294967295" },
  float4 = { "0.1", "-0", "Infinity", "16777216", "1e-45" },
  float8 = { "0.1", "-0", "-Infinity", "5e-324", "100", "1e300" },
  numeric = { "1.50", "-0.000", "12345678901234567890.123456789", "NaN", "Infinity" },
  text = { "", "äöü €𝄞", "a\\b" }, varchar = { "x" }, name = { "pg" }, ["char(5)"] = { "ab" },
  bytea = { "\\x00ff5c", "\\x" },
  uuid = { "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11" },
  timestamptz = { "2024-02-29 12:34:56.789012+05:30", "infinity", "0044-03-15 12:00:00+00 BC" },
  timestamp = { "2024-02-29 12:34:56.789012", "-infinity" },
  date = { "2024-02-29", "infinity", "0044-03-15 BC" },
  time = { "23:59:59.999999", "24:00:00" },
  interval = { "1 year 2 mons -3 days 04:05:06.7", "-00:00:00.000001", "0" },
  json = { '{"a": [1, 2.5, null, "x"]}' }, jsonb = { '{"a": {"b": []}}', "12345678901234567890" },
  ["int4[]"] = { "{1,NULL,3}", "{}", "{{1,2},{3,4}}", "[0:1]={5,6}" },
  ["text[]"] = { '{a,"b,c",NULL,"NULL",""}' }, ["numeric[]"] = { "{1.0,2.50}" },
  inet = { "10.0.0.1/8" }, money = { "1.50" }, point = { "(1,2)" }, int4range = { "[1,5)" },
}

describe("a statement run again", function()
  local db

  before_each(function()
    db = mp.connect { url = cluster.database(), max_size = 1 }
  end)

  after_each(function()
    assert.are.equal(0, db:stats().in_use)
    db:close()
  end)

  --- The named statements that the session has prepared.
  local function prepared(handle)
    return handle:value("select count(*) from pg_prepared_statements where statement not like '%pg_prepared%'")
  end

  --- Runs the statement `times` times; all must give what the first gave. Returns that, as text.
  local function same(times, handle, sql, ...)
    local first = show(handle:query(sql, ...))
    for _ = 2, times do
      assert.are.equal(first, show(handle:query(sql, ...)))
    end
    return first
  end

  for name, literals in pairs(VALUES) do
    it("reads the same " .. name .. " each time", function()
      for _, literal in ipairs(literals) do
        local sql = ("select '%s'::%s as v"):format(literal, name)
        same(5, db, sql)
        -- What was read is taken back as a parameter, and is the same value again.
        local value = db:value(sql)
        if type(value) == "table" then value = (name:find("json") and mp.json or function(v) return v end)(value) end
        local back = "select $1::" .. name .. " as v"
        same(5, db, back, value)
        assert.are.equal(show(db:query(sql)), show(db:query(back, value)))
      end
    end)
  end

  it("is prepared on its second use", function()
    for expected = 0, 1 do
      assert.are.equal(1, db:value("select 1 + 0"))
      assert.are.equal(expected, prepared(db))
    end
    db:value("select 1 + 0")
    assert.are.equal(1, prepared(db))
  end)

  it("is never prepared with prepare = never", function()
    local never <close> = mp.connect { url = cluster.database(), max_size = 1, prepare = "never" }
    same(5, never, "select $1::int as a, $2::text as b, $3::jsonb as c", 1, "x", { a = 1 })
    assert.are.equal(0, prepared(never))
  end)

  it("keeps as many as the cache holds, and the others run as well", function()
    local small <close> = mp.connect { url = cluster.database(), max_size = 1, statement_cache = 2 }
    for round = 1, 6 do
      for i = 1, 5 do
        local a = i % 2 == round % 2 and i or 1
        assert.are.equal(a, small:value(("select %d + $1::int * 0"):format(a), round))
        assert.is_true(prepared(small) <= 2)
      end
    end
    assert.is_true(prepared(small) > 0)
  end)

  it("runs without a cache", function()
    local none <close> = mp.connect { url = cluster.database(), max_size = 1, statement_cache = 0 }
    same(5, none, "select $1::numeric as a", mp.numeric "1.5")
    assert.are.equal(0, prepared(none))
  end)

  it("runs with pipeline = false", function()
    local plain <close> = mp.connect { url = cluster.database(), max_size = 1, pipeline = false }
    same(5, plain, "select $1::int as a, $2::text as b, $3::numeric as c, $4::timestamptz as d", 1, "a\\b",
      mp.numeric "1.50", mp.timestamp "2024-01-01T00:00:00Z")
    same(5, plain, "select $1::int[] as a, $2::jsonb as b", mp.array { 1, 2 }, mp.json { a = { 1 } })
    same(5, plain, "select $1::bytea as a", mp.bytes "\0\xff\\")
    local err = error_of(plain.query, plain, "select $1::jsonb", { a = 1 })
    assert.are.equal("usage", err.kind)
    assert.are.equal("for an array say mp.array{ ... }, for a JSON document mp.json(value)", err.hint)
    plain:transaction(function(tx)
      assert.are.equal(1, tx:value("select 1"))
      tx:transaction(function(inner) assert.are.equal(2, inner:value("select 2")) end)
    end)
  end)

  it("is given up when the server finds fault with a value again and again", function()
    local limited = db:with { timeout = 20 }
    for _, text in ipairs { "a\\b", "\\x" } do
      for _ = 1, 3 do
        assert.are.equal("22P02", error_of(limited.value, limited, "select $1::int", text).sqlstate)
      end
    end
  end)

  it("takes a table by the parameter's type", function()
    for _ = 1, 4 do
      assert.are.same({ 1, 2 }, { table.unpack(db:value("select $1::int[]", { 1, 2 })) })
      assert.are.same({ a = { 1, 2 } }, db:value("select $1::jsonb", { a = { 1, 2 } }))
      local err = error_of(db.value, db, "select $1::text", { 1 })
      assert.are.equal("parameter $1: a table was given, but the statement expects text", err.message)
    end
  end)

  describe("after a column's type was altered", function()
    -- Each: a type, how the old values become it, and the value that has to be read from it.
    local STEPS = {
      { "int4", "v", "integer:7" },
      { "text", "v", "string:7" },
      { "numeric(10,2)", "v::numeric", "userdata:7.00" },
      { "int8", "v", "integer:7" },
      { "float8", "v", "float:7.0" },
      { "text", "v::int::text", "string:7" },
      { "digit", "v::digit", "string:7" },
    }

    local function alter(step)
      db:exec(("alter table t alter v type %s using %s"):format(step[1], step[2]))
    end

    before_each(function()
      db:script [[create type digit as enum ('6', '7', '8'); create table t (v int2); insert into t values (7);]]
    end)

    for uses = 1, 4 do
      it("gives the new type's value, having run " .. uses .. " times", function()
        local select, where = "select v from t", "select v from t where v = $1"
        for _, step in ipairs(STEPS) do
          for _ = 1, uses do db:value(select) end
          alter(step)
          for _ = 1, uses do
            assert.are.equal(step[3], show(db:value(select)))
            assert.are.equal(step[3], show(db:value(where, "7")), step[1])
          end
        end
      end)

      it("writes the new type's value, having run " .. uses .. " times", function()
        local insert = "insert into t values ($1) returning v"
        for _, step in ipairs(STEPS) do
          for _ = 1, uses do db:value(insert, "7") end
          alter(step)
          for _ = 1, uses do
            assert.are.equal(step[3], show(db:value(insert, "7")), step[1])
          end
        end
      end)
    end

    for uses = 1, 4 do
      it("goes on when the type was made anew under its name, having run " .. uses .. " times", function()
        local insert, list = "insert into u (a, v) values ($1, $2)", "insert into u (a, w) values ($1, $2)"
        for _ = 1, 3 do
          db:script [[
            drop table if exists u; drop type if exists m; create type m as enum ('x', 'y');
            create table u (a int, v m, w m[])
          ]]
          for _ = 1, uses do
            assert.are.equal(1, db:exec(insert, 1, "x"))
            assert.are.equal(1, db:exec(list, 1, { "y" }))
          end
        end
      end)
    end

    it("never stores an integer as another type's bytes", function()
      local insert = "insert into t values ($1) returning v::text"
      for _, type in ipairs { "int4", "int8", "float4", "float8", "numeric", "int2", "int8", "float4" } do
        for _ = 1, 4 do assert.are.equal("6", db:value(insert, 6)) end
        db:exec(("alter table t alter v type %s using v::text::%s"):format(type, type))
      end
    end)

    it("refuses no value for the sake of the old type", function()
      local number, object = "insert into t values ($1) returning v", "insert into u values ($1) returning v"
      for _ = 1, 3 do db:value(number, 6) end
      assert.matches("out of range for smallint", error_of(db.value, db, number, 70000).message)
      alter { "int8", "v" }
      assert.are.equal(70000, db:value(number, 70000))

      db:script "create table u (v text)"
      for _ = 1, 3 do db:value(object, "x") end
      db:script "drop table u; create table u (v jsonb)"
      assert.are.same({ a = 1 }, db:value(object, { a = 1 }))

      for _ = 1, 3 do db:value(number, 8) end
      alter { "text", "v" }
      pcall(db.transaction, db, function(tx) tx:value(number, "seven") end) -- may fail, where it cannot run again
      assert.are.equal("seven", db:value(number, "seven"))
    end)

    it("sees a column that was added or dropped", function()
      for _ = 1, 4 do assert.are.same({ v = 7 }, db:one("select * from t")) end
      db:exec("alter table t add w text default 'new'")
      for _ = 1, 4 do assert.are.same({ v = 7, w = "new" }, db:one("select * from t")) end
      db:exec("alter table t drop v")
      for _ = 1, 4 do assert.are.same({ w = "new" }, db:one("select * from t")) end
    end)

    it("raises inside a transaction, where it cannot be run again", function()
      for _ = 1, 4 do db:one("select * from t") end
      local ok, err = pcall(db.transaction, db, function(tx)
        tx:exec("alter table t add w text")
        return tx:one("select * from t")
      end)
      if not ok then assert.are.equal("0A000", err.sqlstate) end
      assert.is_table(db:one("select * from t"))
    end)
  end)

  it("follows the search_path", function()
    db:script [[
      create schema a; create table a.t (v int); insert into a.t values (1);
      create schema b; create table b.t (v text); insert into b.t values ('one');
    ]]
    db:checkout(function(connection)
      for _ = 1, 3 do
        connection:exec("set search_path to a")
        for _ = 1, 4 do assert.are.equal(1, connection:value("select v from t where v = $1", 1)) end
        connection:exec("set search_path to b")
        for _ = 1, 4 do assert.are.equal("one", connection:value("select v from t where v = $1", "one")) end
      end
    end)
  end)

  for _, command in ipairs { "discard all", "deallocate all", "do $$ begin execute 'deallocate all'; end $$" } do
    it("survives a " .. command .. " of the script's", function()
      db:checkout(function(connection)
        for _ = 1, 3 do
          for _ = 1, 4 do assert.are.equal(5, connection:value("select $1::int + 1", 4)) end
          connection:exec(command)
          for _ = 1, 4 do assert.are.equal(5, connection:value("select $1::int + 1", 4)) end
          connection:script(command)
        end
      end)
      for _ = 1, 4 do assert.are.equal(5, db:value("select $1::int + 1", 4)) end
    end)
  end

  it("leaves no setting of the session to the next user", function()
    db:exec("set search_path to nowhere")
    assert.are.equal('"$user", public', db:value("show search_path"))
    db:checkout(function(connection)
      connection:exec("set timezone to 'Asia/Tokyo'")
      connection:exec("create temp table mine ()")
      connection:value("select pg_advisory_lock(1)")
    end)
    assert.are_not.equal("Asia/Tokyo", db:value("show timezone"))
    assert.is_nil(db:value("select to_regclass('mine')"))
    assert.are.equal(0, db:value("select count(*) from pg_locks where locktype = 'advisory'" ..
      " and database = (select oid from pg_database where datname = current_database())"))
  end)

  it("reads times whatever the session's settings are", function()
    db:checkout(function(connection)
      local sql = "select '2024-02-29 12:00:00+00'::timestamptz as t, '1 mon 2 days 03:04:05'::interval as i"
      local first = show(connection:one(sql))
      for _, setting in ipairs { "timezone to 'Asia/Kolkata'", "intervalstyle to 'iso_8601'",
        "intervalstyle to 'sql_standard'", "bytea_output to 'escape'" } do
        connection:exec("set " .. setting)
        for _ = 1, 3 do
          assert.are.equal(show(mp.timestamp "2024-02-29T12:00:00Z"):match("^%a+"),
            show(connection:one(sql).t):match("^%a+"))
          assert.is_true(connection:one(sql).t == mp.timestamp "2024-02-29T12:00:00Z")
          assert.are.equal(#first > 0, true)
          assert.are.equal("a\\b", connection:value("select 'a\\\\b'::bytea"))
        end
      end
    end)
  end)
end)
