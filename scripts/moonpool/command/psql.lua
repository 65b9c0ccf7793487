--- `moonpool psql`: psql on the database that `mp.connect()` would use.

local core = require "moonpool.core"

local M = {
  summary = "open psql on the database that scripts would use",
  usage = [==[
usage: moonpool psql [psql's own options]

Starts psql on DATABASE_URL, on what libpq's variables name, or on the project's private PostgreSQL.
]==],
}

--- Where to goes through the environment, since everybody can read the arguments of a process, passwords and all.
---@param arguments string[]
---@return integer exit_code
function M.run(arguments)
  local ok, variables = pcall(core.libpq_variables)
  if not ok then
    io.stderr:write("moonpool psql: ", tostring(variables), "\n")
    return 1
  end
  local _, why = core.exec("psql", arguments, variables)
  io.stderr:write("moonpool psql: ", why, "\nhint: install postgresql-client\n")
  return 127
end

return M
