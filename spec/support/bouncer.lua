--- A real PgBouncer in front of a test server: on a Unix socket in a folder of its own, under the account that the
--- server has.

local pooler = require "spec.support.pooler"
local shell = require "spec.support.shell"

local M = {}

--- The program, or nil where it is not installed.
---@return string?
function M.program()
  return pooler.program "pgbouncer"
end

local CONFIGURATION = [[
[databases]
* = host=%s port=%s user=%s
[pgbouncer]
listen_addr = %s
listen_port = %d
unix_socket_dir = %s
auth_type = any
pidfile = %s/pid
logfile = %s/log
%s
]]

local function value_of(url, name)
  return assert(url:match("[?&]" .. name .. "=([^&]*)"), "the test server's URL has no " .. name)
end

--- A port that nobody listens on.
local function free_port()
  return tonumber(shell.line([[lua5.4 -e '
    local socket = require("luv").new_tcp()
    socket:bind("127.0.0.1", 0)
    print(socket:getsockname().port)']]))
end

--- Starts one that leads to the server of an URL.
---@param url string
---@param settings string lines of its configuration, such as "pool_mode = transaction"
---@param address? string to listen on, too
---@return { url: string, port: integer, stop: fun() }
function M.start(url, settings, address)
  local own_port = address and free_port() or 6543 -- which only names the socket
  local folder = pooler.new_folder()
  local file <close> = assert(io.open(folder .. "/ini", "w"))
  local host, port, user = value_of(url, "host"), value_of(url, "port"), value_of(url, "user")
  assert(file:write(CONFIGURATION:format(host, port, user, address or "", own_port, folder, folder, folder, settings)))
  file:close()
  local stop = pooler.start(("%s -q -d %s/ini"):format(M.program(), folder), folder, own_port, "TERM")
  local database = url:match("^%w+://[^/]*/([^?]*)")
  return {
    url = ("postgresql:///%s?host=%s&port=%d&user=%s"):format(database, folder, own_port, user),
    port = own_port,
    stop = stop,
  }
end

return M
