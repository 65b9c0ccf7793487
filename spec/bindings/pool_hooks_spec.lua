--- A script's own functions around the loans of its pool.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"

local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  return err
end

describe("the functions of a pool", function()
  local url, db, events

  local function note(name)
    return function(connection)
      assert.are.equal("connection", connection:kind())
      events[#events + 1] = name
    end
  end

  local function open(options)
    options.url = url
    options.max_size = options.max_size or 1
    db = mp.connect(options)
    return db
  end

  setup(function() url = cluster.database() end)
  before_each(function() events = {} end)
  after_each(function() db:close() end)

  it("run around each loan, those of the session only before its first use", function()
    open { on_connect = note "connect", on_checkout = note "checkout", on_return = note "return" }
    assert.are.same({}, events)
    assert.are.equal(1, db:value "select 1")
    assert.are.same({ "connect", "checkout", "return" }, events)
    events = {}
    db:transaction(function(tx)
      assert.are.same({ "checkout" }, events)
      tx:transaction(function() end)
    end)
    assert.are.same({ "checkout", "return" }, events)
    events = {}
    assert.are.same({ 2, nil, 3 }, { db:checkout(function() return 2, nil, 3 end) })
    assert.are.same({ "checkout", "return" }, events)
  end)

  it("leave all methods as they are", function()
    open { on_checkout = function(connection) assert.are.same({ n = 5 }, connection:one "select 5 as n") end }
    db:script "create table if not exists things (n int, s text)"
    assert.are.equal(1, db:exec("insert into things values ($1, $2)", 1, "a"))
    assert.are.same({ n = 2, s = "b" }, db:insert("things", { n = 2, s = "b" }))
    assert.are.equal("b", db:value("select s from things where n = $n", { n = 2 }))
    assert.is_nil(db:first "select s from things where n = 3")
    assert.are.equal(2, db:query("select * from things").count)
    assert.are.same({ 1, "a" }, db:with({ rows = "arrays" }):one "select * from things where n = 1")
    assert.are.equal("timeout", error_of(function()
      db:with({ timeout = 0.05 }):query "select pg_sleep(5)"
    end).kind)
    local err = error_of(db.query, db, "begin")
    assert.matches("a transaction cannot be begun or ended on the pool", err.message)
    assert.matches("pool_hooks_spec.lua:%d+", err.where)
    assert.are.equal("transaction", error_of(db.script, db, "begin; select 1").kind)
    assert.are.equal("the statement is a number; expected a string of SQL or a query",
      error_of(db.query, db, 5).message)
    db:script "drop table things"
  end)

  it("run in tasks, and may wait", function()
    open { max_size = 2, on_connect = function(connection) connection:query "select pg_sleep(0.01)" end,
      on_checkout = note "checkout" }
    local function ask() return db:value "select 1" end
    assert.are.same({ 1, 1, 1, 1 }, { mp.all { ask, ask, ask, ask } })
    assert.are.equal(4, #events)
  end)

  it("name the place of the script, not of ours, as the holder's", function()
    local where
    open { on_checkout = function() where = db:loans()[1].where end }
    db:query "select 1"
    assert.matches("pool_hooks_spec.lua:" .. debug.getinfo(1, "l").currentline - 1, where, 1, true)
  end)

  describe("on_connect", function()
    it("makes a part of the session, which a reset does not take away", function()
      open { on_connect = function(connection)
        events[#events + 1] = "connect"
        connection:exec "set work_mem = '7MB'"
      end }
      assert.are.equal("7MB", db:value "show work_mem")
      assert.are.equal("7MB", db:value "show work_mem")
      assert.are.equal(1, #events)
      assert.are.equal(0, db:stats().resets)
      db:checkout(function(connection) connection:exec "set work_mem = '9MB'" end)
      assert.are.equal("7MB", db:value "show work_mem")
      assert.are.same({ 2, 1, 1 }, { #events, db:stats().resets, db:stats().connects })
    end)

    it("is run by the first holder of one that was opened in the background", function()
      open { max_size = 2, min_idle = 2, on_connect = function(connection)
        connection:exec "set application_name = 'set up'"
      end }
      cluster.wait_until(function() return db:stats().idle == 2 end)
      db:checkout(function(connection)
        assert.are.equal("set up", connection:value "show application_name")
        assert.are.equal("set up", db:value "show application_name")
      end)
    end)

    it("that raises is the caller's error, and is run again by the next one", function()
      local fails = true
      open { on_connect = function(connection)
        connection:exec "set work_mem = '7MB'"
        if fails then error("not yet", 0) end
      end }
      assert.are.equal("not yet", error_of(db.query, db, "select 1"))
      assert.are.equal("not yet", error_of(db.transaction, db, print))
      assert.are.equal(0, db:stats().in_use)
      fails = false
      assert.are.equal("7MB", db:value "show work_mem")
      assert.are.equal(1, db:stats().connects)
    end)

    it("may not leave a transaction open", function()
      open { on_connect = function(connection) connection:exec "begin" end }
      local err = error_of(db.query, db, "select 1")
      assert.are.same({ "transaction", "setting up the session has left a transaction open" },
        { err.kind, err.message })
      assert.are.equal(0, db:stats().in_use)
    end)
  end)

  it("on_checkout that raises is the caller's error; the connection goes back", function()
    open { on_return = note "return", on_checkout = function(connection)
      connection:exec "begin"
      error("go away", 0)
    end }
    assert.are.equal("go away", error_of(db.value, db, "select 1"))
    assert.are.equal("go away", error_of(db.checkout, db, print))
    assert.are.same({}, events)
    cluster.wait_until(function() return db:stats().idle == 1 end)
  end)

  it("on_return that raises is the caller's error, unless there is one already", function()
    open { on_return = function() error("after all", 0) end }
    assert.are.equal("after all", error_of(db.value, db, "select 1"))
    assert.are.equal("22012", error_of(db.value, db, "select 1/0").sqlstate)
    assert.are.equal("mine", error_of(db.checkout, db, function() error("mine", 0) end))
    assert.are.equal(0, db:stats().in_use)
  end)

  it("on_return comes after an error, and not for a connection that was closed before", function()
    open { on_return = note "return" }
    error_of(db.checkout, db, function() error("mine", 0) end)
    assert.are.same({ "return" }, events)
    db:checkout(function(connection) connection:close() end)
    assert.are.same({ "return" }, events)
  end)

  describe("on_leak", function()
    it("is told of a connection that is held for too long, at the next loan", function()
      open { max_size = 2, leak_threshold = "50ms", on_leak = function(report) events[#events + 1] = report end }
      db:checkout(function(connection)
        connection:query "select 'held'"
        cluster.wait_until(function() return db:stats().leaks == 1 end)
        assert.are.equal(0, #events)
        db:query "select 1"
      end)
      db:query "select 2"
      assert.are.equal(1, #events)
      local report = events[1]
      assert.are.same({ "held", "select 'held'" }, { report.kind, report.statement })
      assert.matches("pool_hooks_spec.lua:%d+$", report.where)
      assert.is_true(report.seconds >= 0.05)
      assert.matches("^a connection taken at .* has been held for 0%.%d s; its last statement: select 'held'$",
        report.message)
    end)

    it("is told of a connection that was forgotten", function()
      open { on_leak = function(report) events[#events + 1] = report.kind end }
      coroutine.wrap(function() db:checkout(coroutine.yield) end)()
      db:query "select 1"
      db:query "select 1"
      assert.are.same({ "forgotten" }, events)
    end)

    it("that raises is the caller's error, and is told the rest later", function()
      open { max_size = 3, on_leak = function(report)
        events[#events + 1] = report.kind
        if #events == 1 then error("so what", 0) end
      end }
      for _ = 1, 2 do coroutine.wrap(function() db:checkout(coroutine.yield) end)() end
      collectgarbage()
      assert.are.equal("so what", error_of(db.query, db, "select 1"))
      assert.are.equal(1, #events)
      db:query "select 1"
      assert.are.same({ "forgotten", "forgotten" }, events)
    end)
  end)

  it("are refused when they are not functions, or unknown", function()
    db = mp.connect(url)
    for _, case in ipairs {
      { { on_connect = "set work_mem" }, "option on_connect is a string; expected a function" },
      { { on_leak = true }, "option on_leak is a boolean; expected a function" },
      { { on_conect = print }, "there is no option on_conect that takes a function", "did you mean on_connect?" },
      { { [1] = print }, "there is no option 1 that takes a function",
        "there are password, on_connect, on_checkout, on_return, on_leak" },
    } do
      local err = error_of(mp.connect, case[1])
      assert.are.same({ "usage", case[2] }, { err.kind, err.message })
      if case[3] then assert.are.equal(case[3], err.hint) end
    end
  end)
end)
