--- assert_raises(kind, pattern, fn, ...): fn(...) raises an error object of that kind whose text matches, and which
--- names the line of Lua that called Moonpool.

local mp = require "moonpool"

return function(kind, pattern, fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "nothing was raised")
  assert(mp.is_error(err), "not an error of moonpool: " .. tostring(err))
  assert(err.kind == kind, ("an error of kind %s: %s"):format(err.kind, tostring(err)))
  assert(tostring(err):find(pattern), ("%q does not match %q"):format(tostring(err), pattern))
  assert(err.where and err.where:find("%.lua:%d+$"), "the error has no place: " .. tostring(err.where))
end
