--- Loops over rows as they come: what is held meanwhile, and that nothing is held afterwards.

local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"
local cluster = require "spec.support.cluster"
local same = require "spec.support.same"
local shell = require "spec.support.shell"
local traced = require "spec.support.traced"

local NUMBERS = "select g as n from generate_series(1, $1::int) g"

local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  return err
end

local function collect(...)
  local list = {}
  for row in ... do
    list[#list + 1] = row
  end
  return list
end

local function break_off(...)
  for row in ... do
    if row then break end
  end
end

local function fail_in(...)
  for row in ... do
    if row then error "no" end
  end
end

describe("a loop of each", function()
  local db, url

  setup(function() url = cluster.database() end)

  before_each(function()
    db = mp.connect { url = url, max_size = 2, checkout_timeout = 5 }
    db:script "drop table if exists seen; create table seen (n int); drop sequence if exists s; create sequence s"
  end)

  after_each(function()
    assert.are.equal(0, db:stats().in_use)
    db:close()
  end)

  local function seen()
    return db:value "select count(*) from seen"
  end

  describe("gives", function()
    it("all rows in order, whatever their number", function()
      for _, count in ipairs { 0, 1, 4, 5, 6, 9, 10, 11, 23 } do
        local rows = collect(db:with { batch = 5 }:each(NUMBERS, count))
        assert.are.equal(count, #rows)
        for i, row in ipairs(rows) do assert.are.same({ n = i }, row) end
      end
      assert.are.equal(1234, #collect(db:each(NUMBERS, 1234)))
    end)

    it("the row alone, and nil after the end, again and again", function()
      local next_row = db:each("select 7 as n")
      assert.are.same({ n = 1, { n = 7 } }, table.pack(next_row()))
      for _ = 1, 3 do assert.are.same({ n = 1 }, table.pack(next_row())) end
      assert.are.equal(0, db:stats().in_use)
    end)

    it("what query gives, of each type and in both forms", function()
      local sql = [[select g as i, g * 1.5::float8 as f, g * 0.1 as d, 'a' || g as t, g % 2 = 0 as b,
        array[g, null] as l, int4range(g, g + 1) as r, jsonb_build_object('g', g) as j, null as nothing,
        timestamptz '2024-01-01' + g * interval '1 day' as at, interval '1 day' * g as span, row(g, 'x') as c,
        decode('00ff', 'hex') as y, gen_random_uuid() is null as u from generate_series(1, 9) g]]
      local rows, given = db:query(sql), collect(db:with { batch = 2 }:each(sql))
      assert.are.equal(#rows, #given)
      for i, row in ipairs(rows) do
        same(row, given[i])
      end
    end)

    it("the same where nothing is prepared, and nothing sent ahead", function()
      for _, setting in ipairs { { prepare = "never" }, { pipeline = false } } do
        setting.url = url
        local other <close> = mp.connect(setting)
        for _ = 1, 3 do
          local sql = "select g as n, $1 as t from generate_series(1, 5) g"
          local rows = collect(other:with { batch = 2 }:each(sql, "x"))
          assert.are.equal(5, #rows)
          assert.are.same({ n = 5, t = "x" }, rows[5])
        end
      end
    end)

    it("what a query asks for", function()
      local numbers = mp.sql "select g as n from generate_series(1, $n::int) g"
      assert.are.same({ { n = 1 }, { n = 2 } }, collect(db:each(numbers, { n = 2 })))
      assert_raises("usage", "parameter \"n\" is absent", db.each, db, numbers, {})
    end)

    it("rows without columns", function()
      assert.are.same({ {}, {}, {} }, collect(db:with { batch = 2 }:each "select from generate_series(1, 3)"))
    end)

    it("arrays where they are asked for", function()
      local arrays = db:with { rows = "arrays", batch = 1 }
      local rows = collect(arrays:each "select g, null from generate_series(1, 2) g")
      assert.are.same({ { 1, mp.null }, { 2, mp.null } }, rows)
    end)

    it("what parameters by position and by name ask for", function()
      assert.are.same({ { a = 1, b = "x" } }, collect(db:each("select $1::int as a, $2 as b", 1, "x")))
      assert.are.same({ { a = 1, b = "x" } }, collect(db:each("select $a::int as a, $b as b", { a = 1, b = "x" })))
      local sql = "select n from unnest($1::int[]) n where n = any($2)"
      assert.are.same({ { n = 2 } }, collect(db:each(sql, { 1, 2 }, { 2 })))
      assert.are.same({ {} }, collect(db:each("select $1::int as a", nil)))
    end)

    it("rows of whatever a cursor runs", function()
      for _, sql in ipairs {
        "values (1)", "(select 1 as column1)", "with x as (select 1 as column1) select * from x;",
        "table one", "select column1 from one for update", "-- why\nselect 1 as column1 -- that is why",
      } do
        db:script "drop table if exists one; create table one as select 1 as column1"
        assert.are.same({ { column1 = 1 } }, collect(db:each(sql)), sql)
      end
    end)
  end)

  describe("holds", function()
    it("a batch at a time, on the server too", function()
      local given = 0
      for _ in db:with { batch = 10 }:each "select nextval('s') as n from generate_series(1, 100)" do
        given = given + 1
        assert.are.equal((given + 9) // 10 * 10, db:value "select last_value from s")
        if given == 21 then break end
      end
    end)

    it("each batch in binary, but for the first, which tells the types", function()
      local lines = traced.run("wire", url, [[
        local db = require("moonpool").connect(arg[1])
        for row in db:with { batch = 2 }:each "select g as n from generate_series(1, 6) g" do assert(row.n) end
      ]])
      local sizes = {}
      for _, line in ipairs(lines) do sizes[#sizes + 1] = line:match "DataRow (%d+) rows=2" end
      assert.are.same({ "22", "28", "28" }, sizes, table.concat(lines, "\n")) -- of a character, and of four bytes
    end)

    it("500 rows without another word, in a transaction too", function()
      db:transaction(function(tx)
        break_off(tx:each "select nextval('s') as n from generate_series(1, 1000)")
      end)
      assert.are.equal(500, db:value "select last_value from s")
    end)

    it("little memory of a million rows", function()
      local output = shell.run(("URL=%s %s/moonpool -e %s"):format(shell.quote(url), shell.build(), shell.quote [[
        local db = require("moonpool").connect(os.getenv "URL")
        local most, count = 0, 0
        for row in db:each "select g as n, repeat('x', 100) as text from generate_series(1, 1000000) g" do
          count = count + 1
          assert(row.n == count)
          if count % 100 == 0 then most = math.max(most, collectgarbage "count") end
        end
        local process = io.open("/proc/self/status"):read("a"):match "VmHWM:%s*(%d+)"
        print(count, most // 1, process)
      ]]))
      local count, most, process = output:match "^(%d+)%s+([%d.]+)%s+(%d+)"
      assert.are.equal("1000000", count, output)
      assert(tonumber(most) < 2048, most .. " kB in Lua")
      if not shell.build():find "san" then assert(tonumber(process) < 32 * 1024, process .. " kB in the process") end
    end)
  end)

  describe("on a pool", function()
    it("has a connection of its own, which is back as soon as the loop is left", function()
      local other = db:value "select pg_backend_pid()" -- and stays for whoever asks next
      local sql = "select pg_backend_pid() as pid from generate_series(1, 2000)"
      local pid
      for row in db:each(sql) do
        assert.are.equal(1, db:stats().in_use)
        pid = row.pid
        if pid then break end
      end
      assert.are.equal(0, db:stats().in_use)
      assert.are.equal(other, pid)
    end)

    it("leaves no cursor and no transaction, however it ends", function()
      local one = mp.connect { url = url, max_size = 1 }
      local pid = one:value "select pg_backend_pid()"
      local function leave(how)
        for row in one:each(NUMBERS, 2000) do
          if row.n == 700 then
            if how == "return" then return end
            if how == "error" then error("enough", 0) end
            if how == "break" then break end
            if how == "goto" then goto out end
          end
        end
        ::out::
      end
      for _, how in ipairs { "end", "return", "error", "break", "goto" } do
        local ok, err = pcall(leave, how)
        assert.are.same({ how ~= "error", how == "error" and "enough" or nil }, { ok, err }, how)
        assert.are.same({ 0, 1 }, { one:stats().in_use, one:stats().connects })
        assert.are.equal(0, one:value "select count(*) from pg_cursors where name like 'mp_each%'")
        assert.are.equal("idle", db:value("select state from pg_stat_activity where pid = $1", pid))
      end
      one:close()
    end)

    it("gives its connection back when a coroutine that has it is forgotten", function()
      local quiet = mp.connect { url = url, max_size = 1, on_leak = function() end }
      coroutine.wrap(function()
        for _ in quiet:each(NUMBERS, 2000) do coroutine.yield() end
      end)()
      assert.are.equal(1, quiet:stats().in_use)
      collectgarbage()
      cluster.wait_until(function() return quiet:stats().idle == 1 end)
      assert.are.equal(0, quiet:value "select count(*) from pg_cursors where name like 'mp_each%'")
      quiet:close()
    end)

    it("gives its connection back when a coroutine that has it is closed", function()
      local co = coroutine.create(function()
        for _ in db:each(NUMBERS, 2000) do coroutine.yield() end
      end)
      coroutine.resume(co)
      assert.are.equal(1, db:stats().in_use)
      assert.is_true(coroutine.close(co))
      assert.are.equal(0, db:stats().in_use)
    end)

    it("may be within another one", function()
      local pairs_seen = 0
      for _ in db:each(NUMBERS, 3) do
        for _ in db:each(NUMBERS, 4) do pairs_seen = pairs_seen + 1 end
      end
      assert.are.equal(12, pairs_seen)
    end)

    it("keeps what its statement wrote, whatever becomes of the loop", function()
      db:script [[
        create or replace function note(n int) returns int language sql as 'insert into seen values (n) returning n';
      ]]
      local sql = "select note(g) as n from generate_series(1, 10) g"
      collect(db:with { batch = 4 }:each(sql))
      assert.are.equal(10, seen())
      break_off(db:with { batch = 4 }:each(sql))
      assert.are.equal(14, seen())
      pcall(fail_in, db:with { batch = 4 }:each(sql))
      assert.are.equal(18, seen())
    end)

    it("keeps nothing of what its statement wrote when that fails", function()
      db:script [[
        create or replace function note(n int) returns int language sql
          as 'insert into seen values (n) returning 1 / (9 - n)';
      ]]
      local err = error_of(function()
        collect(db:with { batch = 4 }:each "select note(g) as n from generate_series(1, 10) g")
      end)
      assert.are.equal("22012", err.sqlstate)
      assert.are.equal(0, seen())
    end)

    it("keeps nothing when its rows cannot be given", function()
      db:script [[
        create or replace function note(n int) returns int language sql as 'insert into seen values (n) returning n';
      ]]
      assert_raises("usage", "two columns of the result are called", db:each "select note(1) as a, 2 as a")
      assert.are.equal(0, seen())
    end)

    it("raises what COMMIT says", function()
      db:script [[
        drop table if exists children, parents;
        create table parents (id int primary key);
        create table children (parent int references parents deferrable initially deferred);
        create or replace function add_child(n int) returns int language sql
          as 'insert into children values (n) returning 1';
      ]]
      local function run(leave)
        for _ in db:each "select add_child(1)" do if leave then break end end
      end
      assert_raises("constraint", "children_parent_fkey", run, false)
      assert_raises("constraint", "children_parent_fkey", run, true)
    end)

    it("is told as a loan of the script's line, and calls the functions around a loan", function()
      local events = {}
      local hooked
      hooked = mp.connect {
        url = url, max_size = 1,
        on_checkout = function() events[#events + 1] = hooked:loans()[1].where end,
        on_return = function() events[#events + 1] = "back" end,
      }
      local line = debug.getinfo(1, "l").currentline + 1
      break_off(hooked:each(NUMBERS, 1000))
      assert.are.equal(2, #events)
      assert.matches("each_spec.lua:" .. line .. "$", events[1])
      assert.are.equal("back", events[2])
      hooked:close()
    end)

    it("takes nothing when a function before the loan raises", function()
      local hooked = mp.connect { url = url, max_size = 1, on_checkout = function() error("not today", 0) end }
      assert.are.equal("not today", error_of(hooked.each, hooked, "select 1"))
      assert.are.equal(0, hooked:stats().in_use)
      hooked:close()
    end)

    it("goes on after the pool was closed, which takes no new one", function()
      local closing = mp.connect { url = url }
      local count = 0
      for _ in closing:each(NUMBERS, 1200) do
        if count == 0 then closing:close() end
        count = count + 1
      end
      assert.are.equal(1200, count)
      assert_raises("usage", "the pool is closed", closing.each, closing, "select 1")
    end)
  end)

  describe("on a connection", function()
    it("has a transaction of its own, in which the connection is not used", function()
      db:checkout(function(connection)
        local err = error_of(function()
          for _ in connection:each(NUMBERS, 3) do connection:exec "insert into seen values (1)" end
        end)
        assert.are.equal("a transaction is open within this connection", err.message)
        assert.matches("a loop of each wants a transaction around it", err.hint)
        assert.are.equal(0, connection:value "select count(*) from pg_cursors where name like 'mp_each%'")
        assert.are.equal(3, #collect(connection:each(NUMBERS, 3)))
        connection:exec "insert into seen values (2)"
      end)
      assert.are.equal(1, seen())
    end)

    it("is over when the connection is given back", function()
      local next_row
      db:checkout(function(connection)
        next_row = connection:with { batch = 1 }:each(NUMBERS, 3)
        assert.are.same({ n = 1 }, next_row())
      end)
      assert_raises("usage", "the transaction is over", next_row)
      assert.is_nil(next_row())
    end)
  end)

  describe("in a transaction", function()
    local function cursors(tx)
      return tx:value "select count(*) from pg_cursors where name like 'mp_each%'"
    end

    it("is a part of it, and ends its cursor only", function()
      db:transaction(function(tx)
        for row in tx:with { batch = 2 }:each(NUMBERS, 7) do
          tx:exec("insert into seen values ($1)", row.n)
          assert.are.equal(1, cursors(tx))
        end
        assert.are.equal(0, cursors(tx))
        break_off(tx:each(NUMBERS, 7))
        assert.are.equal(0, cursors(tx))
        pcall(fail_in, tx:each(NUMBERS, 7))
        assert.are.equal(0, cursors(tx))
        assert.are.equal(7, tx:value "select count(*) from seen")
        assert.are.equal(1, db:stats().in_use)
      end)
      assert.are.equal(7, seen())
    end)

    it("may be within another one, at any level", function()
      local list = {}
      db:transaction(function(tx)
        for a in tx:with { batch = 1 }:each(NUMBERS, 2) do
          for b in tx:with { batch = 1 }:each(NUMBERS, 2) do
            tx:transaction(function(inner)
              for c in inner:with { batch = 1 }:each(NUMBERS, 2) do
                list[#list + 1] = a.n .. b.n .. c.n
              end
            end)
          end
        end
      end)
      assert.are.equal("111 112 121 122 211 212 221 222", table.concat(list, " "))
    end)

    it("outlives a savepoint that fails within it", function()
      db:transaction(function(tx)
        local count = 0
        for _ in tx:with { batch = 1 }:each(NUMBERS, 3) do
          pcall(tx.transaction, tx, function(inner) inner:exec "select 1 / 0" end)
          count = count + 1
        end
        assert.are.equal(3, count)
      end)
    end)

    it("that is refused before anything is sent harms nothing", function()
      db:transaction(function(tx)
        assert_raises("usage", "the statement has 1 parameter, but 0 were given", tx.each, tx, NUMBERS)
        assert.are.equal(1, tx:value "select 1")
      end)
    end)

    it("whose rows cannot be given closes its cursor, and harms nothing", function()
      db:transaction(function(tx)
        assert.matches('two columns of the result are called "a"', error_of(tx:each "select 1 as a, 2 as a").message)
        assert.are.equal(0, cursors(tx))
      end)
    end)

    it("that outlives it is over, and may be closed", function()
      do
        local next_row <close> = db:transaction(function(tx) return (tx:with { batch = 1 }:each(NUMBERS, 3)) end)
        local _ <close> = db:transaction(function(tx) return (tx:each(NUMBERS, 3)) end)
        assert_raises("usage", "the transaction is over", next_row)
      end
      assert.are.equal(3, #collect(db:each(NUMBERS, 3)))
    end)

    it("fails the transaction when its statement fails", function()
      local err = error_of(db.transaction, db, function(tx)
        pcall(collect, tx:each "select 1 / (2 - g) from generate_series(1, 3) g")
      end)
      assert.are.equal("transaction", err.kind)
    end)

    it("that was forgotten does not stand in the way of the next", function()
      db:transaction(function(tx)
        for _ = 1, 3 do
          local next_row = tx:with { batch = 1 }:each(NUMBERS, 3)
          assert.are.equal(1, next_row().n)
        end
        collectgarbage()
        assert.are.equal(2, #collect(tx:each(NUMBERS, 2)))
      end)
      assert.are.equal(2, #collect(db:each(NUMBERS, 2)))
    end)
  end)

  describe("of a statement that no cursor runs", function()
    it("gives its rows, and runs it once", function()
      for _, sql in ipairs {
        "insert into seen values (nextval('s')) returning n",
        "insert into seen select nextval('s') returning n;",
        "with x as (insert into seen values (nextval('s')) returning n) select n from x",
        "with x as (select nextval('s') as i) insert into seen select i from x returning n",
      } do
        local before = db:value "select nextval('s')"
        local rows = collect(db:each(sql))
        assert.are.same({ { n = before + 1 } }, rows, sql)
        assert.are.equal(before + 2, db:value "select nextval('s')")
      end
      assert.are.equal(4, seen())
      assert.are.equal(4, #collect(db:each "delete from seen returning n"))
    end)

    it("may be one without a table", function()
      assert.is_string(collect(db:each "show work_mem")[1].work_mem)
      assert.is_string(collect(db:each "explain select 1")[1]["QUERY PLAN"])
      assert.are.same({}, collect(db:each "select 1 as n into copied"))
      assert.are.same({}, collect(db:each "drop table copied"))
    end)
  end)

  describe("that fails", function()
    it("names the script's line, the script's statement, and the place in it", function()
      local function ask(sql, ...) for _ in db:each(sql, ...) do end end
      local line = debug.getinfo(1, "l").currentline - 1
      local err = error_of(ask, "select emial\nfrom seen where n = $n", { n = 1 })
      assert.matches("each_spec.lua:" .. line .. "$", err.where)
      assert.are.equal("select emial\nfrom seen where n = $n", err.statement)
      assert.are.equal(8, err.position)
      assert.matches("\nline 1: select emial\n               ^", tostring(err))
      err = error_of(ask, "select 1 / (3 - g) from generate_series(1, 5) g")
      assert.matches("each_spec.lua:" .. line .. "$", err.where)
      assert.are.equal("select 1 / (3 - g) from generate_series(1, 5) g", err.statement)
      assert.is_nil(err.position)
    end)

    it("is a usage error for what is no statement", function()
      for _, case in ipairs {
        { 12, "the statement is a %w+; expected a string of SQL" },
        { nil, "the statement is a nil; expected a string of SQL" },
        { "select 1; select 2", "the text has several statements; expected one" },
        { "begin", "a transaction cannot be begun or ended on the pool" },
        { "select 'abc", "the statement has a string that is never closed" },
        { "select $1, $a", "by position %(%$1%) or by name %(%$name%), not both" },
      } do
        assert_raises("usage", case[2], db.each, db, case[1])
      end
      assert_raises("usage", "parameter %$a is absent", db.each, db, "select $a", {})
      assert.matches("self is a string", error_of(db.each, "db", "select 1").message)
    end)

    it("is a connection error when the session is killed, and frees the connection", function()
      local admin <close> = mp.connect { url = url, max_size = 1 }
      local count = 0
      local err = error_of(function()
        for row in db:with { batch = 10 }:each "select pg_backend_pid() as pid from generate_series(1, 100)" do
          count = count + 1
          if count == 15 then assert.is_true(admin:value("select pg_terminate_backend($1)", row.pid)) end
        end
      end)
      assert.are.equal("connection", err.kind)
      assert.are.equal(20, count)
      assert.are.equal(0, db:stats().in_use)
      assert.are.equal(1, db:value "select 1")
    end)

    it("stops at the timeout of each of its batches", function()
      local slow = db:with { timeout = 0.3, batch = 1 }
      assert.are.equal(4, #collect(slow:each "select pg_sleep(0.1) from generate_series(1, 4)"))
      assert_raises("timeout", "not done by its deadline", function()
        for _ in slow:each "select pg_sleep(10 * (g - 1)) from generate_series(1, 2) g" do end
      end)
    end)
  end)

  describe("in tasks", function()
    it("goes on beside others", function()
      local order = {}
      local function work(name)
        return function()
          local count = 0
          for _ in db:with { batch = 1 }:each "select pg_sleep(0.01) from generate_series(1, 5)" do
            order[#order + 1] = name
            count = count + 1
          end
          return count
        end
      end
      local a, b, c = mp.all { work "a", work "b", work "c" }
      assert.are.same({ 5, 5, 5 }, { a, b, c })
      assert.matches("ab", table.concat(order))
      assert.matches("ba", table.concat(order))
    end)

    it("ends with a task that is cancelled, in a batch or between two", function()
      for _, sql in ipairs { "select pg_sleep(10)", "select 1 from generate_series(1, 10)" } do
        assert.are.equal("enough", error_of(mp.all, {
          function()
            for _ in db:with { batch = 1 }:each(sql) do mp.sleep(10) end
          end,
          function()
            mp.sleep(0.05)
            error("enough", 0)
          end,
        }))
        assert.are.equal(0, db:stats().in_use)
      end
    end)

    it("is for one task", function()
      local next_row = db:with { batch = 1 }:each "select pg_sleep(10)"
      assert_raises("usage", "another task waits for the next row of this loop", mp.all, {
        function() next_row() end, function() next_row() end,
      })
      assert.is_nil(next_row())
    end)
  end)

  it("can be ended by hand, as any value that is to be closed", function()
    do
      local next_row <close> = db:each(NUMBERS, 2000)
      assert.are.equal(1, next_row().n)
      assert.are.equal("rows of a statement", tostring(next_row))
    end
    assert.are.equal(0, db:stats().in_use)
  end)

  it("refuses a batch that is none", function()
    for _, batch in ipairs { 0, -1, 1.5, 100001, "10", 0 / 0 } do
      assert_raises("usage", "option batch is .*; expected a whole number of rows, from 1 to 100000", db.with, db,
        { batch = batch })
    end
    assert.are.equal(3, #collect(db:with { batch = 100000 }:each(NUMBERS, 3)))
  end)
end)
