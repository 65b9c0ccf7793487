--- What the blocks of a page find when spec/docs_spec.lua runs them: mp, db, and how a block raises or calls a shell.

local mp = require "moonpool"

--- Calls fn, which must raise, and prints its error. Places in the page become places in the block.
---@param first integer the line of the page before the block's first
---@param fn fun()
local function raises(first, fn)
  local ok, err = pcall(fn)
  if ok then
    error(("the block after line %d raises nothing"):format(first), 0)
  end
  local text = tostring(err):gsub("page%.lua:(%d+)", function(line)
    return "script.lua:" .. math.tointeger(line) - first
  end)
  print(text)
end

---@param command string
local function shell(command)
  io.stdout:flush()
  os.execute(command)
end

return mp, mp.connect(), raises, shell
