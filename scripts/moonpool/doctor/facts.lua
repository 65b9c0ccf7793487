--- What `moonpool doctor` looks at: how the server was found, the session, the server's settings, the clock. It changes
--- nothing, and keeps no password: what it gathers can be shown to anybody.

local core = require "moonpool.core"
local mp = require "moonpool"
local proxy = require "moonpool.doctor.proxy"

---@class moonpool.doctor.Facts
---@field versions table<string, string>
---@field found_by string[] where the settings that name the server came from; empty: libpq's own defaults
---@field sslmode? string as it is set
---@field pool { max_size: integer, prepare: string, pipeline: boolean, statement_timeout: number }
---@field error? { kind: string, sqlstate?: string, message: string, detail?: string, hint?: string } no connection
---@field session? moonpool.doctor.Session
---@field server? moonpool.doctor.Server
---@field proxy? moonpool.doctor.Proxy
---@field clock? { difference: number, uncertainty: number } seconds; positive: the server is ahead

---@class moonpool.doctor.Session
---@field host string
---@field port string
---@field is_socket boolean
---@field is_local boolean a socket, or this machine's own address
---@field user string
---@field database string
---@field pid integer as the client was told
---@field tls? string the protocol's version
---@field cipher? string
---@field client_encoding string

---@class moonpool.doctor.Server
---@field version string
---@field encoding string
---@field pid integer as the server says
---@field user string who the server thinks we are
---@field is_superuser boolean
---@field is_standby boolean
---@field is_private boolean the project's own
---@field settings table<string, string>
---@field used integer connections, ours included
---@field role_limit integer -1: none
---@field database_limit integer -1: none

local M = {}

local NAMES_SERVER = { "host", "hostaddr", "port", "dbname", "user", "service" }
local PRIVATE = "the private server"
local STATEMENT_TIMEOUT = 10 -- seconds

---@param settings table<string, { value?: string, origin?: string }>
---@return string[]
local function origins_of(settings)
  local origins, seen = {}, {}
  for _, name in ipairs(NAMES_SERVER) do
    local origin = settings[name] and settings[name].origin
    if origin and not seen[origin] then
      seen[origin] = true
      origins[#origins + 1] = origin
    end
  end
  return origins
end

--- Opens a pool like the one that a script would get, but a small one.
---@param url? string
---@param more? table
---@return moonpool.Database
local function open(url, more)
  local options = { url = url, max_size = 2, min_idle = 0, statement_timeout = STATEMENT_TIMEOUT }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return mp.connect(options)
end

--- Calls fn with a pool, which is closed in the end.
---@param url? string
---@param more? table
---@param fn fun(db: moonpool.Database): any
---@return boolean ok
---@return any result or error
local function with_pool(url, more, fn)
  return pcall(function()
    local db <close> = open(url, more)
    return fn(db)
  end)
end

local function is_local(session)
  local host = session.hostaddr ~= "" and session.hostaddr or session.host
  return host:find("^[/@]") ~= nil or host == "" or host == "localhost" or host == "::1" or host:find("^127%.") ~= nil
end

---@param connection moonpool.Database
---@return moonpool.doctor.Session
local function look_at_session(connection)
  local told = core.session(connection)
  return {
    host = told.host, port = told.port, is_socket = told.host:find("^[/@]") ~= nil, is_local = is_local(told),
    user = told.user, database = told.dbname, pid = told.pid, tls = told.tls, cipher = told.cipher,
    client_encoding = told.client_encoding,
  }
end

local SERVER = [[
select version(), pg_backend_pid() as pid, current_user as "user", pg_is_in_recovery() as is_standby,
  current_setting('server_encoding') as encoding,
  current_setting('is_superuser') = 'on' as is_superuser,
  (select rolconnlimit from pg_roles where rolname = current_user) as role_limit,
  (select datconnlimit from pg_database where datname = current_database()) as database_limit,
  (select sum(numbackends)::int from pg_stat_database) as used]]

local SETTINGS = [[
select name, setting
from pg_settings
where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'idle_in_transaction_session_timeout',
  'statement_timeout', 'track_commit_timestamp', 'max_connections', 'superuser_reserved_connections',
  'reserved_connections', 'default_transaction_read_only')]]

---@param connection moonpool.Database
---@param is_private boolean
---@return moonpool.doctor.Server
local function look_at_server(connection, is_private)
  local server = connection:one(SERVER)
  server.is_private = is_private
  server.settings = {}
  for _, row in ipairs(connection:query(SETTINGS)) do
    server.settings[row.name] = row.setting
  end
  return server
end

local SAMPLES = 5

--- The server's clock against ours: the answer that came fastest tells most. Each text is new, so that nothing is
--- prepared, which takes several messages in one flush: a pooler that stalls on these is found later.
---@param connection moonpool.Database
local function compare_clocks(connection)
  local best
  for i = 1, SAMPLES do
    local before = mp.timestamp.now():unix_microseconds()
    local server = connection:value("select clock_timestamp() -- " .. i):unix_microseconds()
    local after = mp.timestamp.now():unix_microseconds()
    local sample = { difference = server - (before + after) / 2, uncertainty = (after - before) / 2 }
    if not best or sample.uncertainty < best.uncertainty then
      best = sample
    end
  end
  return { difference = best.difference / 1e6, uncertainty = best.uncertainty / 1e6 }
end

---@param err any
local function describe_error(err)
  if not mp.is_error(err) then
    error(err, 0)
  end
  return { kind = err.kind, sqlstate = err.sqlstate, message = err.message, detail = err.detail, hint = err.hint }
end

---@param facts moonpool.doctor.Facts
---@param is_private boolean
local function look_at_all(facts, is_private)
  return function(db)
    db:checkout(function(connection)
      facts.session = look_at_session(connection)
      facts.server = look_at_server(connection, is_private)
      facts.clock = compare_clocks(connection)
    end)
  end
end

--- Looks at everything. A connection that fails is a fact; so is a setting that is wrong.
---@param url? string
---@return moonpool.doctor.Facts
function M.gather(url)
  local facts = { versions = core.versions(), found_by = {} }
  local ok, settings, pool = pcall(core.settings, url)
  if not ok then
    facts.error = describe_error(settings)
    return facts
  end
  facts.pool = pool
  facts.found_by = url and { "--database-url" } or origins_of(settings)
  facts.sslmode = settings.sslmode and settings.sslmode.value
  local look = look_at_all(facts, facts.found_by[1] == PRIVATE)
  local done, err = with_pool(url, nil, look)
  local more = nil
  if not done and proxy.refuses_options(err) then
    more = { prepare = "never" }
    facts.proxy = proxy.that_refuses_options()
    done, err = with_pool(url, more, look)
  end
  if not done then
    facts.error = describe_error(err)
    return facts
  end
  facts.proxy = proxy.detect(facts, function(further, fn)
    for name, value in pairs(more or {}) do
      further[name] = value
    end
    -- An option that names a database stands for a server of its own, so the URL has to come with it.
    return with_pool(further.database and (url or os.getenv("DATABASE_URL")) or url, further, fn)
  end)
  return facts
end

return M
