--- Connections that are held for too long, or that nobody can give back any more.

local core = require "moonpool.core"
local mp = require "moonpool"
local cluster = require "spec.support.cluster"

local BUILD = os.getenv("MOONPOOL_BUILD") or "build/release"

local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert(mp.is_error(err), tostring(err))
  return err
end

--- What a script of its own writes to standard error.
local function stderr_of(script)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write("local mp = require 'moonpool'\nlocal url = ...\n" .. script)
  file:close()
  local pipe = assert(io.popen(("%s/moonpool %s '%s' 2>&1 >/dev/null"):format(BUILD, path, cluster.url())))
  local output = pipe:read("a")
  pipe:close()
  os.remove(path)
  return (output:gsub("[^%s]*" .. path:match("[^/]+$"), "script"))
end

--- Takes a connection in a function that is never finished, and of which nothing is left.
local function forget(db, statement)
  coroutine.wrap(function()
    db:checkout(function(connection)
      if statement then
        connection:exec(statement)
      end
      coroutine.yield()
    end)
  end)()
end

describe("a connection that is held for too long", function()
  it("is told on standard error, once, with its place and last statement", function()
    local output = stderr_of [[
      local db = mp.connect { url = url, leak_threshold = "50ms" }
      db:checkout(function(connection)
        connection:query("select 1 as a,\n\t  'two' as b")
        while db:stats().leaks == 0 do mp.sleep(0.01) end
        mp.sleep(0.1)
      end)
      db:query("select 2")
      assert(db:stats().leaks == 1)
    ]]
    local seconds = output:match("^moonpool: a connection taken at script:4 has been held for ([%d.]+) s; "
      .. "its last statement: select 1 as a, 'two' as b\n$")
    assert(seconds, output)
    assert.is_true(tonumber(seconds) >= 0.1)
  end)

  it("may be a statement that takes long", function()
    assert.matches("taken at script:4 has been held for .*; its last statement: select pg_sleep%(0.3%)\n$", stderr_of [[
      local db = mp.connect { url = url, leak_threshold = "50ms" }
      db:query("select pg_sleep(0.3)")
    ]])
  end)

  it("is not told by default, nor when it comes back in time", function()
    assert.are.equal("", stderr_of [[
      local db <close> = mp.connect { url = url, leak_threshold = "10s" }
      db:checkout(function(connection) connection:query("select pg_sleep(0.1)") end)
      local other <close> = mp.connect(url)
      other:query("select pg_sleep(0.1)")
      assert(db:stats().leaks + other:stats().leaks == 0)
    ]])
  end)
end)

describe("a connection that a script forgot", function()
  local db, url

  setup(function() url = cluster.database() end)
  before_each(function()
    db = mp.connect { url = url, max_size = 1, checkout_timeout = 0.2, on_leak = function() end }
  end)
  after_each(function() db:close() end)

  it("comes back clean when its handle is collected", function()
    db:script "create table if not exists kept (n int)"
    forget(db, "begin")
    assert.are.equal(1, db:stats().in_use)
    collectgarbage()
    cluster.wait_until(function() return db:stats().idle == 1 end)
    assert.are.equal(1, db:stats().reclaimed)
    assert.are.equal(1, db:stats().connects)
    db:exec "insert into kept values (1)"
    assert.are.equal(1, db:value "select count(*) from kept")
  end)

  it("is told with its place", function()
    assert.matches("^moonpool: a connection taken at script:6 was forgotten, and is given back after [%d.]+ s; "
      .. "its last statement: select 3\n$", stderr_of [[
      local db = mp.connect { url = url, max_size = 1 }
      coroutine.wrap(function()
        -- taken in the next line
        db:checkout(function(connection)
          connection:query("select 3")
          coroutine.yield()
        end)
      end)()
      collectgarbage()
    ]])
  end)

  it("is looked for before a wait that could not end is refused", function()
    forget(db)
    assert.are.equal(1, db:value "select 1")
    assert.are.equal(1, db:stats().reclaimed)
    db:query "select 2"
  end)

  it("is looked for before a wait fails that was too long", function()
    mp.all { function() forget(db, "begin") end }
    assert.are.same({ 2 }, { mp.all { function() return db:value "select 2" end } })
    assert.are.same({ 1, 1 }, { db:stats().reclaimed, db:stats().timeouts })
    db:query "select 3"
  end)

  it("is not taken from somebody who still has it", function()
    local connection <close> = core.acquire(db)
    local err = error_of(db.query, db, "select 1")
    assert.are.equal("usage", err.kind)
    collectgarbage()
    assert.are.equal(3, connection:value "select 3")
    assert.are.equal(0, db:stats().reclaimed)
  end)

  it("is nothing to tell when it was closed", function()
    core.acquire(db):close()
    collectgarbage()
    assert.are.same({ 0, 1 }, { db:stats().reclaimed, db:stats().idle })
  end)
end)
