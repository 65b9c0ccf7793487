--- refuses(message, hint, fn): fn raises a usage error with exactly this message and hint (nil: none), which names the
--- line in fn that called Moonpool.

local assert = require "luassert"
local mp = require "moonpool"

return function(message, hint, fn)
  local ok, err = pcall(fn)
  assert(not ok, "nothing was raised")
  assert(mp.is_error(err), "not an error of moonpool: " .. tostring(err))
  assert.equal("usage", err.kind)
  assert.equal(message, err.message)
  assert.equal(hint, err.hint)
  local info = debug.getinfo(fn, "S")
  local file, line = (err.where or ""):match("^(.*):(%d+)$")
  local is_there = file and info.short_src:sub(-#file) == file and tonumber(line) >= info.linedefined
    and tonumber(line) <= info.lastlinedefined
  assert(is_there, ("the error names %s, not %s:%d"):format(err.where, info.short_src, info.linedefined))
end
