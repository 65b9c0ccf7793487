--- `moonpool local status|url|stop`: the project's private PostgreSQL.

local core = require "moonpool.core"

local M = {
  summary = "look at the private PostgreSQL, or stop it",
  usage = [==[
usage: moonpool local status|url|start|stop

  status   where the server is and whether it runs (exit code 3 when it does not)
  url      print its URL, and start it if need be
  start    start it, and make it first if there is none
  stop     stop it

The server belongs to the project: the nearest folder upward that holds .moonpool/ or migrations/. Outside of any
project it is the user's own.
]==],
}

local function state_of(place)
  if place.pid then
    return "running (process " .. place.pid .. ")"
  end
  return place.version == 0 and "not made yet" or "stopped"
end

local function show_status(place)
  local lines = {
    { "state", state_of(place) },
    { "version", place.version > 0 and "PostgreSQL " .. place.version or nil },
    { "url", place.url },
    { "data", place.data },
    { "log", place.log },
  }
  for _, line in ipairs(lines) do
    if line[2] then
      print(("%-8s %s"):format(line[1], line[2]))
    end
  end
  return place.pid and 0 or 3
end

local VERBS = {
  status = function()
    return show_status(core.local_status())
  end,
  url = function()
    print(core.local_start().url)
    return 0
  end,
  start = function()
    core.local_start()
    return 0
  end,
  stop = function()
    core.local_stop()
    return 0
  end,
}

---@param arguments string[]
---@return integer exit_code
function M.run(arguments)
  local verb = VERBS[arguments[1]]
  if not verb or #arguments ~= 1 then
    io.stderr:write(M.usage)
    return 2
  end
  local ok, result = pcall(verb)
  if not ok then
    io.stderr:write("moonpool local: ", tostring(result), "\n")
    return 1
  end
  return result
end

return M
