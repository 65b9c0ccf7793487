--- Files that a command writes: whole or not at all, and only when they change.

local core = require "moonpool.core"
local mp = require "moonpool"

local M = {}

--- The text of a file.
---@param path string
---@return string? text nil when there is none
function M.read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text, why = file:read("a")
  file:close()
  return text or error(("%s cannot be read: %s"):format(path, why), 0)
end

---@param path string
---@param text string
---@return boolean? is_written
---@return string? why_not
local function write_all(path, text)
  local file, why = io.open(path, "wb")
  if not file then
    return nil, why
  end
  local is_written, why_not = file:write(text)
  local is_closed, why_open = file:close()
  return is_written and is_closed, why_not or why_open
end

--- Puts a text into the place of a file, which others see as it was or as it is to be. Raises a string.
---@param path string
---@param text string
---@return boolean is_new false: it had that text already, and was left alone
function M.replace(path, text)
  if M.read(path) == text then
    return false
  end
  local beside = ("%s.%s.tmp"):format(path, mp.uuid():sub(1, 8))
  local is_done, why = write_all(beside, text)
  if is_done then
    is_done, why = os.rename(beside, path)
  end
  if not is_done then
    os.remove(beside)
    error(("%s cannot be written: %s"):format(path, why), 0)
  end
  return true
end

--- What a shell's commands print on their standard output. The commands do not show among the arguments of any process,
--- and what they say on standard error goes there.
---@param commands string
---@return string output
---@return integer exit_code
function M.output_of(commands)
  local path = os.tmpname()
  local pipe = assert(io.popen("sh >" .. path, "w"))
  pipe:write(commands)
  local _, _, code = pipe:close()
  local output = M.read(path)
  os.remove(path)
  return output or "", code
end

--- A word of the shell's, whatever is in it.
---@param text string
---@return string
function M.quote(text)
  return "'" .. text:gsub("'", [['\'']]) .. "'"
end

--- Each place above the current folder, this one first: "", "../", "../../".
---@return fun(): string?
local function upward()
  local above, count = "", 0
  return function()
    local place = above
    above, count = above .. "../", count + 1
    return count <= 64 and place or nil
  end
end

--- The folder `scripts` of the project: the nearest one upward.
---@return string? path
---@return string[]? names what is in it, sorted
function M.find_scripts()
  for above in upward() do
    local names = core.list_folder(above .. "scripts")
    if names then
      table.sort(names)
      return above .. "scripts", names
    end
  end
end

return M
