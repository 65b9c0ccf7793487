--- A pool as a script sees it: settings, connecting, lending, closing, and what is said when none of it works.

local core = require "moonpool.core"
local mp = require "moonpool"
local cluster = require "spec.support.cluster"
local shell = require "spec.support.shell"

local BUILD = os.getenv("MOONPOOL_BUILD") or "build/release"

local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert(mp.is_error(err), tostring(err))
  return err
end

local quote = shell.quote

--- The line that the caller is on.
local function here()
  return debug.getinfo(2, "l").currentline
end

describe("connect", function()
  it("sends nothing before the first use", function()
    local db <close> = mp.connect "postgresql://127.0.0.1:1/nowhere"
    assert.are.equal(0, db:stats().connects + db:stats().connect_failures)
  end)

  it("takes an URL or options, which refine an URL", function()
    local url = cluster.url()
    local a <close> = mp.connect(url)
    local b <close> = mp.connect { url = url, max_size = 3, application_name = "named", checkout_timeout = "2s" }
    assert.are.equal(10, a:stats().max_size)
    assert.are.equal(3, b:stats().max_size)
    assert.are.equal("named", b:value("show application_name"))
  end)

  it("says what is wrong with its argument", function()
    for _, case in ipairs {
      { 5, "the argument of connect is a number; expected an URL, a table of options, or nothing" },
      { "mysql://x/y", 'mp.connect: the URL\'s scheme must be postgres or postgresql, not "mysql"' },
      { "nonsense", "mp.connect: this is neither an URL nor keyword=value" },
      { "postgresql://h:99999/x", 'mp.connect: port must be a whole number from 1 to 65535, not "99999"' },
      { "postgresql://h/x?max_sise=3", 'mp.connect: there is no setting "max_sise"', 'did you mean "max_size"?' },
      { "a\0b", "option url has a NUL byte" },
      { { max_sise = 3 }, 'option: there is no setting "max_sise"', 'did you mean "max_size"?' },
      { { 1 }, "the options of connect have a key that is a number" },
      { { max_size = 0 }, 'option: max_size must be a whole number from 1 to 10000, not "0"' },
      { { max_size = -1 }, 'option: max_size must be a whole number from 1 to 10000, not "-1"' },
      { { max_size = "abc" }, 'option: max_size must be a whole number from 1 to 10000, not "abc"' },
      { { max_size = {} }, "option max_size is a table; expected a string, a number or a boolean" },
      { { max_size = 2, min_idle = 3 }, "min_idle must be at most max_size (2), not 3" },
      { { port = 99999 }, 'option: port must be a whole number from 1 to 65535, not "99999"' },
      { { prepare = "always" }, 'option: prepare must be auto or never, not "always"' },
      { { pipeline = 3 }, 'option: pipeline must be true or false, not "3"' },
    } do
      local argument = case[1]
      if type(argument) == "table" then argument.host = "127.0.0.1" end
      local err = error_of(function() mp.connect(argument) end)
      assert.are.equal("usage", err.kind)
      assert.are.equal(case[2], err.message)
      if case[3] then assert.are.equal(case[3], err.hint) end
      assert.matches("pool_spec.lua:%d+", err.where)
    end
  end)

  it("names the setting of the environment that is wrong", function()
    local script = 'print(require "moonpool".connect():stats().max_size)'
    for _, case in ipairs {
      { "DATABASE_POOL_SIZE=abc", 'DATABASE_POOL_SIZE: max_size must be a whole number from 1 to 10000, not "abc"' },
      { "DATABASE_POOL_SIZE=-1", 'DATABASE_POOL_SIZE: max_size must be a whole number from 1 to 10000, not "-1"' },
      { "DATABASE_POOL_SIZE=0", 'DATABASE_POOL_SIZE: max_size must be a whole number from 1 to 10000, not "0"' },
      { "DATABASE_POOL_SIZE=7", "7\n" },
      { "DATABASE_URL=mysql://h/x", "DATABASE_URL: the URL's scheme must be postgres or postgresql" },
      { "DATABASE_URL=postgresql://u:hush@h:99999/x", "DATABASE_URL: port must be a whole number from 1 to 65535" },
      { "MOONPOOL_CHECKOUT_TIMEOUT=soon", "MOONPOOL_CHECKOUT_TIMEOUT: checkout_timeout must be seconds" },
    } do
      local command = ("DATABASE_URL=%s %s %s/moonpool -e %s 2>&1")
        :format(quote(cluster.url()), quote(case[1]):gsub("^'([%w_]+=)", "%1'"), BUILD, quote(script))
      local pipe = assert(io.popen(command))
      local output = pipe:read("a")
      pipe:close()
      assert.matches(case[2], output, 1, true)
      assert.is_nil(output:find("hush", 1, true))
    end
  end)

  it("names the place and the reason when there is no server, and at once", function()
    for url, message in pairs {
      ["postgresql://127.0.0.1:1/x"] = { '"127.0.0.1", port 1 failed', "refused" },
      ["postgresql:///x?host=/nowhere"] = { '"/nowhere/.s.PGSQL.5432"', "No such file" },
      ["postgresql://no-such-host.invalid/x"] = { '"no-such-host.invalid"' },
    } do
      local db <close> = mp.connect(url)
      local err = error_of(db.query, db, "select 1")
      assert.are.equal("connection", err.kind)
      for _, part in ipairs(message) do assert.matches(part, err.message, 1, true) end
      assert.are.equal(0, db:stats().timeouts)
    end
  end)

  it("fails at once for an unknown database", function()
    local db <close> = mp.connect(cluster.url_of("no_such_database"))
    local err = error_of(db.query, db, "select 1")
    assert.are.same({ "connection", "3D000" }, { err.kind, err.sqlstate })
    assert.matches('"no_such_database" does not exist', err.message)
    assert.are.equal(1, db:stats().connect_failures)
  end)
end)

describe("connect with a password", function()
  local folder, place

  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    place = core.local_start { folder = folder, throw_away = true, quiet = true }
    local admin <close> = mp.connect(place.url)
    admin:script "create role guarded login password 'right'"
    local path = place.data .. "/pg_hba.conf"
    local file = assert(io.open(path))
    local rules = file:read("a")
    file:close()
    file = assert(io.open(path, "w"))
    file:write("local all guarded scram-sha-256\n", rules)
    file:close()
    admin:query("select pg_reload_conf()")
    cluster.wait_until(function()
      return admin:value("select count(*) from pg_hba_file_rules where auth_method = 'scram-sha-256'") == 1
    end)
  end)

  teardown(function()
    core.local_stop { folder = folder, quiet = true }
    os.execute("rm -rf '" .. folder .. "'")
  end)

  it("fails at once when it is wrong, without showing it", function()
    local db <close> = mp.connect { url = place.url, user = "guarded", password = "wr0ng", max_size = 1 }
    local err = error_of(db.query, db, "select 1")
    assert.are.same({ "connection", "28P01" }, { err.kind, err.sqlstate })
    assert.matches('password authentication failed for user "guarded"', err.message)
    assert.matches(place.socket, err.message, 1, true)
    assert.is_nil(tostring(err):find("wr0ng", 1, true))
    assert.are.equal(1, db:stats().connect_failures)
  end)

  it("works when it is right", function()
    local db <close> = mp.connect { url = place.url, user = "guarded", password = "right" }
    assert.are.equal("guarded", db:value("select current_user"))
  end)
end)

describe("a pool", function()
  local url, db

  setup(function() url = cluster.database() end)

  before_each(function() db = mp.connect { url = url, max_size = 2, checkout_timeout = 5 } end)
  after_each(function() db:close() end)

  it("lends one connection to a function, and gives its results back", function()
    local results = table.pack(db:checkout(function(connection)
      assert.are.equal("connection", connection:kind())
      assert.are.equal("connection", tostring(connection))
      local pid = connection:value("select pg_backend_pid()")
      assert.are.equal(pid, connection:value("select pg_backend_pid()"))
      assert.are.equal(1, db:stats().in_use)
      return nil, 2, nil
    end))
    assert.are.same({ n = 3, nil, 2, nil }, results)
    assert.are.equal(0, db:stats().in_use)
    assert.are.equal("the argument of checkout is a nil; expected a function", error_of(db.checkout, db).message)
  end)

  it("takes a lent connection back rolled back and reset", function()
    db:script "create table kept (n int)"
    db:checkout(function(connection)
      connection:exec("set timezone to 'Asia/Tokyo'")
      connection:exec("begin")
      connection:exec("insert into kept values (1)")
    end)
    assert.are.equal(0, db:value("select count(*) from kept"))
    assert.are_not.equal("Asia/Tokyo", db:value("show timezone"))
  end)

  it("refuses a lent connection after its function", function()
    local kept
    db:checkout(function(connection) kept = connection end)
    assert.are.equal("connection (given back)", tostring(kept))
    for _, call in ipairs { "query", "one", "first", "value", "exec", "script" } do
      assert.are.equal("the connection was given back", error_of(kept[call], kept, "select 1").message)
    end
    for _, call in ipairs { "transaction", "checkout" } do
      assert.are.equal("the connection was given back", error_of(kept[call], kept, print).message)
    end
    assert.are.equal("the connection was given back", error_of(kept.with, kept, {}).message)
    assert.are.equal("the connection was given back", error_of(kept.insert, kept, "t", {}).message)
    kept:close()
  end)

  it("counts what happens", function()
    db:query("select 1")
    db:query("select 1")
    local stats = db:stats()
    assert.are.same({ 2, 1, 1, 0, 2, 1 }, { stats.max_size, stats.open, stats.idle, stats.in_use, stats.checkouts,
      stats.connects })
  end)

  it("refuses every call once it is closed", function()
    local other = db:with { rows = "arrays" }
    db:close()
    db:close()
    assert.are.equal("pool (closed)", tostring(db))
    for _, handle in ipairs { db, other } do
      for _, call in ipairs { "query", "one", "first", "value", "exec", "script" } do
        local err = error_of(handle[call], handle, "select 1")
        assert.are.same({ "usage", "the pool is closed" }, { err.kind, err.message })
      end
      for _, call in ipairs { "transaction", "checkout" } do
        assert.are.equal("the pool is closed", error_of(handle[call], handle, print).message)
      end
      assert.are.equal("the pool is closed", error_of(handle.with, handle, {}).message)
      assert.are.equal("the pool is closed", error_of(handle.insert, handle, "t", { a = 1 }).message)
      assert.are.equal(0, handle:stats().in_use)
    end
  end)

  it("lets a lent connection finish when it is closed meanwhile", function()
    db:transaction(function(tx)
      tx:query("select 1")
      db:close()
      assert.are.equal(2, tx:value("select 2"))
    end)
    assert.are.equal(0, db:stats().in_use)
  end)

  it("closes at the end of a block, and when it becomes garbage", function()
    local kept
    do
      local block <close> = mp.connect { url = url, application_name = "in a block" }
      block:query("select 1")
      kept = block
    end
    assert.are.equal("pool (closed)", tostring(kept))
    do
      mp.connect { url = url, application_name = "forgotten" }:query("select 1")
    end
    collectgarbage()
    collectgarbage()
    cluster.wait_until(function()
      return db:value("select count(*) from pg_stat_activity where application_name = any($1::text[])",
        mp.array { "in a block", "forgotten" }) == 0
    end)
  end)

  it("ends the wait of those who queue when it is closed", function()
    local single = mp.connect { url = url, max_size = 1 }
    local err
    mp.all {
      function()
        single:checkout(function()
          cluster.wait_until(function() return single:stats().waiting == 1 end)
          single:close()
        end)
      end,
      function() err = error_of(single.query, single, "select 1") end,
    }
    assert.are.equal("usage", err.kind)
    assert.matches("closed", err.message)
  end)

  it("says who has the connections when none comes in time", function()
    local single <close> = mp.connect { url = url, max_size = 1, checkout_timeout = 0.05 }
    local line, err
    mp.all {
      function()
        line = here() + 1
        single:checkout(function(connection)
          connection:query("select 'busy'")
          cluster.wait_until(function() return err ~= nil end)
        end)
      end,
      function() err = error_of(single.query, single, "select 1") end,
    }
    assert.are.equal("timeout", err.kind)
    assert.matches("no connection within 0.05 s", err.message, 1, true)
    assert.matches(("pool_spec.lua:%d .*select 'busy'"):format(line), err.detail)
    assert.are.equal(1, single:stats().timeouts)
  end)

  describe("of one connection", function()
    local single

    before_each(function() single = mp.connect { url = url, max_size = 1, checkout_timeout = 30 } end)
    after_each(function() single:close() end)

    --- Both lines must be in the message, which comes at once.
    local function assert_names(err, taken, asked)
      assert.are.equal("usage", err.kind)
      assert.matches(("taken at .*pool_spec.lua:%d, asked for again at .*pool_spec.lua:%d$"):format(taken, asked),
        err.message)
      assert.is_string(err.hint)
      assert.are.equal(0, single:stats().timeouts)
    end

    it("refuses a pool call inside of a transaction at once, with both lines", function()
      local taken, asked
      local err = error_of(function()
        taken = here() + 1
        single:transaction(function(tx)
          tx:query("select 1")
          asked = here() + 1
          single:query("select 2")
        end)
      end)
      assert_names(err, taken, asked)
    end)

    it("refuses it inside of a checkout, in a task, and in a comparator", function()
      local taken, asked
      local err = error_of(mp.all, { function()
        taken = here() + 1
        single:checkout(function()
          table.sort({ 1, 2 }, function()
            asked = here() + 1
            single:query("select 2")
          end)
        end)
      end })
      assert_names(err, taken, asked)
    end)

    it("refuses it in a task whose parent holds the connection", function()
      local taken, asked
      local function work()
        taken = here() + 1
        single:checkout(function()
          mp.all { function()
            asked = here() + 1
            single:query("select 2")
          end }
        end)
      end
      assert_names(error_of(work), taken, asked)
      assert_names(error_of(mp.all, { work, function() mp.sleep(0.001) end }), taken, asked)
    end)

    it("lets another task wait for it", function()
      local order = {}
      mp.all {
        function()
          single:checkout(function(connection)
            cluster.wait_until(function() return single:stats().waiting == 1 end)
            order[1] = connection:value("select 'first'")
          end)
        end,
        function() order[2] = single:value("select 'second'") end,
      }
      assert.are.same({ "first", "second" }, order)
    end)
  end)
end)
