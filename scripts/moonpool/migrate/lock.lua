--- One runner of migrations at a time in a database. The lock is polled: who waits inside of pg_advisory_lock holds a
--- snapshot, and `create index concurrently` of the other runner would wait for that for ever.

local mp = require "moonpool"

local M = {}

local KEY = "hashtextextended('moonpool migrate', 0)"

local PAUSE = 0.1 -- seconds between two tries

local PATIENCE = 600 -- seconds

--- The server process that holds the lock.
local HOLDER = ([[
select pid from pg_locks
where locktype = 'advisory' and granted and objsubid = 1
  and database = (select oid from pg_database where datname = current_database())
  and (classid::bigint << 32 | objid::bigint) = %s
]]):format(KEY)

---@param conn table
---@return boolean
local function try(conn)
  return conn:value(("select pg_try_advisory_lock(%s)"):format(KEY))
end

---@param conn table
---@param say fun(line: string)
local function take(conn, say)
  if try(conn) then return end
  local holder = conn:first(HOLDER)
  say(("waiting for another migration to end (server process %s)"):format(holder and holder.pid or "unknown"))
  for _ = 1, PATIENCE / PAUSE do
    mp.sleep(PAUSE)
    if try(conn) then return end
  end
  error(mp.error {
    kind = "timeout",
    message = ("another migration has been running for %d seconds"):format(PATIENCE),
    hint = "see what it does: select * from pg_stat_activity where pid in (select pid from pg_locks "
      .. "where locktype = 'advisory')",
  })
end

--- Calls `fn` under the lock and releases it whatever happens. A connection that is lost has lost the lock too.
---@param conn table
---@param say fun(line: string)
---@param fn fun(): any
---@return any result of fn
function M.hold(conn, say, fn)
  take(conn, say)
  local results = table.pack(pcall(fn))
  local is_released, err = pcall(conn.query, conn, ("select pg_advisory_unlock(%s)"):format(KEY))
  if not results[1] then error(results[2], 0) end
  if not is_released then error(err, 0) end
  return table.unpack(results, 2, results.n)
end

return M
