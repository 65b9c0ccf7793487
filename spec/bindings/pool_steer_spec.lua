--- A pool that is resized and suspended while it is in use.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"

local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert(mp.is_error(err), tostring(err))
  return err
end

describe("resize", function()
  local url, db

  setup(function() url = cluster.database() end)
  before_each(function() db = mp.connect { url = url, max_size = 1, checkout_timeout = 5 } end)
  after_each(function() db:close() end)

  it("serves those who wait when the pool grows", function()
    local answers = { mp.all {
      function()
        return db:checkout(function(connection)
          cluster.wait_until(function() return db:stats().waiting == 1 end)
          db:resize { max_size = 2 }
          cluster.wait_until(function() return db:stats().waiting == 0 end)
          return connection:value "select 1"
        end)
      end,
      function() return db:value "select 2" end,
    } }
    assert.are.same({ 1, 2 }, answers)
    assert.are.equal(2, db:stats().max_size)
  end)

  it("closes what is too much, and leaves the other number as it is", function()
    db:resize { max_size = 3, min_idle = 3 }
    cluster.wait_until(function() return db:stats().idle == 3 end)
    db:resize { min_idle = 0 }
    db:resize { max_size = 2.0 }
    cluster.wait_until(function() return db:stats().open == 2 end)
    local stats = db:stats()
    assert.are.same({ 2, 0, 1 }, { stats.max_size, stats.min_idle, stats.closed_surplus })
  end)

  it("says what is wrong, and changes nothing", function()
    for _, case in ipairs {
      { nil, "the argument of resize is a nil; expected a table of options" },
      { { max_sise = 2 }, "there is no option max_sise of resize", "did you mean max_size?" },
      { { 2 }, "there is no option 1 of resize", "there are max_size, min_idle" },
      { { max_size = 0 }, 'max_size must be a whole number from 1 to 10000, not "0"' },
      { { max_size = 10001 }, 'max_size must be a whole number from 1 to 10000, not "10001"' },
      { { max_size = math.mininteger }, 'max_size must be a whole number from 1 to 10000, not "-9223372036854775808"' },
      { { max_size = 1.5 }, "option max_size is 1.5; expected a whole number" },
      { { max_size = 0 / 0 }, "option max_size is -nan; expected a whole number" },
      { { max_size = "2" }, "option max_size is 2; expected a whole number" },
      { { min_idle = 2 }, "min_idle must be at most max_size (1), not 2" },
      { { min_idle = -1 }, 'min_idle must be a whole number from 0 to 10000, not "-1"' },
    } do
      local err = error_of(db.resize, db, case[1])
      assert.are.equal("usage", err.kind)
      assert.are.equal(case[2], (err.message:gsub(" nan;", " -nan;")))
      if case[3] then assert.are.equal(case[3], err.hint) end
      assert.matches("pool_steer_spec.lua:%d+", err.where)
    end
    assert.are.same({ 1, 0 }, { db:stats().max_size, db:stats().min_idle })
  end)
end)

describe("suspend", function()
  local url, db

  setup(function() url = cluster.database() end)

  before_each(function()
    db = mp.connect { url = url, max_size = 2, checkout_timeout = 5, application_name = "suspended" }
  end)

  after_each(function() db:close() end)

  local function sessions()
    local admin <close> = mp.connect { url = url, max_size = 1 }
    return admin:value "select count(*) from pg_stat_activity where application_name = 'suspended'"
  end

  it("lets those in use go on and others wait for resume, and leaves no session", function()
    local order = {}
    local function note(text) order[#order + 1] = text end
    mp.all {
      function()
        db:transaction(function(tx)
          tx:query "select 1"
          cluster.wait_until(function() return db:stats().waiting == 1 end)
          tx:query "select 2"
          note "ended"
        end)
      end,
      function()
        cluster.wait_until(function() return db:stats().in_use == 1 end)
        db:suspend { wait = 10 }
        note "suspended"
        assert.are.same({ true, 0, 0 }, { db:stats().suspended, db:stats().open, sessions() })
        db:resume()
      end,
      function()
        cluster.wait_until(function() return db:stats().suspended end)
        db:query "select 3"
        note "lent"
      end,
    }
    assert.are.same({ "ended", "suspended", "lent" }, order)
    assert.is_false(db:stats().suspended)
  end)

  it("survives the loss of the database that it was for", function()
    db:query "select 1"
    db:suspend { wait = 5 }
    local name = url:match "/([%w_]+)%?"
    local admin <close> = mp.connect { url = cluster.url(), max_size = 1 }
    admin:exec("drop database " .. name) -- refused while anybody is connected
    admin:exec(("create database %s template template0"):format(name))
    db:resume()
    assert.are.equal(1, db:value "select 1")
  end)

  it("says who did not come back in time, and stays", function()
    db:checkout(function(connection)
      connection:query "select 'busy'"
      local err = error_of(db.suspend, db, { wait = 0.02 })
      assert.are.equal("timeout", err.kind)
      assert.are.equal("the pool is suspended, but after 0.02 s 1 of its connections are not back", err.message)
      assert.matches("taken at .*pool_steer_spec.lua:%d+ 0%.%d s ago, last statement: select 'busy'", err.detail)
      assert.is_true(db:stats().suspended)
    end)
    db:suspend()
    db:resume()
    db:resume()
    assert.are.equal(1, db:value "select 1")
  end)

  it("is why a checkout came to nothing", function()
    local hasty <close> = mp.connect { url = url, checkout_timeout = 0.05 }
    hasty:suspend()
    local err = error_of(hasty.query, hasty, "select 1")
    assert.are.equal("timeout", err.kind)
    assert.matches("^no connection within 0.05 s: the pool is suspended since 0%.%d s %(.*pool_steer_spec.lua:%d+%); "
      .. "0 checkouts in front$", err.message)
    assert.are.equal("it lends again after a resume", err.hint)
  end)

  it("says what is wrong with its argument and its handle", function()
    assert.are.equal("there is no option wiat of suspend", error_of(db.suspend, db, { wiat = 1 }).message)
    assert.are.equal("option wait is -1; expected a number of seconds, 0 or more",
      error_of(db.suspend, db, { wait = -1 }).message)
    assert.are.equal("option wait is soon; expected a number of seconds, 0 or more",
      error_of(db.suspend, db, { wait = "soon" }).message)
    assert.are.equal("the argument of suspend is a number; expected a table of options",
      error_of(db.suspend, db, 5).message)
    db:checkout(function(connection)
      for name, options in pairs { suspend = {}, resume = {}, resize = { max_size = 2 } } do
        assert.are.equal(name .. " belongs to a pool, not to a connection",
          error_of(connection[name], connection, options).message)
      end
    end)
    db:close()
    for _, call in ipairs { "suspend", "resume" } do
      assert.are.equal("the pool is closed", error_of(db[call], db).message)
    end
    assert.are.equal("the pool is closed", error_of(db.resize, db, { max_size = 2 }).message)
  end)
end)

describe("loans", function()
  it("tell who holds what, the longest first", function()
    local db <close> = mp.connect { url = cluster.url(), max_size = 3 }
    assert.are.same({}, db:loans())
    db:checkout(function(outer)
      outer:query "select   'outer'"
      db:transaction(function(tx)
        local loans = db:loans()
        assert.are.equal(2, #loans)
        assert.are.equal("select 'outer'", loans[1].statement)
        assert.matches("pool_steer_spec.lua:%d+$", loans[1].where)
        assert.is_true(loans[1].seconds >= loans[2].seconds)
        assert.is_nil(loans[2].statement)
        assert.are.equal(2, #tx:loans())
      end)
    end)
    db:close()
    assert.are.same({}, db:loans())
  end)
end)
