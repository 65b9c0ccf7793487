--- `moonpool psql`: psql on the database that `mp.connect()` would use.

local core = require "moonpool.core"

local M = {
  summary = "open psql on the database that scripts would use",
  usage = [==[
usage: moonpool psql [psql's own options]

Starts psql on DATABASE_URL, on what libpq's variables name, or on the project's private PostgreSQL.
]==],
}

local SERVER_VARIABLES = { "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE" }

local function has_server_variable()
  for _, name in ipairs(SERVER_VARIABLES) do
    if (os.getenv(name) or "") ~= "" then
      return true
    end
  end
  return false
end

--- The arguments that lead psql to the database; none when libpq's own variables do.
local function target()
  local url = os.getenv("DATABASE_URL")
  if url and url ~= "" then
    return { "--dbname=" .. url }
  end
  return has_server_variable() and {} or { "--dbname=" .. core.local_start().url }
end

---@param arguments string[]
---@return integer exit_code
function M.run(arguments)
  local ok, list = pcall(target)
  if not ok then
    io.stderr:write("moonpool psql: ", tostring(list), "\n")
    return 1
  end
  table.move(arguments, 1, #arguments, #list + 1, list)
  local _, why = core.exec("psql", list)
  io.stderr:write("moonpool psql: ", why, "\nhint: install postgresql-client\n")
  return 127
end

return M
