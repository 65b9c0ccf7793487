--- What real poolers in front of a test server have in common: each runs in a folder of its own, under the account that
--- the server has.

local cluster = require "spec.support.cluster"
local shell = require "spec.support.shell"

local M = {}

--- A pooler's program, or nil where it is not installed. Debian has them where only root looks.
---@param name string
---@return string?
function M.program(name)
  local path = shell.line("PATH=$PATH:/usr/sbin:/sbin command -v " .. name)
  return path ~= "" and path or nil
end

--- A new folder that every account may write to.
---@return string
function M.new_folder()
  local folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir -m 777 " .. folder))
  return folder
end

--- Starts a program that goes on by itself, and waits for its socket, and for `pid` in its folder.
---@param command string
---@param folder string
---@param port integer
---@param signal string that ends it
---@return fun() stop also removes the folder
function M.start(command, folder, port, signal)
  local account = shell.line("id -u") == "0" and "runuser -u postgres -- " or ""
  assert(os.execute(account .. command .. " >/dev/null 2>&1"))
  cluster.wait_until(function()
    return os.execute(("test -S %s/.s.PGSQL.%d -a -s %s/pid"):format(folder, port, folder)) == true
  end)
  local pid = shell.line(("cat %s/pid"):format(folder))
  return function()
    os.execute(("kill -%s %s"):format(signal, pid))
    cluster.wait_until(function()
      return not os.execute("test -e /proc/" .. pid)
    end)
    os.execute("rm -rf " .. folder)
  end
end

return M
