--- A proxy of ours between the pool and a real server, that can cut a connection after any byte.

local M = {}

local BUILD = os.getenv("MOONPOOL_BUILD") or "build/release"

local function load_module()
  local saved = package.cpath
  package.cpath = BUILD .. "/?.so"
  local module = require "spec.cut_proxy"
  package.cpath = saved
  return module
end

--- Starts a proxy in front of the server that `url` names by its socket's folder.
---@param url string
---@return table proxy as spec/bindings/cut_proxy.c has it, with the proxy's own `url`
---@return string url of the same database, through the proxy
---@return fun() stop
function M.start(url)
  local folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir -m 700 " .. folder))
  local server = assert(url:match "[?&]host=([^&]+)")
  local socket = "/.s.PGSQL." .. (url:match "[?&]port=(%d+)" or "5432")
  local proxy = load_module().open(folder .. socket, server .. socket)
  local through = url:gsub("host=[^&]+", "host=" .. folder)
  return proxy, through, function()
    proxy:close()
    os.execute("rm -r " .. folder)
  end
end

--- The places between the messages of what one side has sent, beginning with 0.
---@param bytes string
---@return integer[]
function M.borders(bytes)
  local list, at = { 0 }, 0
  while at < #bytes do
    at = at + 1 + string.unpack(">I4", bytes, at + 2)
    list[#list + 1] = at
  end
  assert(at == #bytes, "the last message is not whole")
  return list
end

return M
