--- Runs scripts in a process of their own, with MOONPOOL_TRACE, and reads what they told.

local shell = require "spec.support.shell"

local M = {}

local quote = shell.quote

local function write_file(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

local BUILD = os.getenv("MOONPOOL_BUILD") or "build/release"

---@class spec.support.traced.Line
---@field text string the line itself
---@field time number
---@field thread integer
---@field topic string
---@field event string
---@field about string what follows the event

--- Cuts a line of trace; nil for any other line.
---@param text string
---@return spec.support.traced.Line?
function M.cut(text)
  local time, thread, topic, event, about = text:match("^moonpool (%d+%.%d%d%d%d%d%d) (%d+) (%l+) ([%l]+) (.+)$")
  return time and { text = text, time = tonumber(time), thread = math.tointeger(thread), topic = topic, event = event,
    about = about }
end

--- Runs the script with `arg[1]` = url. Returns standard error, line by line, and the exit code.
---@param topics string
---@param url string
---@param script string
---@return string[] lines
---@return integer exit_code
function M.run(topics, url, script)
  local path = os.tmpname()
  write_file(path, script)
  local pipe = assert(io.popen(("MOONPOOL_NO_ENV=1 MOONPOOL_TRACE=%s %s/moonpool %s %s 2>&1 >/dev/null")
    :format(topics, BUILD, path, quote(url))))
  local lines = {}
  for line in pipe:lines() do
    lines[#lines + 1] = line
  end
  local _, _, code = pipe:close()
  os.remove(path)
  return lines, code
end

return M
