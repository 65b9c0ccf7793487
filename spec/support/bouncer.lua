--- A real PgBouncer in front of a test server: on a Unix socket in a folder of its own, under the account that the
--- server has.

local shell = require "spec.support.shell"

local M = {}

local capture = shell.line

--- The program, or nil where it is not installed.
---@return string?
function M.program()
  local path = capture("PATH=$PATH:/usr/sbin:/sbin command -v pgbouncer")
  return path ~= "" and path or nil
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

local function wait_for(condition)
  for _ = 1, 500 do
    if os.execute(condition) then
      return
    end
    require("moonpool").sleep(0.01)
  end
  error("this did not happen: " .. condition, 3)
end

--- A port that nobody listens on.
local function free_port()
  return tonumber(capture([[lua5.4 -e '
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
  local folder = os.tmpname()
  os.remove(folder)
  assert(os.execute(("mkdir -m 777 %s"):format(folder)))
  local file <close> = assert(io.open(folder .. "/ini", "w"))
  local host, port, user = value_of(url, "host"), value_of(url, "port"), value_of(url, "user")
  assert(file:write(CONFIGURATION:format(host, port, user, address or "", own_port, folder, folder, folder, settings)))
  file:close()
  local account = capture("id -u") == "0" and "-u postgres" or ""
  assert(os.execute(("%s -q -d %s %s/ini"):format(M.program(), account, folder)))
  wait_for(("test -S %s/.s.PGSQL.%d -a -s %s/pid"):format(folder, own_port, folder))
  local pid = capture(("cat %s/pid"):format(folder))
  local database = url:match("^%w+://[^/]*/([^?]*)")
  return {
    url = ("postgresql:///%s?host=%s&port=%d&user=%s"):format(database, folder, own_port, user),
    port = own_port,
    stop = function()
      os.execute("kill " .. pid)
      wait_for("! test -e /proc/" .. pid)
      os.execute("rm -rf " .. folder)
    end,
  }
end

return M
