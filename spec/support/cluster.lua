--- Real databases for specs, each in a server that nobody else uses.
---
--- MOONPOOL_TEST_URL names a server that the test run has started; without it a throw-away one is started here, for the
--- life of this process.

local core = require "moonpool.core"
local mp = require "moonpool"

local M = {}

local MIGRATIONS = "migrations"
local server_url -- of the server, with its maintenance database
local counter = 0

local function remove_folder(folder)
  os.execute("rm -rf '" .. folder .. "'")
end

--- Ends the server with this process, however that ends: the finaliser runs when the state is closed.
local function start_own()
  local folder = os.tmpname()
  os.remove(folder)
  local place = core.local_start { folder = folder, throw_away = true, quiet = true }
  M.own = setmetatable({}, {
    __gc = function()
      pcall(core.local_stop, { folder = folder, quiet = true })
      remove_folder(folder)
    end,
  })
  return place.url
end

--- The server's URL, for its maintenance database.
---@return string
function M.url()
  server_url = server_url or os.getenv("MOONPOOL_TEST_URL") or start_own()
  return server_url
end

--- The same server's URL with another database.
---@param name string
---@return string
function M.url_of(name)
  local url, count = M.url():gsub("^(%w+://[^/]*/)[^?]*", "%1" .. name)
  assert(count == 1, "the test server's URL has no database: " .. M.url())
  return url
end

--- Calls fn with a connection to the maintenance database, closed afterwards.
local function as_admin(fn)
  local admin <close> = mp.connect { url = M.url(), max_size = 1 }
  return fn(admin)
end

local function new_name(prefix)
  counter = counter + 1
  return ("%s_%s_%d"):format(prefix, mp.uuid():sub(1, 8), counter)
end

--- Makes an empty database, or a copy of `template`.
---@param template? string
---@return string url
function M.database(template)
  local name = new_name("spec")
  as_admin(function(admin)
    admin:exec(("create database %s template %s"):format(name, template or "template0"))
  end)
  return M.url_of(name)
end

--- Makes the template with all migrations applied, once per server; specs that run at the same time wait for it.
local function migrated_template()
  local name = "moonpool_migrated"
  as_admin(function(admin)
    admin:checkout(function(connection)
      connection:exec("select pg_advisory_lock(hashtext($1))", name)
      if not connection:value("select true from pg_database where datname = $1", name) then
        connection:exec("create database " .. name .. "_new template template0")
        local target = mp.connect { url = M.url_of(name .. "_new"), max_size = 2 }
        require("moonpool.migrate.runner").up(target, { dir = MIGRATIONS, say = function() end })
        target:close()
        M.wait_until(function()
          return connection:value("select count(*) = 0 from pg_stat_activity where datname = $1", name .. "_new")
        end)
        connection:exec(("alter database %s_new rename to %s"):format(name, name))
      end
    end)
  end)
  return name
end

--- Makes a database with all migrations applied.
---@return string url
function M.migrated()
  return M.database(migrated_template())
end

--- Starts one more server, to be stopped, killed or filled by a spec.
---@param more? { throw_away?: boolean } throw_away: it need not survive a crash, and starts sooner
---@return { url: string, options: table, stop: fun() } options: for core.local_start and its like
function M.own_server(more)
  local folder = os.tmpname()
  os.remove(folder)
  local options = { folder = folder, quiet = true, throw_away = more and more.throw_away }
  local place = core.local_start(options)
  return {
    url = place.url,
    options = options,
    stop = function()
      core.local_stop(options)
      remove_folder(folder)
    end,
  }
end

--- Polls until fn returns true; fails after some seconds. For what another process or thread does.
---@param fn fun(): boolean
---@param seconds? number
function M.wait_until(fn, seconds)
  for _ = 1, (seconds or 10) * 100 do
    if fn() then
      return
    end
    mp.sleep(0.01)
  end
  error("what was waited for did not happen", 2)
end

local UNDO = {} -- raised to roll back

--- Runs fn in a transaction on db that is rolled back afterwards: `it("...", rolled_back(db, function(tx) ... end))`.
---@param db fun(): moonpool.Database gives the pool when the test runs
---@param fn fun(tx: moonpool.Database)
---@return fun()
function M.rolled_back(db, fn)
  return function()
    local ok, err = pcall(function()
      db():transaction(function(tx)
        fn(tx)
        error(UNDO)
      end)
    end)
    if not ok and err ~= UNDO then
      error(err, 0)
    end
  end
end

return M
