--- Connections that are cut at any byte of a transaction: what the caller is told is what the database says.

local cluster = require "spec.support.cluster"
local core = require "moonpool.core"
local mp = require "moonpool"
local proxies = require "spec.support.proxy"

local LONG = os.getenv "MOONPOOL_LONG" == "1"
local SEED = tonumber(os.getenv "MOONPOOL_SEED") or os.time()

describe("a transaction whose connection is cut", function()
  local admin, db, proxy, stop

  setup(function()
    local url = cluster.database()
    local through
    admin = mp.connect { url = url, max_size = 1 }
    admin:script [[
      create table accounts (id int primary key, balance int not null);
      create table transfers (id uuid primary key);
      insert into accounts values (1, 1000), (2, 1000);
    ]]
    proxy, through, stop = proxies.start(url)
    db = mp.connect { url = through, max_size = 1 }
  end)

  teardown(function()
    db:close()
    admin:close()
    stop()
  end)

  local function transfer(id, options)
    db:transaction(options or {}, function(tx)
      tx:exec("update accounts set balance = balance - 1 where id = 1")
      tx:exec("update accounts set balance = balance + 1 where id = 2")
      tx:exec("insert into transfers values ($1)", id)
    end)
  end

  local function is_done(id)
    return admin:value("select exists (select from transfers where id = $1)", id)
  end

  --- A new connection, on which `uses` transfers have been made.
  local function prepare(uses)
    proxy:cut()
    cluster.wait_until(function() return (pcall(db.value, db, "select 1")) end)
    for _ = 1, uses do
      transfer(mp.uuid())
    end
  end

  --- Cuts after `at` bytes from `side`, runs fn with a new id, and gives what pcall gave, and the id.
  local function cut(side, at, uses, fn)
    prepare(uses)
    proxy:arm(side, at)
    local id = mp.uuid()
    local ok, err = pcall(fn, id)
    proxy:arm()
    return ok, err, id
  end

  --- What one side sends in a transfer.
  local function traffic(side, uses)
    prepare(uses)
    proxy:arm()
    transfer(mp.uuid())
    local client, server = proxy:passed()
    return side == "client" and client or server
  end

  --- Every border between messages and the bytes beside it, and some bytes between; with --long all bytes.
  local function places(bytes)
    local chosen = {}
    for _, border in ipairs(proxies.borders(bytes)) do
      for at = math.max(border - 1, 0), math.min(border + 1, #bytes) do
        chosen[at] = true
      end
    end
    for _ = 1, LONG and 0 or 50 do
      chosen[math.random(0, #bytes)] = true
    end
    for at = 0, LONG and #bytes or -1 do
      chosen[at] = true
    end
    local list = {}
    for at in pairs(chosen) do
      list[#list + 1] = at
    end
    table.sort(list)
    return list
  end

  local function assert_whole()
    assert.are.equal(2000, admin:value("select sum(balance) from accounts"))
    assert.are.equal(admin:value("select 1000 + count(*) from transfers"),
      admin:value("select balance from accounts where id = 2"))
  end

  --- Statements are sent in other ways when they are prepared.
  local STATES = { ["a new connection"] = 0, ["a used connection"] = 3 }

  for _, side in ipairs { "client", "server" } do
    for name, uses in pairs(STATES) do
      it(("says what became of it, wherever what the %s sends on %s is cut"):format(side, name), function()
        math.randomseed(SEED)
        local committed, lost = 0, 0
        for _, at in ipairs(places(traffic(side, uses))) do
          local ok, err, id = cut(side, at, uses, transfer)
          local where = ("seed %d, %s, byte %d: %s"):format(SEED, side, at, tostring(err))
          assert.are.equal(is_done(id), ok, where)
          if ok then
            committed = committed + 1
          else
            assert.is_true(mp.is_error(err), where)
            assert.are.equal("connection", err.kind, where)
            assert.is_true(err.retryable, where)
            lost = lost + 1
          end
        end
        assert.is_true(committed > 0 and lost > 1)
        assert_whole()
      end)
    end

    it("is applied exactly once with retry, wherever what the " .. side .. " sends is cut", function()
      math.randomseed(SEED)
      local list = places(traffic(side, 0))
      for i = 1, #list, LONG and 1 or 3 do
        local ok, err, id = cut(side, list[i], 0, function(id) transfer(id, { retry = 2 }) end)
        assert.is_true(ok, ("seed %d, %s, byte %d: %s"):format(SEED, side, list[i], tostring(err)))
        assert.is_true(is_done(id))
      end
      assert_whole()
    end)
  end
end)

describe("a COMMIT whose answer was lost", function()
  local server, admin, proxy, through, stop

  setup(function()
    server = cluster.own_server()
    admin = mp.connect { url = server.url, max_size = 1 }
    admin:script [[
      create role clerk;
      create table events (id int);
      create function dawdle() returns trigger language plpgsql as $$
        begin perform pg_sleep(60); return new; end $$;
      create table slow (id int);
      create constraint trigger slow_commit after insert on slow deferrable initially deferred
        for each row execute function dawdle();
      grant all on events to clerk;
    ]]
    proxy, through, stop = proxies.start(server.url)
  end)

  teardown(function()
    admin:close()
    stop()
    server.stop()
  end)

  local function with_pool(options, fn)
    options.url = options.url or through
    options.max_size = 1
    local db <close> = mp.connect(options)
    return fn(db)
  end

  local function events(id)
    return admin:value("select count(*) from events where id = $1", id)
  end

  --- How many sessions are in the middle of a COMMIT.
  local function committing()
    return admin:value("select count(*) from pg_stat_activity where query = 'commit' and state = 'active'")
  end

  --- Runs fn in a transaction, and lets the answer to its COMMIT get lost. Gives the error, or nil.
  local function lose(db, options, fn)
    local ok, err = pcall(db.transaction, db, options, function(tx)
      fn(tx)
      proxy:arm("server", 0) -- the next that the server says
    end)
    return not ok and err or nil
  end

  local function assert_kind(kind, err)
    assert(mp.is_error(err), tostring(err))
    assert.are.equal(kind, err.kind, tostring(err))
  end

  --- Runs a transaction whose COMMIT takes long, and cut() in the middle of that. Gives the error.
  local function cut_in_commit(db, cut)
    local err
    mp.all {
      function()
        err = select(2, pcall(db.transaction, db, function(tx)
          tx:exec("insert into slow values (1)")
          tx:exec("insert into slow values (1)")
        end))
      end,
      function()
        cluster.wait_until(function() return committing() == 1 end)
        cut()
      end,
    }
    return err
  end

  it("is a commit when the server has done it", function()
    with_pool({}, function(db)
      local noted
      local err = lose(db, {}, function(tx)
        tx:exec("insert into events values (1)")
        tx:exec("insert into events values (1)")
        tx:after_commit(function() noted = "commit" end)
        tx:after_rollback(function() noted = "rollback" end)
      end)
      assert.is_nil(err)
      assert.are.equal(2, events(1))
      assert.are.equal("commit", noted)
    end)
  end)

  it("is a commit with savepoints and with a script as the last of it", function()
    with_pool({}, function(db)
      assert.is_nil(lose(db, {}, function(tx)
        tx:transaction(function(inner) inner:exec("insert into events values (2)") end)
        tx:value("select 1")
      end))
      assert.is_nil(lose(db, {}, function(tx)
        tx:script("select 1; insert into events values (2)")
        tx:value("select 1")
      end))
      assert.are.equal(2, events(2))
    end)
  end)

  it("is a commit when the types of its first statement had to be asked for", function()
    with_pool({}, function(db)
      assert.is_nil(lose(db, {}, function(tx)
        tx:exec("insert into events select unnest($1::int[])", { 7, 7 })
        tx:value("select 1")
      end))
      assert.are.equal(2, events(7))
    end)
  end)

  it("is found out without statements that are prepared", function()
    with_pool({ prepare = "never" }, function(db)
      for _ = 1, 3 do
        assert.is_nil(lose(db, {}, function(tx)
          tx:exec("insert into events values (3)")
          tx:value("select 1")
        end))
      end
      assert.are.equal(3, events(3))
    end)
  end)

  it("is not tried again on a connection of the caller's, which nobody can replace", function()
    with_pool({}, function(db)
      local runs = 0
      local ok, err = pcall(db.checkout, db, function(connection)
        connection:transaction({ retry = 3 }, function(tx)
          runs = runs + 1
          tx:exec("insert into events values (8)")
          proxy:cut()
          tx:value("select 1")
        end)
      end)
      assert.is_false(ok)
      assert_kind("connection", err)
      assert.are.same({ true, 1, 0 }, { err.retryable, runs, events(8) })
    end)
  end)

  it("may be run again when there was nothing to commit", function()
    with_pool({}, function(db)
      local err = lose(db, {}, function(tx)
        tx:value("select 1")
        tx:value("select 1")
      end)
      assert_kind("connection", err)
      assert.is_true(err.retryable)
      err = lose(db, { read_only = true }, function(tx) tx:value("select 1") end)
      assert_kind("connection", err)
      assert.is_true(err.retryable)
    end)
  end)

  it("ends the old session when that goes on for long", function()
    with_pool({}, function(db)
      local err = cut_in_commit(db, function() proxy:cut() end)
      assert_kind("connection", err)
      assert.is_true(err.retryable)
      assert.are.equal(0, admin:value("select count(*) from slow"))
      assert.are.equal(0, committing())
    end)
  end)

  it("cannot be found out where the server does not say which one it is", function()
    admin:script "revoke execute on function pg_control_system() from public"
    finally(function() admin:script "grant execute on function pg_control_system() to public" end)
    with_pool({ options = "-c role=clerk" }, function(db)
      for turn = 1, 2 do
        local err = lose(db, { retry = 3 }, function(tx)
          tx:exec("insert into events values (4)")
          tx:value("select 1")
        end)
        assert_kind("unknown_outcome", err)
        assert.is_false(err.retryable)
        assert.matches("does not say which one it is", err.detail)
        assert.matches("look in the database", err.hint)
        assert.are.equal(turn, events(4))
      end
    end)
  end)

  it("is not found out without pipelines", function()
    with_pool({ pipeline = false }, function(db)
      local err = lose(db, {}, function(tx) tx:exec("insert into events values (5)") end)
      assert_kind("unknown_outcome", err)
    end)
  end)

  it("cannot be found out when the server does not come back in time", function()
    with_pool({ checkout_timeout = 0.3 }, function(db)
      local err = cut_in_commit(db, function()
        proxy:refuse(true)
        proxy:cut()
      end)
      proxy:refuse(false)
      assert_kind("unknown_outcome", err)
      assert.matches("server closed the connection unexpectedly", err.detail)
      admin:query("select pg_terminate_backend(pid) from pg_stat_activity where query = 'commit'")
    end)
  end)

  --- Restarts the server while the answer to a COMMIT is lost. `meanwhile` runs on the new one, before the client can
  --- ask. Gives the error, or nil, and whether the transaction's row is there.
  local function restart(id, pool_options, stop_server, meanwhile)
    return with_pool(pool_options, function(db)
      local err, xact
      mp.all {
        function()
          local ok, raised = pcall(db.transaction, db, function(tx)
            tx:exec("insert into events values ($1)", id)
            xact = tx:value("select pg_current_xact_id()::text")
            proxy:refuse(true)
            proxy:arm("server", 0)
          end)
          err = not ok and raised or nil
        end,
        function()
          cluster.wait_until(function()
            return xact and admin:value("select pg_xact_status($1::xid8)", xact) == "committed"
          end)
          stop_server()
          core.local_start(server.options)
          cluster.wait_until(function() return (pcall(admin.value, admin, "select 1")) end)
          meanwhile(xact)
          proxy:refuse(false)
        end,
      }
      return err, events(id) == 1
    end)
  end

  local function crash()
    local pid = core.local_status(server.options).pid
    os.execute("kill -9 " .. pid)
    cluster.wait_until(function() return not os.execute("kill -0 " .. pid .. " 2> /dev/null") end)
  end

  local function nothing() end

  --- Other writers get ids until they have had `xact`, and end each by `ending`.
  local function take(xact, ending)
    repeat
      local got = admin:checkout(function(session)
        session:exec "begin"
        local id = session:value("select pg_current_xact_id()::text")
        session:exec(ending)
        return id
      end)
    until tonumber(got) >= tonumber(xact)
  end

  --- A commit that the server has answered and will not know after a crash.
  local FORGETFUL = { options = "-c synchronous_commit=off" }

  describe("by a server that was restarted", function()
    setup(function()
      admin:exec "alter system set wal_writer_delay = '10s'"
      admin:query "select pg_reload_conf()"
    end)

    it("is a commit after a clean restart", function()
      local err, is_there = restart(11, {}, function() core.local_stop(server.options) end, nothing)
      assert.are.same({ nil, true }, { err, is_there })
    end)

    it("is a commit after a crash that it has survived", function()
      local err, is_there = restart(12, {}, crash, nothing)
      assert.are.same({ nil, true }, { err, is_there })
    end)

    it("is rolled back after a crash that has lost it", function()
      local err, is_there = restart(13, FORGETFUL, crash, nothing)
      assert_kind("connection", err)
      assert.are.same({ true, false }, { err.retryable, is_there })
    end)

    it("is rolled back when another writer got its id after a crash, and rolled back", function()
      local err, is_there = restart(14, FORGETFUL, crash, function(xact) take(xact, "rollback") end)
      assert_kind("connection", err)
      assert.are.same({ true, false }, { err.retryable, is_there })
    end)

    it("is never taken for the commit of another writer that got its id after a crash", function()
      local err, is_there = restart(15, FORGETFUL, crash, function(xact)
        take(xact, "commit")
        assert.are.equal("committed", admin:value("select pg_xact_status($1::xid8)", xact))
      end)
      assert_kind("unknown_outcome", err)
      assert.matches("may have given the transaction's id to another", err.detail)
      assert.is_false(is_there)
    end)
  end)

  it("costs no round trip of its own, and nothing without statements", function()
    with_pool({}, function(db)
      local function flushes(fn)
        proxy:arm()
        db:transaction(fn)
        local client = proxy:passed()
        local count, at = 0, 1
        while at <= #client do
          local kind, size = client:sub(at, at), string.unpack(">I4", client, at + 1)
          if kind == "S" or kind == "Q" then count = count + 1 end
          at = at + 1 + size
        end
        return count
      end
      local function write(tx)
        tx:exec("insert into events values (6)")
        tx:value("select 1")
      end
      flushes(write)
      assert.are.equal(3, flushes(write))
      assert.are.equal(0, flushes(function() end))
    end)
  end)
end)
