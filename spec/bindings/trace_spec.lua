--- MOONPOOL_TRACE from outside: which lines a script leaves on standard error, and what is in none of them.

local cluster = require "spec.support.cluster"
local traced = require "spec.support.traced"

--- Runs the script; `db` is a pool of one connection, `until_true` polls.
local HEAD = [[
local mp = require "moonpool"
local function until_true(fn)
  while not fn() do
    mp.sleep(0.001)
  end
end
local db = mp.connect { url = arg[1], max_size = 1 }
]]

--- The events in their order: "wait t1 in_front=0". Numbers of processes and measured times are replaced by N.
local function events(lines)
  local list = {}
  for i, text in ipairs(lines) do
    local line = traced.cut(text)
    assert(line, "no line of trace: " .. text)
    list[i] = (line.event .. " " .. line.about):gsub("=%d+%.%d+", "=N"):gsub("pid=%d+", "pid=N")
  end
  return list
end

--- Runs the script and returns the events of one topic.
local function run(topic, url, script)
  return events((traced.run(topic, url, HEAD .. script)))
end

local function find(list, pattern)
  for _, text in ipairs(list) do
    if text:find(pattern) then
      return text
    end
  end
  error(("nothing matches %q in:\n%s"):format(pattern, table.concat(list, "\n")))
end

describe("MOONPOOL_TRACE", function()
  local url

  lazy_setup(function()
    url = cluster.database()
  end)

  it("is silent when it is empty", function()
    local lines, code = traced.run("", url, HEAD .. "mp.all { function() db:query 'select 1' end }")
    assert.are.same({}, lines)
    assert.are.equal(0, code)
  end)

  it("tells only of the topics that it names", function()
    local script = HEAD .. "mp.all { function() db:query 'select 1' end }"
    for _, topic in ipairs { "pool", "wire", "task" } do
      local lines = traced.run(topic, url, script)
      assert.is_true(#lines > 0)
      for _, text in ipairs(lines) do
        assert.are.equal(topic, traced.cut(text).topic)
      end
    end
    local seen = {}
    for _, text in ipairs(traced.run("task,wire,pool", url, script)) do
      seen[traced.cut(text).topic] = true
    end
    assert.are.same({ pool = true, wire = true, task = true }, seen)
  end)

  it("refuses a name that is no topic, with the nearest one", function()
    local lines, code = traced.run("pool,wier", url, HEAD)
    assert.are.equal(1, code)
    assert.matches('MOONPOOL_TRACE: trace must be a list of pool, wire and task, not "pool,wier"', lines[1], 1, true)
    assert.are.equal('hint: did you mean "wire"?', lines[2])
  end)

  it("has times that never go back within a thread", function()
    local last = {}
    for _, text in ipairs(traced.run("pool,wire,task", url, HEAD .. "for _ = 1, 20 do db:query 'select 1' end")) do
      local line = traced.cut(text)
      assert.is_true(line.time >= (last[line.thread] or 0), text)
      last[line.thread] = line.time
    end
  end)

  it("is a setting of one pool, too", function()
    local lines = traced.run("", url, [[
      local mp = require "moonpool"
      local silent, loud = mp.connect(arg[1]), mp.connect { url = arg[1], trace = "pool" }
      silent:query "select 1"
      loud:query "select 2"
    ]])
    assert.matches(" pool opened c1 ", table.concat(lines, "\n"))
    assert.is_nil(table.concat(lines, "\n"):find("c2", 1, true))
  end)

  describe("pool", function()
    it("tells of the first connection, of borrowing and of giving back", function()
      assert.are.same({
        "wait t1 in_front=0",
        "open c1",
        "opened c1 pid=N",
        "grant c1 t1 waited=N",
        "return c1 t1 held=N",
        "checkout c1 t1",
        "return c1 t1 held=N",
        "close c1 why=closed",
      }, run("pool", url, "db:query 'select 1' db:query 'select 2' db:close()"))
    end)

    it("tells what a connection needs before its next loan", function()
      local list = run("pool", url, [[
        db:exec "set lock_timeout = '1s'"
        until_true(function() return db:stats().idle == 1 end)
        pcall(db.script, db, "begin")
        until_true(function() return db:stats().idle == 1 end)
      ]])
      find(list, "^reset c1$")
      find(run("pool", url, [[
        pcall(function()
          local connection <close> = require("moonpool.core").acquire(db)
          local tx = require("moonpool.core").begin(connection, {})
          tx:query "select 1"
        end)
        until_true(function() return db:stats().idle == 1 end)
      ]]), "^rollback c1$")
    end)

    it("tells who waits behind how many, and who gives up", function()
      local list = run("pool", url, [[
        local short = mp.connect { url = arg[1], max_size = 1, checkout_timeout = 0.2 }
        short:query "select 0" -- so that the first task need not wait
        mp.all {
          function() short:checkout(function() mp.sleep(0.5) end) end,
          function() pcall(short.query, short, "select 1") end,
          function() pcall(short.query, short, "select 2") end,
        }
      ]])
      find(list, "^wait t3 in_front=0$")
      find(list, "^wait t4 in_front=1$")
      find(list, "^timeout t3 waited=N$")
      find(list, "^timeout t4 waited=N$")
    end)

    it("tells why a connection is closed", function()
      local list = run("pool", url, [[
        local old = mp.connect { url = arg[1], idle_timeout = 0.01 }
        old:query "select 1"
        until_true(function() return old:stats().open == 0 end)
        local short = mp.connect { url = arg[1], max_lifetime = 0.01 }
        short:query "select pg_sleep(0.05)"
        until_true(function() return short:stats().open == 0 end)
        pcall(db.query, db, "select pg_terminate_backend(pg_backend_pid())")
        until_true(function() return db:stats().open == 0 end)
      ]])
      find(list, "^close c%d why=idle$")
      find(list, "^close c%d why=lifetime$")
      find(list, "^close c%d why=broken$")
    end)

    it("tells why no connection could be made, and whose wait that ends", function()
      local list = run("pool", cluster.url_of "is_missing", "pcall(db.query, db, 'select 1')")
      find(list, '^close c1 why=connect error=".* database "is_missing" does not exist"$')
      find(list, '^fail t1 error=".* database "is_missing" does not exist"$')
    end)
  end)

  describe("task", function()
    it("tells of starts, waits, resumptions and ends", function()
      assert.are.same({
        "start t2 parent=t1 at=SCRIPT:8",
        "start t3 parent=t1 at=SCRIPT:8",
        "run t2",
        "wait t2 for=connection",
        "run t3",
        "start t4 parent=t3 at=SCRIPT:10",
        "wait t3 for=tasks",
        "run t4",
        "wait t4 for=sleep",
        "resume t2",
        "wait t2 for=answer",
        "resume t2",
        "end t2 done",
        "resume t4",
        "end t4 done",
        "resume t3",
        "end t3 done",
      }, (function()
        local list = run("task", url, [[
          mp.all {
            function() db:query "select 1" end,
            function() mp.all { function() mp.sleep(0.2) end } end,
          }
        ]])
        for i, text in ipairs(list) do
          list[i] = text:gsub("at=%S+:", "at=SCRIPT:")
        end
        return list
      end)())
    end)

    it("tells who is cancelled", function()
      local list = run("task", url, [[
        pcall(mp.all, {
          function() mp.sleep(10) end,
          function() error "no" end,
        })
      ]])
      assert.are.same({ "run t2", "wait t2 for=sleep", "run t3", "end t3 failed", "cancel t2", "resume t2",
        "end t2 failed" }, { table.unpack(list, 3) })
    end)
  end)

  describe("wire", function()
    it("squeezes the text of a statement", function()
      local list = run("wire", url, [=[
        db:exec([[
          select  1 -- a comment
            as "a name", 'a literal', $tag$ another $tag$, E'\'third'
        ]])
        db:query("select '" .. ("x"):rep(5000) .. "'")
        db:exec("select 1 as a" .. ("é"):rep(31) .. ", 'x'")
      ]=])
      find(list, [[ sql="select 1 as "a name", '%.%.%.', '%.%.%.', '%.%.%.'"$]])
      find(list, [[ sql="select%.%.%."$]])
      find(list, ' sql="select 1 as a' .. ("é"):rep(29) .. '%.%.%."$')
      for _, text in ipairs(list) do
        assert.is_truthy(utf8.len(text), text)
      end
    end)

    it("takes no line of a statement for a message", function()
      local list = run("wire", url, [[
        db:script("select 1, '\nF\t5\tFlush\nB\t5\tFlush'")
        db:exec("select 2, '\nF\t5\tFlush'")
      ]])
      assert.is_nil(table.concat(list, "\n"):find("Flush", 1, true))
      find(list, "^recv c1 r2 CommandComplete ")
      find(list, "^send c1 r4 Bind ")
    end)

    it("counts rows instead of telling of each", function()
      local list = run("wire", url, "db:query 'select generate_series(1, 500)'")
      find(list, "^recv c1 r2 DataRow %d+ rows=500$")
      find(list, '^recv c1 r2 CommandComplete %d+ tag="SELECT 500"$')
    end)
  end)
end)

describe("no line of a trace", function()
  local server

  --- A role whose password is asked for, in a server of its own.
  lazy_setup(function()
    server = cluster.own_server { throw_away = true }
    local place = require("moonpool.core").local_status(server.options)
    local path = place.data .. "/pg_hba.conf"
    local file <close> = assert(io.open(path))
    local rules = file:read("a")
    local out <close> = assert(io.open(path, "w"))
    assert(out:write("local all marked scram-sha-256\nlocal all plain password\n", rules))
    out:close()
    local admin <close> = require("moonpool").connect(server.url)
    admin:script [[
      create role marked login password 'marker-password';
      create role plain login password 'marker-password';
      select pg_reload_conf();
    ]]
  end)

  lazy_teardown(function()
    server.stop()
  end)

  it("holds a password, a parameter, a value or a literal", function()
    for _, role in ipairs { "marked", "plain" } do
      local url = server.url:gsub("user=%w+", "user=" .. role) .. "&password=marker-password"
      local lines, code = traced.run("pool,wire,task", url, HEAD .. [[
        mp.all { function()
          for _ = 1, 3 do
            assert(db:value("select $1::text || current_setting('port')", "marker-parameter"):find "marker")
            db:query("select $1::bytea, $2::jsonb", mp.bytes "marker-bytes", mp.json { "marker-json" })
          end
        end }
        pcall(db.query, db, "select $1::int", "marker-wrong")
        pcall(db.query, db, "alter role plain password 'marker-literal'")
        pcall(db.script, db, "select 1; select 'marker-literal\nF\t5\tQuery', $$marker-literal$$, U&'marker-literal'")
        pcall(db.query, db, "do $$ begin raise 'marker-raised'; end $$")
        db:transaction(function(tx)
          tx:script "create temp table t (a text primary key)"
          for _ = 1, 2 do
            pcall(function()
              tx:transaction(function(inner) inner:exec("insert into t values ($1)", "marker-key") end)
            end)
          end
        end)
        db:with { timeout = 0.05 }:query("select pg_sleep($1::text::float)", "0.0")
      ]])
      local text = table.concat(lines, "\n")
      assert.are.equal(0, code, text)
      assert.matches(" wire send c1 r2 Proof ", text, 1, true)
      assert.matches("sqlstate=23505", text, 1, true)
      assert.is_nil(text:find("marker", 1, true), text)
    end
  end)
end)
