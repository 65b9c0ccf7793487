--- Queries of the builder on their way to a database: by which verbs, with which parameters, how often they are
--- printed, and what comes of a database that is not what the schema says.

local mp = require "moonpool"
local q = require "moonpool.query"
local assert_raises = require "spec.support.assert_raises"
local cluster = require "spec.support.cluster"
local described = require "spec.support.described"
local traced = require "spec.support.traced"

local BEFORE = [[
create table users (id int primary key, email text not null, age int, tags text[], data jsonb);
create table teams (id int primary key, name text);
insert into users values (1, 'a@x', 10), (2, 'b@x', 20), (3, 'c@x', 30);
]]

local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert(mp.is_error(err), tostring(err))
  return err
end

describe("a query that is run", function()
  local url, db, users

  lazy_setup(function()
    url = cluster.database()
    db = mp.connect { url = url, max_size = 4 }
    db:script(BEFORE)
    users = described(db).users
  end)

  lazy_teardown(function() db:close() end)

  after_each(function() assert.are.equal(0, db:stats().in_use) end)

  --- Calls fn with the pool, a connection, a transaction, one inside of that, and a pool with functions.
  local function on_each(fn)
    fn(db)
    db:checkout(fn)
    db:transaction(function(tx)
      fn(tx)
      tx:transaction(fn)
    end)
    local seen = 0
    do
      local hooked <close> = mp.connect {
        url = url, max_size = 1, on_checkout = function(connection)
          seen = seen + connection:value(users:count())
        end,
      }
      fn(hooked)
      hooked:transaction(fn)
    end
    return seen
  end

  describe("by a verb", function()
    it("gives what a text gives, on whatever it is run", function()
      local some = users:where(users.id:gt(1)):order "id":select("id", "email")
      local seen = on_each(function(on)
        local rows = on:query(some)
        assert.are.same({ 2, "b@x", "c@x" }, { rows.count, rows[1].email, rows[2].email })
        assert.are.same({ "id", "email" }, table.move(rows.columns, 1, 2, 1, {}))
        assert.are.same({ id = 2, email = "b@x" }, on:first(some))
        assert.are.same({ id = 3, email = "c@x" }, on:one(some:where { id = 3 }))
        assert.are.equal(3, on:value(users:count()))
        assert.are.equal(2, on:exec(some))
        assert.are.equal(0, on:exec(users:delete():where { id = 77 }))
        assert.is_nil(on:first(some:where { id = 9 }))
        assert.is_nil(on:value(some:where { id = 9 }:select "id"))
        assert.are.equal("rows", error_of(on.one, on, some).kind)
        assert.are.equal("rows", error_of(on.value, on, some:select "id").kind)
        assert.are.equal(8, on:value(q.value(5) + 3))
        assert.are.same({ n = 8 }, on:one((q.value(5) + 3):as "n"))
        assert.are.equal(9, on:value(q.sql "select $n::int", { n = 9 }))
        assert.are.equal(5, on:value(q.param("x", "int4") + 1, { x = 4 }))
        assert.are.same({ { 2, "b@x" }, { 3, "c@x" } }, (function()
          local arrays = on:with { rows = "arrays" }:query(some)
          return { arrays[1], arrays[2] }
        end)())
        assert.are.same({ 2, "b@x" }, on:with({ rows = "arrays" }):first(some))
      end)
      assert.is_true(seen > 3)
    end)

    it("keeps to the timeout of its handle", function()
      assert.are.equal("timeout", error_of(function()
        db:with({ timeout = 0.05 }):query(q.select(q.fn.pg_sleep(5):cast "text":as "x"))
      end).kind)
    end)

    it("is refused where it is no query", function()
      for _, case in ipairs {
        { users, "the statement is the table users\nhint: for all its rows write table:all" },
        { users:as "u", "the statement is the table u" }, { users.c, "the statement is a table; expected a string" },
        { {}, "the statement is a table" }, { 5, "the statement is a number" }, { mp.null, "the statement is a null" },
        { print, "the statement is a function" }, { q.case(q.value(true), 1), "the statement is a moonpool.Case" },
        { users.id, "users.id: users is not part of this query" },
      } do
        on_each(function(on)
          for _, verb in ipairs { "query", "one", "first", "value", "exec" } do
            assert_raises("usage", case[2], on[verb], on, case[1])
          end
        end)
      end
      assert_raises("usage", "the statement is a nil; expected a string", db.query, db)
      assert_raises("usage", "the statement is a nil; expected a string", db.query, db, nil)
      assert_raises("usage", "self is a table; expected a database handle", db.query, users:all())
      assert_raises("usage", "the statement is a table; expected a string", db.script, db, users:all())
    end)

    it("is refused when the pool is closed", function()
      local closed = mp.connect { url = url, max_size = 1 }
      closed:value(users:count())
      closed:close()
      assert_raises("usage", "the pool is closed", closed.query, closed, users:all())
      assert_raises("usage", "the pool is closed", closed.first, closed, users:as "u":all())
    end)
  end)

  describe("for its first row", function()
    --- The texts that the server got: those of pg_stat_activity's own view of the last one.
    local function last_text(fn)
      return db:checkout(function(connection)
        local pid = connection:value "select pg_backend_pid()"
        fn(connection)
        return db:value("select query from pg_stat_activity where pid = $1", pid)
      end)
    end

    it("asks for one row, unless it says how many", function()
      for expected, query in pairs {
        ['select "users"."id" from "users" order by "users"."id" limit $1'] = users:select "id":order "id",
        ['select "users"."id" from "users" where "users"."id" > $1 limit $2'] = users:select "id":where(users.id:gt(1)),
        ['select "users"."id" from "users" limit $1 offset $2'] = users:select "id":limit(2):offset(1),
        ['(select "users"."id" from "users") union (select "users"."age" from "users") limit $1'] =
          users:select "id":union(users:select "age"),
        ['delete from "users" where "users"."id" = $1 returning "users"."id"'] =
          users:delete():where { id = 99 }:returning "id",
        ["select 1 as a"] = q.sql "select 1 as a",
      } do
        for _ = 1, 2 do
          assert.are.equal(expected, last_text(function(connection) connection:first(query) end))
        end
      end
    end)

    it("takes its parameters, and those of its limit", function()
      local some = users:where(users.id:ge(q.param "id")):order "id"
      assert.are.equal(2, db:first(some, { id = 2 }).id)
      assert.are.equal(3, db:first(some, { id = 3 }).id)
      assert.is_nil(db:first(some:limit(q.param "n"), { id = 1, n = 0 }))
      assert.are.equal(3, db:query(some, { id = 1 }).count)
      assert_raises("usage", 'parameter "id" is absent', db.first, db, some, {})
    end)
  end)

  describe("with parameters", function()
    local function some() return users:where(users.id:ge(q.param "from") & users.age:le(q.param "to")):order "id" end

    it("takes new values each time, by name", function()
      local query = some()
      on_each(function(on)
        assert.are.equal(3, on:query(query, { from = 1, to = 30 }).count)
        assert.are.equal(1, on:query(query, { from = 2, to = 20 }).count)
        assert.are.equal(0, on:query(query, { from = mp.null, to = 20 }).count)
      end)
    end)

    it("takes one value for one name, wherever that stands", function()
      local query = users:where(users.id:eq(q.param "n") | users.age:eq(q.param "n" * 10)):select("id")
      assert.are.equal('select "users"."id" from "users" where "users"."id" = $1 or "users"."age" = ($1 * $2)',
        (query:to_sql()))
      assert.are.equal(2, db:value(query, { n = 2 }))
    end)

    it("takes them in each clause and in each kind of statement", cluster.rolled_back(function() return db end,
      function(tx)
        local p = q.param
        assert.are.equal(1, tx:query(users:limit(p "n"):offset(p "m"), { n = 1, m = 2 }).count)
        assert.are.equal(1, tx:exec(users:insert { id = p "id", email = p "email", data = p "data", tags = p "tags" },
          { id = 4, email = "d@x", data = { a = { 1 } }, tags = { "x", mp.null } }))
        assert.are.equal(2, tx:exec(users:insert { { id = p "a", email = "x" }, { id = p "b", email = p "e" } },
          { a = 5, b = 6, e = "f@x" }))
        assert.are.equal(1, tx:exec(users:update { age = users.age + p "more" }:where { id = p "id" },
          { more = 5, id = 1 }))
        assert.are.equal(15, tx:value(users:where { id = 1 }:select "age"))
        assert.are.equal(1, tx:exec(users:delete():where { email = p "email" }, { email = "d@x" }))
        assert.are.equal(2, tx:value(users:where(users.id:in_(p "ids")):count(), { ids = mp.array { 1, 2 } }))
        assert.are.equal(1, tx:exec(users:insert { id = 1, email = "n" }:on_conflict "id":do_update { age = p "age" },
          { age = 7 }))
        local c = q.cte("c", users:where(users.age:gt(p "age")))
        assert.are.equal(2, tx:value(c:count(), { age = 10 }))
        assert.are.same({ v = "x" }, tx:one(q.select(p "v":as "v"), { v = "x" }))
      end))

    it("keeps values of its own beside them", function()
      local query = users:where { email = { "a@x", "b@x", "c@x" } }
        :where(users.id:gt(q.param "id")):where(users.age:lt(30))
      assert.are.equal(1, db:query(query, { id = 1 }).count)
      local _, values = query:to_sql()
      assert.are.same({ mp.array { "a@x", "b@x", "c@x" }, 30 }, { values[1], values[3] })
      assert.are.equal(2, db:query(query, { id = 0 }).count)
    end)

    it("is refused with one too few, too many, or misspelt", function()
      local query = some()
      on_each(function(on)
        for _ = 1, 2 do
          assert_raises("usage", 'parameter "to" is absent\nhint: for NULL write to = mp.null', on.query, on, query,
            { from = 1 })
          assert_raises("usage", 'parameter "from" is absent', on.query, on, query, { form = 1, to = 2 })
          assert_raises("usage", 'the query has no parameter "form"\nhint: did you mean from?', on.query, on, query,
            { from = 1, to = 2, form = 1 })
          assert_raises("usage", "the query has no parameter a number", on.query, on, query, { 5, from = 1, to = 2 })
          assert_raises("usage", "the query has parameters and needs one table\nhint: pass { name = value, ... }",
            on.query,
            on, query)
          assert_raises("usage", "the query has parameters and needs one table", on.query, on, query, 1, 2)
          assert_raises("usage", "the query has parameters and needs one table", on.query, on, query,
            { from = 1, to = 2 }, 3)
          on:query(query, { from = 1, to = 2 })
        end
      end)
    end)

    it("is refused with values where it has none", function()
      for _ = 1, 2 do
        assert_raises("usage", "the query has no parameters, but a value was given", db.query, db, users:all(), 5)
        assert_raises("usage", "the query has no parameters, but a value was given", db.query, db, users:all(),
          { id = 5 })
        assert_raises("usage", "the query has no parameters, but a value was given", db.query, db, users:all(), nil, 5)
        assert.are.equal(3, db:query(users:all(), nil).count)
      end
    end)

    it("is refused with what is no value", function()
      local query = users:where { id = q.param "id" }
      for _ = 1, 2 do
        assert_raises("usage", 'parameter "id" is an expression; expected a value', db.query, db, query,
          { id = users.id })
        assert_raises("usage", 'parameter "id" is an expression; expected a value', db.query, db, query,
          { id = users:all() })
        assert_raises("usage", "a table was given, but the statement expects integer", db.query, db, query,
          { id = users })
        assert_raises("usage", "parameter %$1 is a function", db.query, db, query, { id = print })
        assert.are.equal("22P02", error_of(db.query, db, query, { id = "x" }).sqlstate)
        assert.are.equal(1, db:query(query, { id = 1 }).count)
      end
    end)

    it("does not change the table of values, nor what the query keeps", function()
      local query, values = some(), { from = 1, to = 20 }
      db:query(query, values)
      assert.are.same({ from = 1, to = 20 }, values)
      local text, kept = query:to_sql()
      db:query(query, { from = 3, to = 50 })
      assert.are.same({ text, kept }, { query:to_sql() })
    end)
  end)

  describe("again and again", function()
    local SCRIPT = [[
      package.path = "./?.lua;" .. package.path
      local mp = require "moonpool"
      local q = require "moonpool.query"
      local db = mp.connect { url = arg[1], max_size = 1 }
      local users = require "spec.support.described"(db).users
      db:value(users:count())
      local function run(title, fn)
        for i = 1, 4 do
          io.stderr:write("== ", title, " ", i, "\n")
          fn(i)
        end
        io.stderr:write("== done\n")
      end
      local stored = users:where(users.id:gt(q.param "id"))
      run("stored", function(i) db:query(stored, { id = 10 ^ i // 1 | 0 }) end)
      run("built", function(i) db:query(users:where { id = 10 ^ i // 1 | 0 }:order "email") end)
      run("list", function(i)
        local list = {}
        for j = 1, i do list[j] = j end
        db:query(users:where(users.id:in_(list), users.age:gt(i)))
      end)
      run("rows", function(i)
        local rows = {}
        for j = 1, i do rows[j] = { id = 100 * i + j, email = "e" .. j, age = j > 1 and j or mp.null } end
        db:exec(users:insert(rows))
      end)
      run("first", function(i) db:first(users:where(users.email:ne "x"):order(users.age), nil) end)
      run("fragment", function(i) db:query(users:where(q.sql "id = $id" { id = i })) end)
    ]]

    it("is prepared on its second use, whatever its values are, and costs one round trip", function()
      local copy = cluster.database()
      do
        local other <close> = mp.connect { url = copy, max_size = 1 }
        other:script(BEFORE)
      end
      local lines, code = traced.run("wire", copy, SCRIPT)
      assert.are.equal(0, code, table.concat(lines, "\n"))
      local sent, trips, title = {}, {}, nil
      for _, text in ipairs(lines) do
        local line = traced.cut(text)
        if text:find "^== " then
          title = text:sub(4)
          sent[title], trips[title] = {}, {}
        elseif title and line and line.event == "send" then
          local trip, kind = line.about:match("^c1 (r%d+) (%a+)")
          trips[title][trip] = true
          sent[title][#sent[title] + 1] = kind
        end
      end
      for _, name in ipairs { "stored", "built", "list", "rows", "first", "fragment" } do
        local parsed = {}
        for i = 1, 4 do parsed[i] = table.concat(sent[name .. " " .. i], " "):find "Parse" ~= nil end
        assert.are.same({ true, true, false, false }, parsed, name)
        for i = 3, 4 do
          local key = name .. " " .. i
          assert.are.equal("Bind Describe Execute Sync", table.concat(sent[key], " "), key)
          local trip = next(trips[key])
          assert.is_nil(next(trips[key], trip), key)
        end
      end
    end)

    it("gives the same from the first run on, in text and in binary form", function()
      local query = users:select("id", "email", "tags", "data", q.value(mp.numeric "1.50"):as "n",
        q.value(mp.timestamp "2026-01-01T00:00:00Z"):as "t"):where(users.id:eq(q.param "id"))
      local function shown()
        local row = db:one(query, { id = 1 })
        return { row.id, row.email, tostring(row.n), tostring(row.t), row.tags }
      end
      local first = shown()
      for _ = 1, 5 do assert.are.same(first, shown()) end
    end)

    it("is printed once, and each step prints its own", function()
      local query = users:where { id = 1 }
      db:query(query)
      local compiled = query.compiled
      db:query(query)
      assert.is_true(rawequal(compiled, query.compiled))
      assert.are.equal(0, db:query(query:where { id = 2 }).count)
      assert.are.equal(1, db:query(query).count)
    end)

    it("serves tasks at the same time", function()
      local query = users:where(users.id:eq(q.param "id")):select(users.id, q.fn.pg_sleep(0.01):cast "text":as "slept")
      local jobs = {}
      for i = 1, 12 do
        jobs[i] = function() return db:one(query, { id = i % 3 + 1 }).id, db:first(query, { id = i % 3 + 1 }).id end
      end
      assert.are.same({ 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1 }, { mp.all(jobs) })
    end)
  end)

  describe("from within other calls", function()
    local function sorted(on)
      local list = { 3, 1, 2 }
      table.sort(list, function(a, b)
        return on:value(users:where(users.id:eq(a)):select((users.id:lt(b)):as "less"))
      end)
      return table.concat(list)
    end

    local function ways(fn)
      return {
        plain = fn,
        task = function() return (mp.all { fn, function() mp.sleep(0) end }) end,
        sort = function() table.sort({ 2, 1 }, function() fn() return false end) end,
        ["sort in a task"] = function() mp.all { function() table.sort({ 2, 1 },
          function() fn() return false end) end } end,
        gsub = function() return (("x"):gsub("x", function() return tostring(fn()) end)) end,
        coroutine = function() return coroutine.wrap(fn)() end,
        metamethod = function() return setmetatable({}, { __index = fn }).x end,
        transaction = function() return db:transaction(fn) end,
        close = function() local _ <close> = setmetatable({}, { __close = fn }) end,
      }
    end

    it("works like a text", function()
      assert.are.equal("123", sorted(db))
      assert.are.equal("123", (mp.all { function() return sorted(db) end }))
      local fresh <close> = mp.connect { url = url, max_size = 1 } -- the schema is compared within the comparator
      assert.are.equal("123", (mp.all { function() return sorted(fresh) end }))
      for name, way in pairs(ways(function() return db:value(users:count()) end)) do
        assert(pcall(way), name)
      end
    end)

    it("raises its own errors, with the script's line", function()
      for name, way in pairs(ways(function() return db:query(users:where { id = q.param "id" }) end)) do
        local err = error_of(way)
        assert.are.equal("the query has parameters and needs one table", err.message, name)
        assert.matches("run_spec%.lua:%d+", err.where, nil, name)
        assert.are.equal(0, db:stats().in_use)
      end
      for name, way in pairs(ways(function() return db:query(users:update { age = 1 }) end)) do
        assert.matches("has no condition", error_of(way).message, nil, name)
      end
    end)
  end)

  describe("on a database that is not what its schema says", function()
    local other_url, schema

    --- A pool on a database whose table users differs; the schema is that of the first database.
    local function open(options)
      options = options or {}
      options.url, options.max_size = other_url, options.max_size or 2
      return mp.connect(options)
    end

    before_each(function()
      other_url = cluster.database()
      local other <close> = mp.connect { url = other_url, max_size = 1 }
      other:script(BEFORE)
      other:script "alter table users rename age to years; alter table users alter id type int8"
      schema = described(db)
    end)

    local MESSAGE = "the database is not what the schema described says"
    local DETAIL = "users.id: the type is int8, expected int4\nusers.age: there is no such column"

    it("is refused by each verb, each time, with all that differs", function()
      local other <close> = open()
      for _ = 1, 2 do
        for _, verb in ipairs { "query", "one", "first", "value", "exec" } do
          local err = error_of(other[verb], other, schema.users:count())
          assert.are.same({ "schema", MESSAGE, DETAIL }, { err.kind, err.message, err.detail })
          assert.matches("run the migrations, or `moonpool schema generate`", err.hint)
          assert.matches("run_spec%.lua:%d+", err.where)
        end
      end
    end)

    it("is refused wherever the table stands", function()
      local other <close> = open()
      local differing, teams = schema.users, schema.teams
      for _, query in ipairs {
        differing:as "u":all(), teams:where(differing:exists()), teams:join(differing, differing.id:eq(teams.id)),
        teams:where(teams.id:in_(differing:select "id")), q.cte("c", differing:all()):all(),
        teams:with(q.cte("c", differing:delete():everywhere())), teams:select("id"):union(differing:select "id"),
        differing:insert { id = 1, email = "x" }, differing:update { email = "x" }:everywhere(),
        differing:delete():everywhere(), teams:insert(differing:select "id"), differing:all():as "q":all(),
        teams:update { name = "x" }:from(differing):everywhere(), teams:delete():using(differing):everywhere(),
        q.sql "select * from $t" { t = differing }, q.sql "select * from $q as q" { q = differing:all() },
        teams:where(q.sql "id in (select id from $t as x)" { t = differing }),
          q.select(differing:select("id"):limit(1):as "n"),
        teams:insert { id = 5 }:on_conflict "id":do_update { name = differing:select("email"):limit(1) },
        differing:all():explain(),
      } do
        local err = error_of(other.query, other, query)
        assert.are.same({ "schema", DETAIL }, { err.kind, err.detail }, (query:to_sql()))
      end
    end)

    it("goes on with tables that are as they should be", function()
      local other <close> = open()
      assert.are.equal(0, other:value(schema.teams:count()))
      assert.are.equal("schema", error_of(other.value, other, schema.users:count()).kind)
      assert.are.equal(0, other:value(schema.teams:count()))
      assert.are.equal(3, db:value(schema.users:count()))
    end)

    it("is healed by a migration", function()
      local other <close> = open()
      error_of(other.value, other, schema.users:count())
      other:script "alter table users rename years to age"
      assert.are.equal("users.id: the type is int8, expected int4", error_of(other.value, other,
        schema.users:count()).detail)
      other:script "alter table users alter id type int4"
      assert.are.equal(3, other:value(schema.users:count()))
      other:script "alter table users rename age to years"
      assert.are.equal(3, other:value(schema.users:count())) -- the pool has seen it whole, and does not look again
      assert.are.equal("42703", error_of(other.query, other, schema.users:all()).sqlstate)
    end)

    it("leaves a transaction in which it is refused as it was", function()
      local other <close> = open()
      other:transaction(function(tx)
        tx:exec(schema.teams:insert { id = 1, name = "x" })
        assert.are.equal("schema", error_of(tx.query, tx, schema.users:all()).kind)
        tx:transaction(function(inner) assert.are.equal("schema", error_of(inner.query, inner,
          schema.users:all()).kind) end)
        tx:exec(schema.teams:insert { id = 2, name = "y" })
      end)
      assert.are.equal(2, other:value(schema.teams:count()))
    end)

    it("is compared inside of a transaction that mends it", function()
      local other <close> = open { max_size = 1 }
      other:transaction(function(tx)
        tx:script "alter table users rename years to age; alter table users alter id type int4"
        assert.are.equal(3, tx:value(schema.users:count()))
      end)
    end)

    it("is refused for all tasks at once, on a pool with functions, and with rows as arrays", function()
      local other <close> = open { max_size = 3, on_checkout = function(connection) connection:value "select 1" end }
      local arrays, kinds = other:with { rows = "arrays" }, {}
      local jobs = {}
      for i = 1, 6 do
        jobs[i] = function() kinds[i] = error_of(arrays.query, arrays, schema.users:all()).kind end
      end
      mp.all(jobs)
      assert.are.same({ "schema", "schema", "schema", "schema", "schema", "schema" }, kinds)
      assert.are.equal(0, other:stats().in_use)
      other:script "alter table users rename years to age; alter table users alter id type int4"
      for i = 1, 6 do
        jobs[i] = function() return arrays:first(schema.users:order "id":select "id")[1] end
      end
      assert.are.same({ 1, 1, 1, 1, 1, 1 }, { mp.all(jobs) })
    end)

    it("is told once where the pool warns, and not at all where it ignores", function()
      local script = [[
        package.path = "./?.lua;" .. package.path
        local mp = require "moonpool"
        local described = require "spec.support.described"
        local right <close> = mp.connect { url = %q, max_size = 1 }
        local users = described(right).users
        local other <close> = mp.connect { url = arg[1], max_size = 2, schema_drift = %q }
        for _ = 1, 3 do assert(other:value(users:count()) == 3) end
        assert(other:transaction(function(tx) return tx:value(users:count()) end) == 3)
        local ok, err = pcall(other.query, other, users:all())
        assert(not ok and err.sqlstate == "42703")
      ]]
      local lines, code = traced.run("", other_url, script:format(url, "warn"))
      assert.are.same({ 0, { "moonpool: warning: " .. MESSAGE, "users.id: the type is int8, expected int4",
        "users.age: there is no such column" } }, { code, lines })
      assert.are.same({ {}, 0 }, { traced.run("", other_url, script:format(url, "ignore")) })
    end)

    it("is one of two schemas, each compared on its own", function()
      local other <close> = open()
      other:script "create schema far; create table far.things (id int primary key)"
      local things = described(other, "far").things
      assert.are.equal(0, other:value(things:join(schema.teams, schema.teams.id:eq(things.id)):count()))
      assert.are.equal("schema", error_of(other.value, other, things:where(schema.users:exists()):count()).kind)
      local err = error_of(db.value, db, things:where(schema.teams:exists()):count())
      assert.are.equal("things: there is no such table", err.detail)
    end)

    it("is refused where there is no such table at all", function()
      local empty <close> = mp.connect { url = cluster.database(), max_size = 1 }
      assert.are.equal("users: there is no such table", error_of(empty.query, empty, schema.users:all()).detail)
      assert.are.equal(5, empty:value(q.value(5)))
    end)
  end)
end)
