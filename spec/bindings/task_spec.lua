--- Tasks: mp.all and mp.sleep, where they can wait and where not, and that nothing stays behind.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"

local shell = require "spec.support.shell"
local stock = require "spec.support.stock"

local BUILD = os.getenv("MOONPOOL_BUILD") or "build/release"

local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  return err
end

local quote = shell.quote

describe("tasks", function()
  local db, admin, url

  setup(function()
    url = cluster.database()
    db = mp.connect { url = url, max_size = 4, application_name = "tasks" }
    admin = mp.connect { url = url, max_size = 1 }
    db:script "create table numbers (n int)"
  end)

  teardown(function()
    db:close()
    admin:close()
  end)

  after_each(function()
    assert.are.equal(0, db:stats().in_use)
    assert.are.equal(0, db:stats().waiting)
  end)

  it("may use a connection up to their statement's end after it was given back", function()
    local shared, later
    local answers = { mp.all {
      function()
        db:checkout(function(connection)
          shared = connection
          mp.sleep(0.05)
        end)
        later = error_of(shared.query, shared, "select 1")
      end,
      function()
        mp.sleep(0.01)
        return shared:value("select 7 from pg_sleep(0.2)")
      end,
    } }
    assert.are.equal(7, answers[2])
    assert.are.equal("the connection was given back", later.message)
    assert.are.equal("connection (given back)", tostring(shared))
  end)

  local function active(sql)
    return admin:value("select count(*) from pg_stat_activity where state = 'active' and query = $1", sql)
  end

  local function assert_gone(sql)
    assert.are.equal(0, active(sql), sql .. " still runs on the server")
  end

  it("give their results in order, whichever ends first", function()
    local order = {}
    local a, b, c, d = mp.all {
      function()
        cluster.wait_until(function() return #order == 2 end)
        order[#order + 1] = "a"
        return "a", "dropped"
      end,
      function() order[#order + 1] = "b" return db:value("select 'b'") end,
      function() order[#order + 1] = "c" end,
      function() return false end,
    }
    assert.are.same({ "a", "b", nil, false }, { a, b, c, d })
    assert.are.same({ "b", "c", "a" }, order)
    assert.are.same({ n = 0 }, table.pack(mp.all {}))
  end)

  it("run side by side on connections of their own", function()
    local here = 0
    local function meet()
      return db:checkout(function(connection)
        local pid = connection:value("select pg_backend_pid()")
        here = here + 1
        cluster.wait_until(function() return here == 2 end)
        return pid
      end)
    end
    local a, b = mp.all { meet, meet }
    assert.are_not.equal(a, b)
  end)

  it("wait for a connection of the pool in turn", function()
    local tasks = {}
    for i = 1, 50 do tasks[i] = function() return db:value("select $1::int", i) end end
    local results = { mp.all(tasks) }
    for i = 1, 50 do assert.are.equal(i, results[i]) end
  end)

  it("are cancelled, on the server as well, by the first that fails, whose error is raised", function()
    local sql, ended = "select pg_sleep(63)", {}
    local err = error_of(mp.all, {
      function()
        ended[1] = error_of(db.query, db, sql).kind
        error("a consequence", 0)
      end,
      function()
        cluster.wait_until(function() return active(sql) == 1 end)
        error { "the first" }
      end,
      function() ended[2] = error_of(mp.sleep, 60).kind end,
    })
    assert.are.same({ "the first" }, err)
    assert.are.same({ "cancelled", "cancelled" }, ended)
    assert_gone(sql)
  end)

  it("that are cancelled cannot go on waiting, but can clean up", function()
    local rolled_back
    error_of(mp.all, {
      function()
        db:transaction(function(tx)
          tx:after_rollback(function() rolled_back = true end)
          tx:exec("insert into numbers values (1)")
          pcall(tx.query, tx, "select pg_sleep(64)")
          assert.are.equal("cancelled", error_of(tx.query, tx, "select 1").kind)
        end)
      end,
      function()
        cluster.wait_until(function() return active("select pg_sleep(64)") == 1 end)
        error("stop", 0)
      end,
    })
    assert.is_true(rolled_back)
    assert.are.equal(0, admin:value("select count(*) from numbers"))
  end)

  it("that never began do not begin after a failure", function()
    local began = false
    assert.are.equal("first", error_of(mp.all, { function() error("first", 0) end, function() began = true end }))
    assert.is_false(began)
  end)

  it("nest, and end with their parents", function()
    local a, b = mp.all {
      function()
        local x, y = mp.all { function() return db:value("select 1") end, function() return 2 end }
        return x + y
      end,
      function() return (mp.all { function() return mp.all { function() return "deep" end } end }) end,
    }
    assert.are.same({ 3, "deep" }, { a, b })
    local sql = "select pg_sleep(65)"
    assert.are.equal("outer", error_of(mp.all, {
      function() mp.all { function() db:query(sql) end, function() mp.sleep(60) end } end,
      function()
        cluster.wait_until(function() return active(sql) == 1 end)
        error("outer", 0)
      end,
    }))
    assert_gone(sql)
  end)

  it("wait where no yield is possible", function()
    local list = { 3, 1, 2 }
    local inside = coroutine.wrap(function()
      coroutine.yield(db:value("select 1"))
      coroutine.yield((mp.all { function() return db:value("select 2") end, function() mp.sleep(0) end }))
      mp.sleep(0)
    end)
    local function by_server(a, b) return db:value("select $1::int < $2::int", a, b) end
    table.sort(list, by_server)
    assert.are.same({ 1, 2, 3 }, list)
    assert.are.same({ 1, 2 }, { inside(), inside() })
    assert.is_nil(inside())
    local sorted, gathered, formatted = mp.all {
      function()
        local mine = { 3, 1, 2 }
        table.sort(mine, by_server)
        return table.concat(mine)
      end,
      function()
        local co = coroutine.wrap(function()
          coroutine.yield(db:value("select 'co'"))
          coroutine.yield((mp.all { function() return db:value("select 'all'") end }))
        end)
        return co() .. co()
      end,
      function()
        return (("x"):gsub("x", function()
          return (mp.all { function() mp.sleep(0.001) return db:value("select 'y'") end })
        end))
      end,
    }
    assert.are.same({ "123", "coall", "y" }, { sorted, gathered, formatted })
  end)

  it("fail when they yield to nobody", function()
    assert.matches("yielded outside of any coroutine", error_of(mp.all, { coroutine.yield }))
  end)

  it("raise any value, and keep a message's place", function()
    assert.matches("task_spec.lua:%d+: boom", error_of(mp.all, { function() error "boom" end }))
    assert.is_nil(error_of(mp.all, { function() error() end }))
    local err = error_of(mp.all, { function() db:query("select 1 / 0") end })
    assert.are.equal("22012", err.sqlstate)
    assert.matches("task_spec.lua:%d+", err.where)
  end)

  it("sleep while others go on", function()
    local order = {}
    mp.all {
      function() mp.sleep(0.05) order[#order + 1] = "late" end,
      function() mp.sleep(0) order[#order + 1] = "early" end,
    }
    assert.are.same({ "early", "late" }, order)
  end)

  it("say what is wrong with their arguments", function()
    for _, case in ipairs {
      { mp.all, nil, "the argument of all is a nil; expected a list of functions" },
      { mp.all, print, "the argument of all is a function; expected a list of functions" },
      { mp.all, { print, 1 }, "entry 2 of the list is a number; expected a function" },
      { mp.all, { a = print }, 'the list of all has the key a; expected functions at 1, 2, ...' },
      { mp.sleep, nil, "the argument of sleep is a nil; expected a number of seconds" },
      { mp.sleep, "1", "the argument of sleep is a string; expected a number of seconds" },
      { mp.sleep, -1, "sleep(-1): expected a number of seconds, 0 or more" },
      { mp.sleep, 0 / 0, "sleep(nan): expected a number of seconds, 0 or more" },
    } do
      local err = error_of(case[1], case[2])
      assert.are.equal("usage", err.kind)
      assert.are.equal(case[3], (err.message:gsub("%-nan", "nan")))
    end
  end)

  it("give a connection back when the script raises in the middle of anything", function()
    local function boom() error("boom", 0) end
    local trap = setmetatable({}, { __index = boom, __gc = function() end })
    for _, run in ipairs {
      function() db:transaction(boom) end,
      function() db:transaction(function(tx) tx:query("select 1") boom() end) end,
      function() db:transaction(function(tx) tx:transaction(function(t) t:exec("select 1") boom() end) end) end,
      function() db:checkout(boom) end,
      function() db:checkout(function(c) c:exec("begin") boom() end) end,
      function() db:checkout(function(c) c:exec("set timezone to 'Asia/Tokyo'") boom() end) end,
      function() db:query("select $name::int", trap) end,
      function() db:query("select $1::int", setmetatable({}, { __index = boom })) end,
      function() mp.all { function() db:transaction(function(tx) tx:query("select 1") boom() end) end } end,
      function() mp.all { function() db:query("select 1") end, boom, function() db:query("select 2") end } end,
      function() table.sort({ 1, 2 }, function() db:query("select 1") boom() end) end,
      function() coroutine.wrap(function() db:checkout(boom) end)() end,
    } do
      error_of(run)
      assert.are.equal(0, db:stats().in_use)
    end
    assert.are_not.equal("Asia/Tokyo", db:value("show timezone"))
  end)

  it("close what is to be closed when they fail", function()
    local closed = {}
    local function note(name)
      return setmetatable({}, { __close = function() closed[#closed + 1] = name .. db:value("select '!'") end })
    end
    assert.are.equal("boom", error_of(mp.all, {
      function()
        local _ <close> = note "raised"
        error("boom", 0)
      end,
      function()
        local _ <close> = note "cancelled"
        mp.sleep(60)
      end,
    }))
    assert.are.same({ "raised!" }, closed)
    assert.matches("yielded outside", error_of(mp.all, {
      function()
        db:checkout(coroutine.yield)
      end,
    }))
    assert.are.equal(0, db:stats().in_use)
  end)

  it("free a connection whose coroutine was closed while it waited", function()
    local handle
    local co = coroutine.create(function()
      db:checkout(function(connection)
        handle = connection
        coroutine.yield()
      end)
    end)
    assert(coroutine.resume(co))
    assert.are.equal(1, db:stats().in_use)
    assert(coroutine.close(co))
    assert.are.equal("connection (given back)", tostring(handle))
  end)

  describe("in a process of its own", function()
    local SCRIPT = [[
      local mp = require "moonpool"
      local db = mp.connect(os.getenv "DATABASE_URL")
      local function two()
        return mp.all { function() return db:value("select 1") end, function() mp.sleep(0.001) return 2 end }
      end
      print(two())
      print(pcall(mp.all, { function() db:query("select pg_sleep(66)") end, function() error("stop", 0) end }))
      print(coroutine.wrap(two)())
      db:transaction(function(tx) tx:query("select 1") ACT end)
    ]]
    local INTERPRETERS = {
      moonpool = quote(BUILD .. "/moonpool"),
      ["lua5.4"] = stock.command(),
    }
    local ENDS = {
      ["returns"] = { "", 0 },
      ["raises"] = { "error 'at the end'", 1 },
      ["exits"] = { "os.exit(7)", 7 },
      ["exits and closes the state"] = { "os.exit(7, true)", 7 },
      ["exits in a task"] = { "mp.all { function() db:query('select 1') os.exit(7, true) end }", 7 },
      ["exits in a coroutine"] = { "coroutine.wrap(function() db:query('select 1') os.exit(7, true) end)()", 7 },
    }
    for name, interpreter in pairs(INTERPRETERS) do
      for what, case in pairs(ENDS) do
        it("works in " .. name .. " that " .. what .. " with all open", function()
          local script = SCRIPT:gsub("ACT", function() return case[1] end)
          local command = ("DATABASE_URL=%s %s -e %s 2>&1"):format(quote(url), interpreter, quote(script))
          local pipe = assert(io.popen(command))
          local output = pipe:read("a")
          local _, _, code = pipe:close()
          assert.are.equal(case[2], code, output)
          assert.matches("^1\t2\nfalse\tstop\n1\t2\n", output)
          assert.is_nil(output:find("ERROR: ", 1, true), output)
        end)
      end
    end
  end)
end)
