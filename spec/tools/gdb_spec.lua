--- The pretty printers of tools/gdb, in a gdb that runs a script. They need a build with debug information, which the
--- one with sanitizers has.

local cluster = require "spec.support.cluster"

local BUILD = os.getenv("MOONPOOL_BUILD") or "build/release"

local function capture(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read("a")
end

local function reason_to_skip()
  if not os.execute("command -v gdb >/dev/null") then
    return "gdb is not installed"
  end
  if not os.execute(("readelf -S %s/moonpool.so 2>/dev/null | grep -q debug_info"):format(BUILD)) then
    return BUILD .. " has no debug information"
  end
  if capture("gdb -nx -batch -ex run /bin/true 2>&1"):find("ptrace:", 1, true) then
    return "gdb may not run programs here"
  end
end

local SCRIPT = [[
local mp = require "moonpool"
local db = mp.connect { url = arg[1], max_size = 1 }
mp.all {
  function() db:query "select 1 as a, 'x'::text as b" end,
  function() db:query "set lock_timeout = 1" end,
  function() db:query "select 3 as c" end,
}
]]

--- Runs the script in gdb, with commands, and returns what both print.
local function debug(commands)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(SCRIPT))
  file:close()
  local parts = { "ASAN_OPTIONS=detect_leaks=0 gdb -nx -batch -x tools/gdb/moonpool_gdb.py",
    "-ex 'set breakpoint pending on'" }
  for _, command in ipairs(commands) do
    parts[#parts + 1] = ("-ex '%s'"):format(command)
  end
  parts[#parts + 1] = ("--args %s/moonpool %s '%s' 2>&1"):format(BUILD, path, cluster.url())
  local output = capture(table.concat(parts, " "))
  os.remove(path)
  return (output:gsub(path:gsub("%p", "%%%0"), "SCRIPT"))
end

describe("gdb", function()
  it("prints a pool with its connections and those who wait, and a result", function()
    local reason = reason_to_skip()
    if reason then
      return pending(reason)
    end
    local output = debug { "break mpb_push_rows", "run", "print *result", "up", "print *call->pool", "delete",
      "break put_back", "continue", "print *slot" }
    assert.matches("= result of 1 row: integer, text\n", output, 1, true)
    assert.matches("= pool of at most 1: 1 lent, 1 waiting = {lent[0] = lent to task 3 at SCRIPT:5 = {"
      .. "connection = connection, idle, 1 statement kept: select 1 as a, 'x'::text as b}, "
      .. "waiting[0] = checkout of task 4 at SCRIPT:6, waiting}\n", output, 1, true)
    assert.matches("= lent to task 3 at SCRIPT:5 = {connection = connection, busy (needs_reset), 1 statement kept: "
      .. "DISCARD ALL}\n", output, 1, true)
  end)
end)
