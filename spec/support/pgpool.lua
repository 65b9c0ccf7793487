--- A real pgpool-II in front of a test server: on a Unix socket in a folder of its own, under the account that the
--- server has.

local pooler = require "spec.support.pooler"

local M = {}

--- The program, or nil where it is not installed.
---@return string?
function M.program()
  return pooler.program "pgpool"
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

--- Starts one that leads to the server of an URL.
---@param url string
---@return { url: string, stop: fun() }
function M.start(url)
  local folder = pooler.new_folder()
  assert(io.open(folder .. "/pcp.conf", "w")):close() -- the passwords of nobody; it wants the file
  local file <close> = assert(io.open(folder .. "/pgpool.conf", "w"))
  local host, port = url:match("[?&]host=([^&]*)"), url:match("[?&]port=([^&]*)")
  assert(file:write(CONFIGURATION:format(folder, folder, folder, folder, host, port)))
  file:close()
  local command = "%s -f %s/pgpool.conf -F %s/pcp.conf"
  return {
    url = url:gsub("host=[^&]*", "host=" .. folder):gsub("port=%d+", "port=5432"),
    stop = pooler.start(command:format(M.program(), folder, folder), folder, 5432, "INT"),
  }
end

return M
