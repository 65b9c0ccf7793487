--- Commands of the shell, for specs.

local M = {}

--- One word of a command, whatever is in it.
---@param text string
---@return string
function M.quote(text)
  return "'" .. text:gsub("'", [['\'']]) .. "'"
end

--- Runs a command.
---@param command string
---@return string output what it says on standard output
---@return integer code its exit code
function M.run(command)
  local pipe <close> = assert(io.popen(command))
  local output = pipe:read("a")
  local _, _, code = pipe:close()
  return output, code
end

--- What a command says, without blanks at the end.
---@param command string
---@return string
function M.line(command)
  return (M.run(command):gsub("%s+$", ""))
end

--- The build folder that is tested, by its real path.
---@return string
function M.build()
  return M.line("realpath " .. M.quote(os.getenv("MOONPOOL_BUILD") or "build/release"))
end

return M
