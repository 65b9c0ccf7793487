--- What the commonest calls send and receive, compared with files that are kept: one more round trip, or one message
--- more, is a difference to look at. spec/bindings/wire/<case>.txt is what the wire trace tells of a script, without
--- times, and with the sizes only of messages that are the same everywhere.
---
--- MOONPOOL_RENEW=1 build/release/moonpool $(which busted) spec/bindings/wire_spec.lua writes the files anew, to be
--- looked at with git diff.

local cluster = require "spec.support.cluster"
local traced = require "spec.support.traced"

local FOLDER = "spec/bindings/wire/"

--- `mark` begins a section; `settle` waits until the pool has cleaned what came back to it.
local HEAD = [[
local mp = require "moonpool"
local db = mp.connect { url = arg[1], max_size = 1 }
local function mark(title)
  io.stderr:write("== ", title, "\n")
end
local function settle()
  while db:stats().idle == 0 do
    mp.sleep(0.001)
  end
end
]]

local CASES = {
  each = [[
    for _ in db:each("select $1::int as n", 1) do end
    mark "a loop of three rows in batches of two"
    for _ in db:with { batch = 2 }:each("select n from generate_series(1, $1::int) as n", 3) do end
    mark "one that is left"
    for _ in db:with { batch = 2 }:each("select n from generate_series(1, $1::int) as n", 3) do break end
    mark "one in a transaction"
    db:transaction(function(tx)
      for _ in tx:each("select n from generate_series(1, $1::int) as n", 3) do end
    end)
  ]],

  connect = [[
    mark "mp.connect and the first statement"
    db:value "select 1"
  ]],

  query = [[
    db:value "select 1"
    for _, time in ipairs { "first", "second", "third" } do
      mark("query, the " .. time .. " time")
      db:query "select n from generate_series(1, 3) as n"
    end
  ]],

  parameters = [[
    db:value "select 1"
    for _, time in ipairs { "first", "second", "third" } do
      mark("query with parameters, the " .. time .. " time")
      db:query("select $1::int + $2 as sum", 1, 2)
    end
  ]],

  one_value = [[
    db:value "select 1"
    mark "one"
    db:one "select 1 as a, 2 as b"
    mark "value"
    db:value "select 3"
    mark "first, without a row"
    db:first "select 4 where false"
  ]],

  exec = [[
    db:script "create table if not exists wire_exec (a int)"
    settle()
    mark "exec"
    db:exec "insert into wire_exec values (1), (2)"
    mark "exec with a parameter"
    db:exec("delete from wire_exec where a = $1", 1)
  ]],

  transaction = [[
    db:value "select 1"
    mark "a transaction of two statements"
    db:transaction(function(tx)
      tx:value "select 1"
      tx:value "select 2"
    end)
    settle()
    mark "a transaction without statements"
    db:transaction(function() end)
  ]],

  rollback = [[
    db:value "select 1"
    mark "a transaction that is rolled back"
    pcall(db.transaction, db, function(tx)
      tx:value "select 1"
      error "no"
    end)
  ]],

  savepoint = [[
    db:value "select 1"
    mark "a savepoint that is kept"
    db:transaction(function(tx)
      tx:transaction(function(inner)
        inner:value "select 1"
      end)
    end)
    settle()
    mark "a savepoint that is rolled back"
    db:transaction(function(tx)
      pcall(tx.transaction, tx, function(inner)
        inner:value "select 2"
        error "no"
      end)
    end)
  ]],

  script = [[
    db:value "select 1"
    mark "script"
    db:script "select 1; select 2"
    settle()
  ]],

  error = [[
    db:value "select 1"
    mark "a statement with an error"
    pcall(db.query, db, "select 1 / 0")
    mark "the next one"
    db:value "select 2"
  ]],

  reset = [[
    db:value "select 1"
    mark "a statement that leaves something behind"
    db:exec "set lock_timeout = '1s'"
    settle()
    mark "a connection given back inside of a transaction"
    db:checkout(function(connection)
      connection:script "begin; set lock_timeout = '1s'"
    end)
    settle()
    mark "the next one"
    db:value "select 2"
  ]],

  no_pipeline = [[
    local db <close> = mp.connect { url = arg[1], max_size = 1, pipeline = false }
    db:value "select 1"
    mark "without pipelines, a savepoint in a transaction, with a parameter"
    db:transaction(function(tx)
      tx:transaction(function(inner)
        inner:value("select $1::int", 1)
      end)
    end)
  ]],

  checkout = [[
    db:value "select 1"
    mark "checkout of a connection for two statements"
    db:checkout(function(connection)
      connection:value "select 1"
      connection:value "select 2"
    end)
    settle()
  ]],
}

--- Differ from server to server, from one name of a database to another, or with numbers of processes.
local OF_ANY_SIZE = { Startup = true, BackendKeyData = true, ErrorResponse = true, DataRow = true }

--- One line of the file, or nil for what differs from server to server.
local function shown(message)
  local kind, size, rest = message:match("^(%a+) (%d+)(.*)$")
  if kind == "ParameterStatus" or kind == "Terminate" then
    return nil
  end
  return kind .. (OF_ANY_SIZE[kind] and "" or " " .. size) .. rest
end

--- The sections of a trace. A round trip belongs to the section in which it begins, whatever thread reads its end.
local function tell(lines)
  local sections, sections_of, section = {}, {}, nil
  local function add_section(title)
    section = { "== " .. title }
    sections[#sections + 1] = section
  end
  local function add(message, direction, trip)
    local text = shown(message)
    if not text then
      return
    end
    if not sections_of[trip] then
      sections_of[trip] = section
      section[#section + 1] = "round trip"
    end
    local home = sections_of[trip]
    home[#home + 1] = ("  %s %s"):format(direction == "send" and "->" or "<-", text)
  end
  add_section "before"
  for _, line in ipairs(lines) do
    local title, cut = line:match("^== (.*)$"), traced.cut(line)
    if title then
      add_section(title)
    elseif cut then
      local trip, message = cut.about:match("^c1 r(%d+) (.*)$")
      add(message, cut.event, trip)
    else
      error("the script said: " .. table.concat(lines, "\n"))
    end
  end
  table.remove(sections, 1)
  for i, each in ipairs(sections) do
    sections[i] = table.concat(each, "\n")
  end
  return table.concat(sections, "\n\n") .. "\n"
end

local function read_file(path)
  local file = io.open(path)
  return file and file:read("a"), file and file:close()
end

local function write_file(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

local function difference(path, text)
  local actual = os.tmpname()
  write_file(actual, text)
  local command = "diff -u -L 'what is kept' -L 'what happened' %s %s 2>&1"
  local pipe <close> = assert(io.popen(command:format(path, actual)))
  local output = pipe:read("a")
  os.remove(actual)
  return output
end

describe("on the wire", function()
  local url

  lazy_setup(function()
    url = cluster.database()
  end)

  for name, script in pairs(CASES) do
    it(name .. " sends and receives what it should", function()
      local text = tell((traced.run("wire", url, HEAD .. script)))
      local path = FOLDER .. name .. ".txt"
      if os.getenv("MOONPOOL_RENEW") then
        write_file(path, text)
      end
      assert(read_file(path) == text, difference(path, text))
    end)
  end

  it("has a file for each case, and no other", function()
    local pipe <close> = assert(io.popen("ls " .. FOLDER))
    for file in pipe:lines() do
      assert(CASES[file:match("^(.*)%.txt$")], "no case makes " .. FOLDER .. file)
    end
  end)
end)
