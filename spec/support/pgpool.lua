--- A real pgpool-II in front of a test server: on a Unix socket in a folder of its own, under the account that the
--- server has.

local cluster = require "spec.support.cluster"
local shell = require "spec.support.shell"

local M = {}

--- The program, or nil where it is not installed.
---@return string?
function M.program()
  local path = shell.line("PATH=$PATH:/usr/sbin:/sbin command -v pgpool")
  return path ~= "" and path or nil
end

local CONFIGURATION = [[
listen_addresses = ''
port = 5432
socket_dir = '%s'
pcp_listen_addresses = ''
pcp_socket_dir = '%s'
pid_file_name = '%s/pid'
logdir = '%s'
backend_clustering_mode = 'raw'
backend_hostname0 = '%s'
backend_port0 = %s
num_init_children = 6
]]

--- Runs a command with nobody's output, and fails when it fails.
local function run(command, ...)
  assert(os.execute(command:format(...) .. " >/dev/null 2>&1"))
end

--- Starts one that leads to the server of an URL.
---@param url string
---@return { url: string, stop: fun() }
function M.start(url)
  local folder = os.tmpname()
  os.remove(folder)
  run("mkdir -m 777 %s && touch %s/pcp.conf", folder, folder)
  local file <close> = assert(io.open(folder .. "/pgpool.conf", "w"))
  local host, port = url:match("[?&]host=([^&]*)"), url:match("[?&]port=([^&]*)")
  assert(file:write(CONFIGURATION:format(folder, folder, folder, folder, host, port)))
  file:close()
  local account = shell.line("id -u") == "0" and "runuser -u postgres --" or ""
  run("%s %s -f %s/pgpool.conf -F %s/pcp.conf", account, M.program(), folder, folder)
  cluster.wait_until(function()
    return os.execute(("test -S %s/.s.PGSQL.5432 -a -s %s/pid"):format(folder, folder)) == true
  end)
  local pid = shell.line(("cat %s/pid"):format(folder))
  return {
    url = url:gsub("host=[^&]*", "host=" .. folder):gsub("port=%d+", "port=5432"),
    stop = function()
      run("kill -INT %s", pid)
      cluster.wait_until(function()
        return not os.execute("test -e /proc/" .. pid)
      end)
      run("rm -rf %s", folder)
    end,
  }
end

return M
