--- Databases with all migrations and the sample data, each spec's own; and the executable with one of them at hand.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"
local sample_data = require "buster.sample_data"
local shell = require "spec.support.shell"

local M = {}

local template -- the name of a filled database that nobody uses

local function fill_template()
  local url = cluster.migrated()
  local name = url:match("^%w+://[^/]*/([^?]*)")
  do
    local db <close> = mp.connect { url = url, max_size = 1 }
    sample_data.load(db, { scale = 1 })
  end
  local admin <close> = mp.connect { url = cluster.url(), max_size = 1 }
  cluster.wait_until(function()
    return admin:value("select count(*) = 0 from pg_stat_activity where datname = $1", name)
  end)
  return name
end

--- Makes a database with the sample data of scale 1.
---@return string url
function M.database()
  template = template or fill_template()
  return cluster.database(template)
end

local quote = shell.quote

local function capture(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read("a")
end

local COMMAND = [[
cd %s && export DATABASE_URL=%s PATH=%s:"$PATH" MOONPOOL_NO_ENV=1 %s
moonpool %s 2>&1
echo $?]]

--- Runs `moonpool <arguments>` in a shell, where DATABASE_URL names the database and `moonpool` is the executable of
--- this build.
---@param url string
---@param arguments string as the shell reads them
---@param folder? string where to run it
---@param environment? string more to export: name=value
---@return string output of standard output and standard error
---@return integer exit_code
function M.run(url, arguments, folder, environment)
  local build = shell.build()
  local output = capture(COMMAND:format(quote(folder or "."), quote(url), quote(build), environment or "", arguments))
  local text, code = output:match("^(.-)(%d+)\n$")
  return text, tonumber(code)
end

return M
