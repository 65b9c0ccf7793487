--- The stock interpreter with our module on its path, and nothing else of ours.

local shell = require "spec.support.shell"

local M = {}

local capture = shell.line

local build = shell.build()

--- A module with AddressSanitizer in it needs that to be loaded first.
local function preload()
  if capture("nm -D '" .. build .. "/moonpool.so' | grep -c __asan_init") == "0" then
    return ""
  end
  return " LD_PRELOAD=" .. capture("gcc -print-file-name=libasan.so")
end

--- What starts lua5.4 with the module, for a shell; options and a script follow.
---@return string
function M.command()
  return ("LUA_PATH= LUA_CPATH='%s/?.so;;'%s lua5.4"):format(build, preload())
end

return M
