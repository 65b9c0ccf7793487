--- The command line's verbs. Each is a module `moonpool.command.<verb>` of its own, loaded when it is called; the
--- executable knows only their names (bindings/main_verb.c) and hands them to `help`.

---@class moonpool.command.Verb
---@field summary string what the verb does, in one line
---@field usage string what `moonpool <verb> --help` prints
---@field run fun(arguments: string[]): integer? takes what follows the verb; returns the exit code, nil for 0

local M = {}

local HEAD = [[

Verbs, as the first argument:
]]

local FOOT = [[

'moonpool verb --help' tells more. A script that has the name of a verb is called with its folder: ./migrate
]]

---@param name string
---@return moonpool.command.Verb
local function load_verb(name)
  return require("moonpool.command." .. name)
end

--- Prints one line for each verb; the executable has printed the options.
---@param names string[] the verbs
---@return integer exit_code
function M.help(names)
  local lines = {}
  for _, name in ipairs(names) do
    lines[#lines + 1] = ("  %-9s  %s\n"):format(name, load_verb(name).summary)
  end
  io.stdout:write(HEAD, table.concat(lines), FOOT)
  return 0
end

--- Runs a verb, or prints its usage when the first argument is `--help`.
---@param name string
---@param arguments string[]
---@return integer exit_code
function M.run(name, arguments)
  local verb = load_verb(name)
  if arguments[1] == "--help" then
    io.stdout:write(verb.usage)
    return 0
  end
  return verb.run(arguments) or 0
end

return M
