--- A proxy that forwards everything, until a client sends several messages before it has waited for an answer: those
--- it swallows, as some poolers do. stalling_proxy.lua <socket to listen on> <socket of the server>; ends with its
--- standard input.

local uv = require "luv"

local listen_on, server_socket = arg[1], arg[2]

-- A flush of one statement begins with Parse or Bind, and has one Execute; this one comes from several.
local SECOND_PARSE = "E\0\0\0\9\0\0\0\0\0P"
local DESCRIBE = "D\0\0\0.S"

--- Describe of a statement is only sent between others.
local function is_several(bytes)
  return bytes:find(DESCRIBE) ~= nil or bytes:find(SECOND_PARSE, 1, true) ~= nil
end

local function forward(from, to, is_client)
  from:read_start(function(_, bytes)
    if not bytes then
      from:close()
      if not to:is_closing() then
        to:close()
      end
    elseif not (is_client and is_several(bytes)) and not to:is_closing() then
      to:write(bytes)
    end
  end)
end

-- One side may be written to after it has hung up, which would end us.
uv.new_signal():start("sigpipe", function() end)
local listener = uv.new_pipe(false)
assert(listener:bind(listen_on))
assert(listener:listen(16, function()
  local client, server = uv.new_pipe(false), uv.new_pipe(false)
  listener:accept(client)
  server:connect(server_socket, function(why)
    assert(not why, why)
    forward(client, server, true)
    forward(server, client, false)
  end)
end))
local input = uv.new_pipe(false)
input:open(0)
input:read_start(function(_, bytes)
  if not bytes then
    os.exit(0)
  end
end)
uv.run()
