--- What the facts mean for a script, and how to mend it. Nothing here asks the server anything.

---@class moonpool.doctor.Finding
---@field level "problem"|"warning"|"note" something fails; something may go wrong; good to know
---@field about string what it is about, in a word, for programs
---@field what string
---@field mend string

local M = {}

local MOST_DIFFERENCE = 1 -- seconds between the clocks

---@param findings moonpool.doctor.Finding[]
---@param level string
---@param about string
---@param what string
---@param mend string
local function add(findings, level, about, what, mend)
  findings[#findings + 1] = { level = level, about = about, what = what, mend = mend }
end

-- By SQLSTATE; else by the error's own hint.
local CONNECT_MENDS = {
  ["28P01"] = "give the right password: PGPASSWORD, ~/.pgpass, or DATABASE_URL",
  ["28000"] = "let the server's pg_hba.conf admit this user from this address",
  ["3D000"] = "create the database, or name another one",
  ["53300"] = "close other connections, raise the server's max_connections, or put a pooler in front of it",
  ["57P03"] = "wait until the server has started",
}

--- What is wrong in the settings was found before anything was sent.
local function judge_error(findings, facts)
  local err = facts.error
  local text = err.message .. (err.detail and "\n" .. err.detail or "")
  if err.kind == "usage" then
    add(findings, "problem", "settings", text, err.hint or "correct the setting")
  else
    local mend = CONNECT_MENDS[err.sqlstate] or err.hint or "start the server, or correct host, port and network"
    add(findings, "problem", "connection", text, mend)
  end
end

local function judge_proxy(findings, facts)
  local proxy, pool = facts.proxy, facts.pool
  if proxy.refuses_options and pool.prepare ~= "never" then
    add(findings, "problem", "prepare", "no connection can be made: the pooler takes no startup options",
      "set MOONPOOL_PREPARE=never (or prepare = \"never\")")
  elseif proxy.pooling == "transaction" and pool.prepare ~= "never" then
    add(findings, "problem", "prepare",
      "the pooler gives each transaction another session, where prepared statements are missing",
      "set MOONPOOL_PREPARE=never (or prepare = \"never\")")
  end
  if proxy.stalls and pool.pipeline then
    add(findings, "problem", "pipeline", "the pooler does not answer to several messages at once",
      "set MOONPOOL_PIPELINE=false (or pipeline = false)")
  end
  if proxy.pooling == "transaction" then
    add(findings, "note", "pooling",
      "what a session keeps (set, listen, temporary tables, advisory locks) is lost after each transaction",
      "keep it within a transaction, or connect to the server itself")
  end
  if not proxy.is_there and pool.prepare == "never" then
    add(findings, "note", "prepare", "prepare is \"never\", but there is no pooler: statements could be faster",
      "leave MOONPOOL_PREPARE unset")
  end
  if not proxy.stalls and not pool.pipeline then
    add(findings, "note", "pipeline", "pipeline is off, but nothing stalls: statements take more round trips",
      "leave MOONPOOL_PIPELINE unset")
  end
end

local VERIFY = "set sslmode=verify-full and sslrootcert=<the authority's certificate>"

local function judge_tls(findings, facts)
  local session = facts.session
  if session.is_local then
    return
  end
  if not session.tls then
    add(findings, "warning", "tls", ("the traffic to %s is not encrypted"):format(session.host),
      VERIFY .. "; the server needs ssl = on")
  elseif facts.sslmode ~= "verify-full" then
    add(findings, "warning", "tls", ("the traffic is encrypted (%s), but nobody checks that it is with %s")
      :format(session.tls, session.host), VERIFY)
  end
end

local function judge_clock(findings, facts)
  local clock = facts.clock
  if math.abs(clock.difference) - clock.uncertainty <= MOST_DIFFERENCE then
    return
  end
  add(findings, "warning", "clock", ("the server's clock is %.1f s %s of ours"):format(math.abs(clock.difference),
    clock.difference > 0 and "ahead" or "behind"), "synchronise both (chrony, systemd-timesyncd)")
end

--- How many connections this role may have, and what says so.
---@return integer
---@return string
local function room_for(server)
  local settings = server.settings
  local reserved = server.is_superuser and 0
    or tonumber(settings.superuser_reserved_connections) + (tonumber(settings.reserved_connections) or 0)
  local room, by = tonumber(settings.max_connections) - reserved, "the server's max_connections"
  if server.role_limit >= 0 and server.role_limit < room and not server.is_superuser then
    room, by = server.role_limit, "the connection limit of role " .. server.user
  end
  if server.database_limit >= 0 and server.database_limit < room and not server.is_superuser then
    room, by = server.database_limit, "the connection limit of the database"
  end
  return math.tointeger(room), by
end

local function judge_limits(findings, facts)
  if facts.proxy.is_there then
    return -- its own limits count, and it does not tell them
  end
  local room, by = room_for(facts.server)
  local max_size = facts.pool.max_size
  if max_size > room then
    add(findings, "warning", "max_size",
      ("one pool may open %d connections, but %s allows %d"):format(max_size, by, room),
      ("set MOONPOOL_MAX_SIZE=%d or less, or raise the limit"):format(math.max(room, 1)))
  elseif max_size > room / 2 then
    add(findings, "note", "max_size",
      ("one pool may open %d of the %d connections that %s allows"):format(max_size, room, by),
      "lower MOONPOOL_MAX_SIZE, or raise the limit, before a second process needs as many")
  end
end

local function judge_encoding(findings, facts)
  local encoding = facts.server.encoding
  if encoding == "SQL_ASCII" then
    add(findings, "warning", "encoding", "the database is SQL_ASCII: it takes any bytes for text, and so do scripts",
      "make a new database with encoding UTF8 and move the data")
  elseif encoding ~= "UTF8" then
    add(findings, "note", "encoding", ("the database is %s: other characters cannot be stored"):format(encoding),
      "make a new database with encoding UTF8 and move the data")
  end
end

local function judge_role(findings, facts)
  local server = facts.server
  if server.is_superuser and not server.is_private then
    add(findings, "warning", "superuser",
      ("the role %s is a superuser: a mistake in a script can reach everything"):format(server.user),
      "use a role that has only the rights it needs")
  end
  if server.is_standby then
    add(findings, "note", "standby", "the server is a standby: nothing can be written",
      "set target_session_attrs=read-write, and name all hosts")
  elseif server.settings.default_transaction_read_only == "on" then
    add(findings, "warning", "read_only", "default_transaction_read_only is on: nothing can be written",
      "alter role " .. server.user .. " reset default_transaction_read_only, or the same for the database")
  end
end

local function judge_durability(findings, facts)
  local settings = facts.server.settings
  for _, name in ipairs { "fsync", "full_page_writes" } do
    if settings[name] == "off" then
      add(findings, "warning", name, name .. " is off: a power failure can destroy the whole database",
        "alter system set " .. name .. " = on; select pg_reload_conf();")
    end
  end
  if settings.synchronous_commit == "off" then
    add(findings, "note", "synchronous_commit",
      "synchronous_commit is off: the last commits are lost when the server crashes",
      "set synchronous_commit = on where that matters")
  end
  if settings.track_commit_timestamp == "off" then
    add(findings, "note", "track_commit_timestamp",
      "track_commit_timestamp is off: after a crash nobody can tell whether a commit without an answer was done",
      "alter system set track_commit_timestamp = on, and restart the server")
  end
end

local function judge_timeouts(findings, facts)
  local settings, user = facts.server.settings, facts.server.user
  if facts.server.is_private then
    return
  end
  if settings.idle_in_transaction_session_timeout == "0" then
    add(findings, "note", "idle_in_transaction_session_timeout",
      "a script that hangs inside of a transaction keeps its locks for ever",
      ("alter role %s set idle_in_transaction_session_timeout = '5min'"):format(user))
  end
  if settings.statement_timeout == "0" and facts.pool.statement_timeout == 0 then
    add(findings, "note", "statement_timeout", "a statement may run for ever",
      "set MOONPOOL_STATEMENT_TIMEOUT=30s, or db:with { timeout = 30 } where it matters")
  end
end

local JUDGES = { judge_proxy, judge_tls, judge_clock, judge_limits, judge_encoding, judge_role, judge_durability,
  judge_timeouts }
local RANK = { problem = 1, warning = 2, note = 3 }

--- All findings, the worst first.
---@param facts moonpool.doctor.Facts
---@return moonpool.doctor.Finding[]
function M.judge(facts)
  local findings = {}
  if facts.error then
    judge_error(findings, facts)
  else
    for _, judge in ipairs(JUDGES) do
      judge(findings, facts)
    end
  end
  for i, finding in ipairs(findings) do
    finding.order = RANK[finding.level] * 100 + i
  end
  table.sort(findings, function(a, b) return a.order < b.order end)
  for _, finding in ipairs(findings) do
    finding.order = nil
  end
  return findings
end

--- What `prepare` and `pipeline` should be.
---@param facts moonpool.doctor.Facts
---@return { prepare: string, pipeline: boolean }
function M.recommend(facts)
  local proxy = facts.proxy
  local never = proxy.refuses_options or proxy.pooling == "transaction"
  return { prepare = never and "never" or "auto", pipeline = not proxy.stalls }
end

return M
