--- Transactions: when they commit, when they do not, when they run again, and what a lost server leaves behind.

local core = require "moonpool.core"
local mp = require "moonpool"
local cluster = require "spec.support.cluster"

local TRUSTED_IDLE = 0.5 -- seconds for which the pool does not look at a connection that has come back

local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  return err
end

local function error_of_kind(kind, fn, ...)
  local err = error_of(fn, ...)
  assert(mp.is_error(err), tostring(err))
  assert.are.equal(kind, err.kind, tostring(err))
  return err
end

describe("a transaction", function()
  local db

  setup(function()
    db = mp.connect { url = cluster.database(), max_size = 4 }
    db:script [[
      create table accounts (id int primary key, balance int not null);
      create table parents (id int primary key);
      create table children (parent int references parents deferrable initially deferred);
    ]]
  end)

  teardown(function()
    assert.are.equal(0, db:stats().in_use)
    db:close()
  end)

  before_each(function()
    db:script [[
      truncate accounts, parents, children;
      insert into accounts values (1, 100), (2, 100);
    ]]
  end)

  local function balance(id)
    return db:value("select balance from accounts where id = $1", id)
  end

  local function pay(tx, id, amount)
    return tx:exec("update accounts set balance = balance + $2 where id = $1", id, amount)
  end

  it("commits when its function returns, and gives back what that returns", function()
    local results = table.pack(db:transaction(function(tx)
      pay(tx, 1, -30)
      return nil, "a", nil
    end))
    assert.are.same({ n = 3, nil, "a", nil }, results)
    assert.are.equal(70, balance(1))
  end)

  it("rolls back when its function raises, and raises the very same", function()
    for _, raised in ipairs { "a string", { "a table" }, mp.error { kind = "usage", message = "ours" }, 12, false } do
      assert.are.equal(raised, error_of(db.transaction, db, function(tx)
        pay(tx, 1, -30)
        error(raised, 0)
      end))
      assert.are.equal(100, balance(1))
    end
  end)

  it("is invisible outside before it commits", function()
    db:transaction(function(tx)
      pay(tx, 1, -30)
      assert.are.equal(100, balance(1))
      assert.are.equal(70, tx:value("select balance from accounts where id = 1"))
    end)
  end)

  it("sends nothing when it has no statement", function()
    db:transaction(function(tx)
      assert.are.equal("transaction", tx:kind())
      local state = db:value("select count(*) from pg_stat_activity where state = 'idle in transaction'" ..
        " and datname = current_database()")
      assert.are.equal(0, state)
    end)
  end)

  it("has the calls of a database", function()
    db:transaction(function(tx)
      assert.are.equal(2, #tx:query("select * from accounts"))
      assert.are.same({ id = 3, balance = 1 }, tx:insert("accounts", { id = 3, balance = 1 }))
      assert.are.same({ 3 }, tx:with { rows = "arrays" }:one("select id from accounts where id = $id", { id = 3 }))
      tx:script("delete from accounts where id = 1; delete from accounts where id = 2")
      tx:checkout(function(same) assert.are.equal(tx, same) end)
    end)
    assert.are.equal(1, db:value("select count(*) from accounts"))
  end)

  it("is not ended by a statement", function()
    local ends = { "commit", "rollback", "begin", "end", "abort", "Rollback Work", "start transaction" }
    for _, sql in ipairs(ends) do
      for _, call in ipairs { "exec", "script" } do
        db:transaction(function(tx)
          pay(tx, 1, -1)
          local err = error_of_kind("usage", tx[call], tx, sql)
          assert.are.equal("a transaction is not ended or nested by a statement", err.message)
        end)
      end
    end
    db:transaction(function(tx)
      error_of_kind("usage", tx.script, tx, "select 1; commit; begin")
      error_of_kind("usage", tx.exec, tx, "savepoint x")
    end)
  end)

  it("lets a script set savepoints of its own", function()
    db:transaction(function(tx)
      tx:script [[
        savepoint a; update accounts set balance = 1; rollback to a;
        SAVEPOINT b; update accounts set balance = 2; Rollback Work To Savepoint b; release b;
      ]]
    end)
    assert.are.equal(100, balance(1))
  end)

  it("cannot be used after its end", function()
    local kept, inner
    db:transaction(function(tx)
      kept = tx
      tx:transaction(function(nested) inner = nested end)
    end)
    for _, tx in ipairs { kept, inner } do
      assert.are.equal("transaction (over)", tostring(tx))
      for _, call in ipairs { "query", "one", "first", "value", "exec", "script" } do
        local err = error_of_kind("usage", tx[call], tx, "select 1")
        assert.are.equal("the transaction is over", err.message)
      end
      for _, call in ipairs { "transaction", "after_commit", "after_rollback", "checkout", "insert", "with" } do
        error_of_kind("usage", tx[call], tx, call == "insert" and "accounts" or call == "with" and {} or print, {})
      end
    end
    assert.is_false(core.is_open(kept))
  end)

  it("cannot be closed", function()
    db:transaction(function(tx)
      error_of_kind("usage", tx.close, tx)
      assert.are.equal(1, tx:value("select 1"))
    end)
  end)

  it("says what is wrong with its arguments, at the script's line", function()
    for _, case in ipairs {
      { {}, "the last argument of transaction is a nil; expected a function" },
      { { 1 }, "the last argument of transaction is a number; expected a function" },
      { { {} }, "the last argument of transaction is a table; expected a function" },
      { { 1, print }, "the options of a transaction are a number; expected a table" },
      { { { isolatoin = "serializable" }, print }, "there is no option isolatoin of a transaction",
        "did you mean isolation?" },
      { { { isolation = "chaos" }, print },
        'option isolation is "chaos"; expected "read committed", "repeatable read" or "serializable"' },
      { { { isolation = 1 }, print }, "option isolation is a number; expected a string" },
      { { { read_only = 1 }, print }, "option read_only is a number; expected a boolean" },
      { { { retry = -1 }, print }, "option retry is -1; expected a whole number, 0 or more" },
      { { { retry = 1.5 }, print }, "option retry is 1.5; expected a whole number, 0 or more" },
      { { { timeout = 0 }, print }, "option timeout is 0; expected a number of seconds above 0" },
      { { { timeout = "1" }, print }, "option timeout is a string; expected a number" },
    } do
      local err = error_of_kind("usage", function() db:transaction(table.unpack(case[1])) end)
      assert.are.equal(case[2], err.message)
      assert.matches("transaction_spec.lua:%d+", err.where)
      if case[3] then assert.are.equal(case[3], err.hint) end
    end
  end)

  describe("with options", function()
    it("has its isolation", function()
      for _, isolation in ipairs { "read uncommitted", "read committed", "repeatable read", "serializable" } do
        assert.are.equal(isolation, db:transaction({ isolation = isolation }, function(tx)
          return tx:value("show transaction_isolation")
        end))
      end
    end)

    it("is read only", function()
      local err = error_of_kind("server", db.transaction, db, { read_only = true }, function(tx) pay(tx, 1, 1) end)
      assert.are.equal("25006", err.sqlstate)
    end)

    it("is deferrable", function()
      local options = { isolation = "serializable", read_only = true, deferrable = true }
      assert.are.equal("on", db:transaction(options, function(tx) return tx:value("show transaction_deferrable") end))
    end)

    it("leaves no option to the next one", function()
      db:transaction({ isolation = "serializable", read_only = true }, function(tx) tx:query("select 1") end)
      db:transaction(function(tx)
        assert.are.equal("read committed", tx:value("show transaction_isolation"))
        assert.are.equal("off", tx:value("show transaction_read_only"))
      end)
    end)
  end)

  describe("with a failure that was swallowed", function()
    it("never commits", function()
      local err = error_of_kind("transaction", db.transaction, db, function(tx)
        pay(tx, 1, -30)
        pcall(tx.query, tx, "select 1 / 0")
      end)
      assert.matches("swallowed", err.message)
      assert.is_false(err.retryable)
      assert.are.equal(100, balance(1))
    end)

    it("refuses what follows, in the server's words", function()
      local err = error_of_kind("server", db.transaction, db, function(tx)
        pcall(tx.query, tx, "select 1 / 0")
        tx:query("select 1")
      end)
      assert.are.equal("25P02", err.sqlstate)
    end)

    it("goes on when only a nested one failed", function()
      db:transaction(function(tx)
        pay(tx, 1, -30)
        pcall(tx.transaction, tx, function(inner) inner:query("select 1 / 0") end)
        pay(tx, 2, 30)
      end)
      assert.are.same({ 70, 130 }, { balance(1), balance(2) })
    end)

    it("keeps to it in a nested one", function()
      db:transaction(function(tx)
        pay(tx, 1, -30)
        error_of_kind("transaction", tx.transaction, tx, function(inner)
          pay(inner, 2, 30)
          pcall(inner.query, inner, "select 1 / 0")
        end)
      end)
      assert.are.same({ 70, 100 }, { balance(1), balance(2) })
    end)
  end)

  describe("nested", function()
    it("is kept, or undone alone", function()
      db:transaction(function(tx)
        pay(tx, 1, 1)
        tx:transaction(function(a)
          pay(a, 1, 10)
          pcall(a.transaction, a, function(b)
            pay(b, 1, 100)
            error "undo"
          end)
          a:transaction(function(b) pay(b, 1, 1000) end)
        end)
      end)
      assert.are.equal(1111, balance(1))
    end)

    it("can be the first to send anything", function()
      assert.are.equal(3, db:transaction(function(tx)
        return tx:transaction(function(a)
          return a:transaction(function(b) return b:value("select 3") end)
        end)
      end))
      db:transaction(function(tx)
        tx:transaction(function(a) a:script("select 1; update accounts set balance = 5") end)
      end)
      assert.are.equal(5, balance(1))
    end)

    it("leaves the outer one whole when it fails before anything is sent", function()
      for _ = 1, 2 do db:value("select $1::int2", 1) end -- its type is known from now on
      db:transaction(function(tx)
        pay(tx, 1, 1)
        error_of_kind("usage", tx.transaction, tx, function(inner) inner:value("select $1::int2", 70000) end)
        pay(tx, 2, 1)
      end)
      assert.are.same({ 101, 101 }, { balance(1), balance(2) })
    end)

    it("goes with the outer one", function()
      pcall(db.transaction, db, function(tx)
        tx:transaction(function(inner) pay(inner, 1, 1) end)
        error "undo"
      end)
      assert.are.equal(100, balance(1))
    end)

    it("takes no options", function()
      db:transaction(function(tx)
        local err = error_of_kind("usage", tx.transaction, tx, { read_only = true }, print)
        assert.are.equal("option read_only has no meaning in a nested transaction", err.message)
      end)
    end)

    it("keeps the outer handle from being used by mistake", function()
      db:transaction(function(tx)
        tx:transaction(function(inner)
          local err = error_of_kind("usage", tx.exec, tx, "select 1")
          assert.are.equal("a transaction is open within this one", err.message)
          assert.are.equal(1, inner:value("select 1"))
        end)
        assert.are.equal(1, tx:value("select 1"))
      end)
      db:checkout(function(connection)
        connection:transaction(function()
          local err = error_of_kind("usage", connection.exec, connection, "select 1")
          assert.are.equal("a transaction is open within this connection", err.message)
        end)
        assert.are.equal(1, connection:value("select 1"))
      end)
    end)
  end)

  describe("on a lent connection", function()
    it("leaves it usable", function()
      db:checkout(function(connection)
        connection:transaction(function(tx) pay(tx, 1, 1) end)
        pcall(connection.transaction, connection, function(tx)
          pay(tx, 1, 10)
          error "undo"
        end)
        assert.are.equal(101, connection:value("select balance from accounts where id = 1"))
      end)
    end)

    it("is over when the connection is given back", function()
      error_of_kind("usage", db.checkout, db, function(connection)
        connection:transaction(function(tx)
          pay(tx, 1, 1)
          connection:close()
          tx:query("select 1")
        end)
      end)
      assert.are.equal(100, balance(1))
    end)

    it("does not mix with one that a statement began", function()
      db:checkout(function(connection)
        connection:exec("begin")
        local err = error_of_kind("usage", connection.transaction, connection, print)
        assert.are.equal("a statement has begun a transaction on this connection", err.message)
      end)
    end)
  end)

  describe("and its callbacks", function()
    local seen

    before_each(function() seen = {} end)

    local function note(text)
      return function() seen[#seen + 1] = text end
    end

    it("run after the commit, in order, outside of it", function()
      db:transaction(function(tx)
        tx:after_commit(function() seen[#seen + 1] = balance(1) end)
        tx:after_commit(note "second")
        tx:after_rollback(note "never")
        pay(tx, 1, 1)
        assert.are.same({}, seen)
      end)
      assert.are.same({ 101, "second" }, seen)
    end)

    it("run after the rollback", function()
      pcall(db.transaction, db, function(tx)
        tx:after_commit(note "never")
        tx:after_rollback(note "undone")
        tx:query("select 1 / 0")
      end)
      assert.are.same({ "undone" }, seen)
    end)

    it("of a nested one wait for the outermost commit, and run at once when it alone is undone", function()
      db:transaction(function(tx)
        tx:transaction(function(inner)
          inner:after_commit(note "kept")
          inner:after_rollback(note "never")
        end)
        pcall(tx.transaction, tx, function(inner)
          inner:after_commit(note "never")
          inner:after_rollback(note "undone")
          error "undo"
        end)
        assert.are.same({ "undone" }, seen)
      end)
      assert.are.same({ "undone", "kept" }, seen)
    end)

    it("all run when one of them raises, and the first error is raised", function()
      local err = error_of(db.transaction, db, function(tx)
        pay(tx, 1, 1)
        tx:after_commit(function() error("first", 0) end)
        tx:after_commit(function() error("second", 0) end)
        tx:after_commit(note "ran")
      end)
      assert.are.equal("first", err)
      assert.are.same({ "ran" }, seen)
      assert.are.equal(101, balance(1))
    end)

    it("are functions, and belong to a transaction", function()
      db:transaction(function(tx)
        assert.are.equal("the argument of after_commit is a nil; expected a function",
          error_of_kind("usage", tx.after_commit, tx).message)
      end)
      assert.are.equal("after_rollback belongs to a transaction, not to a pool",
        error_of_kind("usage", db.after_rollback, db, print).message)
    end)
  end)

  describe("that failed for others' sake", function()
    --- Reads both accounts and writes one, with another transaction doing the opposite in between.
    local function write_skew(options)
      local tries = 0
      local ok, err = pcall(db.transaction, db, options, function(tx)
        tries = tries + 1
        tx:query("select sum(balance) from accounts")
        if tries == 1 then
          db:transaction({ isolation = "serializable" }, function(other)
            other:query("select sum(balance) from accounts")
            pay(other, 2, -50)
          end)
        end
        pay(tx, 1, -50)
      end)
      return ok, err, tries
    end

    it("raises a serialization failure without retry", function()
      local ok, err, tries = write_skew { isolation = "serializable" }
      assert.are.same({ false, 1 }, { ok, tries })
      assert.are.same({ "serialization", "40001", true }, { err.kind, err.sqlstate, err.retryable })
      assert.are.equal(100, balance(1))
    end)

    it("runs again with retry", function()
      local ok, _, tries = write_skew { isolation = "serializable", retry = 3 }
      assert.are.same({ true, 2 }, { ok, tries })
      assert.are.same({ 50, 50 }, { balance(1), balance(2) })
    end)

    it("runs again when the failure comes at COMMIT", function()
      local tries = 0
      db:transaction({ isolation = "serializable", retry = 1 }, function(tx)
        tries = tries + 1
        tx:query("select sum(balance) from accounts")
        pay(tx, 1, -50)
        if tries == 1 then
          db:transaction({ isolation = "serializable" }, function(other)
            other:query("select sum(balance) from accounts")
            pay(other, 2, -50)
          end)
        end
      end)
      assert.are.same({ 2, 50, 50 }, { tries, balance(1), balance(2) })
    end)

    it("gives up after the last try, with after_rollback after each", function()
      local tries, undone = 0, 0
      local err = error_of_kind("serialization", db.transaction, db, { isolation = "repeatable read", retry = 2 },
        function(tx)
          tries = tries + 1
          tx:after_rollback(function() undone = undone + 1 end)
          tx:query("select * from accounts")
          pay(db, 1, 1)
          pay(tx, 1, 1)
        end)
      assert.are.same({ 3, 3, "40001" }, { tries, undone, err.sqlstate })
      assert.are.equal(103, balance(1))
    end)

    it("does not run again after any other error", function()
      local tries = 0
      error_of_kind("server", db.transaction, db, { retry = 5 }, function(tx)
        tries = tries + 1
        tx:query("select 1 / 0")
      end)
      assert.are.equal(1, tries)
    end)

    it("runs again after a deadlock", function()
      local locked, tries = {}, 0
      local function transfer(from, to)
        db:transaction({ retry = 5 }, function(tx)
          tries = tries + 1
          tx:exec("set local deadlock_timeout = '20ms'")
          pay(tx, from, -10)
          locked[from] = true
          cluster.wait_until(function() return locked[1] and locked[2] end)
          pay(tx, to, 10)
        end)
      end
      mp.all { function() transfer(1, 2) end, function() transfer(2, 1) end }
      assert.is_true(tries >= 3)
      assert.are.same({ 100, 100 }, { balance(1), balance(2) })
    end)

    it("names a deadlock", function()
      local locked = {}
      local function transfer(from, to)
        db:transaction(function(tx)
          tx:exec("set local deadlock_timeout = '20ms'")
          pay(tx, from, -10)
          locked[from] = true
          cluster.wait_until(function() return locked[1] and locked[2] end)
          pay(tx, to, 10)
        end)
      end
      local err = error_of_kind("serialization", mp.all,
        { function() transfer(1, 2) end, function() transfer(2, 1) end })
      assert.are.same({ "40P01", true }, { err.sqlstate, err.retryable })
    end)
  end)

  describe("with a timeout", function()
    it("cancels the statement that outlasts it", function()
      local err = error_of_kind("timeout", db.transaction, db, { timeout = 0.1 }, function(tx)
        pay(tx, 1, 1)
        tx:query("select pg_sleep(60)")
      end)
      assert.are.equal("select pg_sleep(60)", err.statement)
      assert.are.equal(100, balance(1))
    end)

    it("sends nothing once it has passed", function()
      local err = error_of_kind("timeout", db.transaction, db, { timeout = 0.01 }, function(tx)
        pay(tx, 1, 1)
        mp.sleep(0.02)
        tx:query("select 1")
      end)
      assert.are.equal("the transaction's time is over: nothing was sent", err.message)
      assert.are.equal(100, balance(1))
    end)

    it("does not commit once it has passed", function()
      local err = error_of_kind("timeout", db.transaction, db, { timeout = 0.01 }, function(tx)
        pay(tx, 1, 1)
        mp.sleep(0.02)
      end)
      assert.are.equal("the transaction was rolled back, since its time was over", err.message)
      assert.are.equal(100, balance(1))
    end)

    it("is not longer for a handle with a longer one", function()
      error_of_kind("timeout", db.transaction, db, { timeout = 0.1 }, function(tx)
        tx:with { timeout = 60 }:query("select pg_sleep(60)")
      end)
    end)

    it("does not last into what follows on the connection", function()
      db:checkout(function(connection)
        connection:transaction({ timeout = 0.05 }, function(tx) tx:query("select 1") end)
        mp.sleep(0.06)
        assert.are.equal(1, connection:value("select 1"))
      end)
    end)
  end)

  it("fails at COMMIT when a deferred constraint does", function()
    local err = error_of_kind("constraint", db.transaction, db, function(tx)
      tx:exec("insert into children values (7)")
    end)
    assert.are.same({ "23503", "children_parent_fkey" }, { err.sqlstate, err.constraint })
    assert.matches("transaction_spec.lua:%d+", err.where)
    assert.are.equal(0, db:value("select count(*) from children"))
  end)

  it("gives each task that shares it an error instead of mixed answers", function()
    local err = error_of_kind("usage", db.transaction, db, function(tx)
      mp.all {
        function() return tx:value("select pg_sleep(60)") end,
        function() return tx:value("select 2") end,
      }
    end)
    assert.are.equal("the connection is in use by another task", err.message)
  end)

  it("is rolled back when its coroutine is never finished", function()
    local co = coroutine.create(function()
      db:transaction(function(tx)
        pay(tx, 1, 1)
        coroutine.yield()
      end)
    end)
    assert(coroutine.resume(co))
    assert.are.equal(1, db:stats().in_use)
    assert(coroutine.close(co))
    assert.are.equal(0, db:stats().in_use)
    assert.are.equal(100, balance(1))
  end)

  it("is rolled back when it becomes garbage", function()
    local quiet <close> = mp.connect { url = cluster.database(), on_leak = function() end }
    quiet:script "create table kept (n int)"
    coroutine.wrap(function()
      quiet:transaction(function(tx)
        tx:exec "insert into kept values (1)"
        coroutine.yield()
      end)
    end)()
    collectgarbage()
    collectgarbage()
    assert.are.equal(0, quiet:stats().in_use)
    assert.are.equal(0, quiet:value "select count(*) from kept")
  end)
end)

-- A server of its own, since a killed session takes all others of the server with it.
describe("a transaction on a server that dies", function()
  local folder, db, admin

  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    local place = core.local_start { folder = folder, throw_away = true, quiet = true }
    db = mp.connect { url = place.url, max_size = 2 }
    admin = mp.connect { url = place.url, max_size = 1 }
    db:script [[
      create table events (id int);
      create function dawdle() returns trigger language plpgsql as $$
        begin perform pg_sleep(60); return new; end $$;
      create table slow (id int);
      create constraint trigger slow_commit after insert on slow deferrable initially deferred
        for each row execute function dawdle();
    ]]
  end)

  teardown(function()
    db:close()
    admin:close()
    core.local_stop { folder = folder, quiet = true }
    os.execute("rm -rf '" .. folder .. "'")
  end)

  --- Waits until a session runs `sql`, and gives its process.
  local function running(sql)
    local pid
    cluster.wait_until(function()
      pid = admin:value("select pid from pg_stat_activity where state = 'active' and query = $1", sql)
      return pid ~= nil
    end)
    return pid
  end

  local function terminate(pid)
    assert.is_true(admin:value("select pg_terminate_backend($1)", pid))
  end

  --- Returns once the server has noticed, a moment later: it then ends all sessions, this one too.
  local function kill(pid)
    admin:checkout(function(session)
      session:query("select 1")
      os.execute("kill -9 " .. pid)
      cluster.wait_until(function() return not pcall(session.query, session, "select 1") end)
    end)
  end

  --- Ends the session in which fn runs `sql`, by `how`; gives fn's error.
  local function end_during(sql, how, fn)
    local err
    mp.all {
      function() err = error_of(fn) end,
      function() how(running(sql)) end,
    }
    assert(mp.is_error(err), tostring(err))
    return err
  end

  --- The next caller must not notice: a server that recovers is waited for.
  local function assert_recovers()
    cluster.wait_until(function() return (pcall(admin.value, admin, "select 1")) end)
    assert.are.equal(1, db:value("select 1"))
    assert.are.equal(0, db:stats().in_use)
    assert.are.equal(0, db:value("select count(*) from events"))
  end

  for name, how in pairs { terminated = terminate, ["killed -9"] = kill } do
    it("raises a connection error when its session is " .. name .. " in a query", function()
      local err = end_during("select pg_sleep(61)", how, function()
        db:transaction(function(tx)
          tx:exec("insert into events values (1)")
          tx:query("select pg_sleep(61)")
        end)
      end)
      assert.are.equal("connection", err.kind)
      assert_recovers()
    end)

    it("raises a connection error when its session is " .. name .. " between statements", function()
      local ran = false
      local err = error_of(db.transaction, db, function(tx)
        tx:exec("insert into events values (1)")
        local pid = tx:value("select pg_backend_pid()")
        how(pid)
        cluster.wait_until(function()
          local ok, gone = pcall(admin.value, admin, "select count(*) = 0 from pg_stat_activity where pid = $1", pid)
          return ok and gone
        end)
        pcall(tx.query, tx, "select 1")
        ran = true
      end)
      assert.is_true(ran)
      assert.are.equal("connection", err.kind)
      assert_recovers()
    end)

    it("is known to be rolled back when its session is " .. name .. " at COMMIT", function()
      local undone = false
      local err = end_during("commit", how, function()
        db:transaction(function(tx)
          tx:after_rollback(function() undone = true end)
          tx:exec("insert into slow values (1)")
        end)
      end)
      assert.are.same({ "connection", true, true }, { err.kind, err.retryable, undone })
      assert.matches("lost at COMMIT, and the transaction was rolled back", err.message)
      assert_recovers()
    end)

    it("replaces a connection " .. name .. " in a query of the pool", function()
      local err = end_during("select pg_sleep(62)", how, function() db:query("select pg_sleep(62)") end)
      assert.are.equal("connection", err.kind)
      assert_recovers()
    end)
  end

  it("does not show a lost idle connection to the next caller", function()
    local pid = db:value("select pg_backend_pid()")
    terminate(pid)
    cluster.wait_until(function()
      return admin:value("select count(*) = 0 from pg_stat_activity where pid = $1", pid)
    end)
    mp.sleep(TRUSTED_IDLE)
    assert.are.equal(1, db:value("select 1"))
  end)
end)
