--- What programs may rely on, each the opposite of something that a data layer got wrong before: no guessed server, no
--- process that stops, no hidden global, no warm-up that does nothing, no wait without end, no error to be parsed.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"

local BUILD = os.getenv("MOONPOOL_BUILD") or "build/release"

local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert(mp.is_error(err), tostring(err))
  return err
end

describe("a pool", function()
  local url

  setup(function() url = cluster.database() end)

  it("asks no server that nobody has named", function()
    local nowhere = os.tmpname()
    local script = "local ok, err = pcall(function() return require('moonpool').connect():value('select 1') end) " ..
      "print(ok, err.kind, err.message)"
    local command = ('env -u DATABASE_URL PGHOST=%s PGPORT=5499 %s/moonpool -e "%s" 2>&1'):format(nowhere, BUILD,
      script)
    local pipe = assert(io.popen(command))
    local output = pipe:read "a"
    pipe:close()
    os.remove(nowhere)
    assert.matches("^false\tconnection\t", output)
    assert.matches(nowhere .. "/.s.PGSQL.5499", output, 1, true)
  end)

  it("that cannot be used is an error, and the process goes on", function()
    for _, options in ipairs { { max_size = 0 }, { max_size = 1e9 }, { max_size = 2.5 }, { min_idle = -1 },
      { connect_timeout = "soon" }, { port = "http" }, { sslmode = "on" }, { idle_timeout = -1 } } do
      options.host = "127.0.0.1"
      assert.are.equal("usage", error_of(mp.connect, options).kind)
    end
    local closed = mp.connect(url)
    closed:close()
    assert.are.equal("usage", error_of(closed.query, closed, "select 1").kind)
  end)

  it("is one of many: two databases in one process know nothing of each other", function()
    local one <close> = mp.connect(url)
    local other <close> = mp.connect(cluster.database())
    one:script "create table here (n int); insert into here values (1)"
    assert.are.equal(1, one:value "select n from here")
    assert.are.equal("42P01", error_of(other.value, other, "select n from here").sqlstate)
    one:close()
    assert.are.equal(2, other:value "select 2")
  end)

  it("can be handed to a helper, as can a connection or a transaction of it", function()
    local db <close> = mp.connect { url = url, max_size = 1 }
    local function add(handle, n) return handle:value("insert into numbers values ($1) returning n", n) end
    local function count(handle) return handle:value "select count(*) from numbers" end
    db:script "create table numbers (n int)"
    add(db, 1)
    db:checkout(function(connection) add(connection, 2) end)
    pcall(db.transaction, db, function(tx)
      add(tx, 3)
      assert.are.equal(3, count(tx))
      error "rolled back"
    end)
    assert.are.equal(2, count(db))
  end)

  it("opens what it keeps idle before anybody asks", function()
    local db <close> = mp.connect { url = url, max_size = 4, min_idle = 3 }
    cluster.wait_until(function() return db:stats().idle == 3 end)
    assert.are.same({ 0, 3 }, { db:stats().checkouts, db:stats().connects })
  end)

  it("sends nothing but what it was asked to", function()
    local admin <close> = mp.connect { url = url, max_size = 1 }
    local db <close> = mp.connect { url = url, max_size = 1, application_name = "quiet" }
    db:query "select 'the only one'"
    mp.sleep(0.6) -- longer than a connection is lent unseen
    db:checkout(function() end)
    assert.are.equal("select 'the only one'",
      admin:value "select query from pg_stat_activity where application_name = 'quiet'")
  end)

  it("has a limit for every wait", function()
    local db <close> = mp.connect { url = url, max_size = 1, statement_timeout = "50ms", checkout_timeout = "50ms" }
    assert.are.equal("timeout", error_of(db.query, db, "select pg_sleep(60)").kind)
    cluster.wait_until(function() -- the cancelling is under way
      return db:value [[
        select count(*) from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active']] == 0
    end)
    local err
    mp.all {
      function()
        db:checkout(function() cluster.wait_until(function() return err ~= nil end) end)
      end,
      function() err = error_of(db.query, db, "select 1") end,
    }
    assert.are.equal("timeout", err.kind)
  end)

  it("raises errors that a program can tell apart, with the line that called", function()
    local db <close> = mp.connect { url = url, max_size = 1 }
    db:script "create table owned (n int constraint owned_n_positive check (n > 0))"
    for _, case in ipairs {
      { "usage", nil, "query", "select $1", 1, 2 },
      { "server", "22012", "query", "select 1 / 0" },
      { "server", "42P01", "query", "select * from nowhere" },
      { "constraint", "23514", "exec", "insert into owned values (-1)" },
      { "rows", nil, "one", "select 1 where false" },
      { "connection", nil, "exec", "select pg_terminate_backend(pg_backend_pid())" },
    } do
      local err = error_of(db[case[3]], db, table.unpack(case, 4))
      assert.are.equal(case[1], err.kind)
      if case[2] then assert.are.equal(case[2], err.sqlstate) end
      assert.matches("pool_promises_spec.lua:%d+$", err.where)
      assert.matches(err.message, tostring(err), 1, true)
    end
  end)
end)
