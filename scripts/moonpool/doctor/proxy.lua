--- Whether something stands between us and the server, and what it cannot do. By evidence, since poolers seldom say who
--- they are.

---@class moonpool.doctor.Proxy
---@field is_there boolean
---@field name? string
---@field pooling? "transaction"|"session" who gets the server's session, and for how long
---@field refuses_options? boolean
---@field stalls? boolean when several messages are on their way
---@field evidence string[]

---@alias moonpool.doctor.Try fun(options: table, fn: fun(db: moonpool.Database): any): boolean, any

local mp = require "moonpool"

local M = {}

local PATIENCE = 3 -- seconds, for what a pooler may never answer

--- PgBouncer takes no `options` (before 1.20 none at all).
---@param err any
---@return boolean
function M.refuses_options(err)
  if not mp.is_error(err) or err.kind ~= "connection" then
    return false
  end
  return err.message:find("startup parameter", 1, true) ~= nil and err.message:find("options", 1, true) ~= nil
end

---@return moonpool.doctor.Proxy
function M.that_refuses_options()
  return { is_there = true, name = "PgBouncer", refuses_options = true,
    evidence = { "it refuses the startup parameter \"options\", as PgBouncer does" } }
end

---@param proxy moonpool.doctor.Proxy
---@param text string
local function note(proxy, text)
  proxy.is_there = true
  proxy.evidence[#proxy.evidence + 1] = text
end

---@param connection moonpool.Database
---@return integer
local function backend_of(connection)
  return connection:with({ timeout = PATIENCE }):value("select pg_backend_pid()")
end

--- While one client is inside of a transaction, another one asks which backend serves it. Those who share backends show
--- it: both have the same one, or the second has another than before, or gets none at all.
---@param first moonpool.Database
---@param second moonpool.Database
---@return string? evidence
local function find_sharing(first, second)
  local before = backend_of(first)
  return second:transaction(function(tx)
    local other = backend_of(tx)
    if other == before then
      return ("backend %d serves two clients, one after the other"):format(before)
    end
    local ok, after = pcall(backend_of, first)
    if not ok then
      return "a client gets no answer while another one is inside of a transaction"
    end
    return after ~= before and ("one client was served by backend %d, then by %d"):format(before, after) or nil
  end)
end

---@param proxy moonpool.doctor.Proxy
---@param try moonpool.doctor.Try
local function look_for_sharing(proxy, try)
  local ok, evidence = try({ pipeline = not proxy.stalls }, function(db)
    return db:checkout(function(first)
      return db:checkout(function(second)
        return find_sharing(first, second)
      end)
    end)
  end)
  if ok and evidence then
    note(proxy, evidence)
    proxy.pooling = "transaction"
  elseif proxy.is_there then
    proxy.pooling = "session"
  end
end

--- The client was told one number of a backend, the server says another.
---@param proxy moonpool.doctor.Proxy
---@param facts moonpool.doctor.Facts
local function compare_backends(proxy, facts)
  if facts.session.pid == facts.server.pid then
    return
  end
  note(proxy, ("the client was told of backend %d, but it is %d"):format(facts.session.pid, facts.server.pid))
end

--- Several messages in one flush, as the first run of a statement with parameters sends them.
---@param proxy moonpool.doctor.Proxy
---@param try moonpool.doctor.Try
local function look_for_stalls(proxy, try)
  local ok, err = try({ pipeline = true }, function(db)
    return db:with({ timeout = PATIENCE }):value("select $1::int", 1)
  end)
  if not ok and mp.is_error(err) and err.kind == "timeout" then
    note(proxy, "several messages at once get no answer")
    proxy.stalls = true
  end
end

--- pgpool-II keeps a session of the server for each of its clients, and tells its true number: nothing shows it but a
--- command of its own, as a simple query. A server refuses that, as its log tells.
---@param proxy moonpool.doctor.Proxy
---@param try moonpool.doctor.Try
local function look_for_pgpool(proxy, try)
  local is_known = try({}, function(db)
    db:script("show pool_version")
  end)
  if is_known then
    note(proxy, "it knows SHOW POOL_VERSION, as pgpool-II does")
    proxy.name = "pgpool-II"
  end
end

--- What only one of them says, or is called.
---@param facts moonpool.doctor.Facts
---@param try moonpool.doctor.Try
---@return string?
local function name_of(facts, try)
  local host = facts.session.host
  if host:find("%.pooler%.supabase%.com$") then
    return "Supavisor"
  end
  if host:find("%.proxy%-%w+%.[%w-]+%.rds%.amazonaws%.com$") then
    return "RDS Proxy"
  end
  local _, err = try({ database = "pgbouncer", prepare = "never" }, function(db)
    return db:value("select 1")
  end)
  return mp.is_error(err) and err.message:find("SHOW HELP", 1, true) and "PgBouncer" or nil
end

---@param facts moonpool.doctor.Facts with session and server
---@param try moonpool.doctor.Try
---@return moonpool.doctor.Proxy
function M.detect(facts, try)
  local proxy = facts.proxy or { is_there = false, evidence = {} }
  compare_backends(proxy, facts)
  look_for_stalls(proxy, try)
  look_for_pgpool(proxy, try)
  look_for_sharing(proxy, try)
  if proxy.is_there and not proxy.name then
    proxy.name = name_of(facts, try)
  end
  return proxy
end

return M
