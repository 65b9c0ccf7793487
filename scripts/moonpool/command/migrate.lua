--- `moonpool migrate`: the command line of moonpool.migrate.runner.

local M = {}

M.summary = "bring the database to where migrations/ is"

M.usage = [[
usage: moonpool migrate up             apply all that are pending
       moonpool migrate down [n|all]   revert the last n, 1 if not given
       moonpool migrate redo [n|all]   revert the last n and apply them again
       moonpool migrate status         tell where each migration stands
       moonpool migrate new <title>    make a migration to fill in

  --dir <folder>         the folder of migrations; the nearest migrations/ upward if not given
  --database-url <url>   the database; DATABASE_URL, libpq's variables or the local server if not given
  --lock-timeout <time>  how long a statement waits for a lock before it fails, 5s if not given
  --quiet                say nothing when there is nothing to do

A migration runs in a transaction unless a line of its file says `-- moonpool: no-transaction`, or its metadata.toml
says `run_in_transaction = false`. Exit codes: 0 done, 1 failed, 2 wrong usage.
]]

local FAILED, WRONG_USAGE = 1, 2

local OPTIONS = { ["--dir"] = "dir", ["--database-url"] = "url", ["--lock-timeout"] = "lock_timeout" }

---@param line string
local function say(line)
  io.stderr:write(line, "\n")
end

---@class moonpool.command.migrate.Call
---@field words string[] what is no option
---@field dir? string
---@field url? string
---@field lock_timeout? string
---@field is_quiet? boolean

--- Cuts arguments into words and options. Raises what is wrong, a string.
---@param arguments string[]
---@return moonpool.command.migrate.Call
local function parse(arguments)
  local call = { words = {} }
  local i = 1
  while i <= #arguments do
    local argument = arguments[i]
    local name, value = argument:match("^(%-%-[^=]+)=(.*)$")
    name = name or argument
    if OPTIONS[name] then
      if not value then
        i = i + 1
        value = arguments[i]
      end
      if not value or value == "" then error(name .. " needs a value", 0) end
      call[OPTIONS[name]] = value
    elseif argument == "--quiet" then
      call.is_quiet = true
    elseif argument:sub(1, 1) == "-" then
      error(("there is no option %s"):format(argument), 0)
    else
      call.words[#call.words + 1] = argument
    end
    i = i + 1
  end
  return call
end

--- The optional count behind `down` and `redo`.
---@param call moonpool.command.migrate.Call
---@return integer
local function count_of(call)
  local word = call.words[2]
  if not word then return 1 end
  if word == "all" then return math.huge end
  local count = word:match("^%d+$") and math.tointeger(word)
  if not count or count < 1 then error(("how many must be a whole number from 1, or all; not %q"):format(word), 0) end
  return count
end

--- Hands a pool to a function of the runner, and closes it at the end.
---@param call moonpool.command.migrate.Call
---@param work fun(db: table, options: moonpool.migrate.Options): any
---@return any
local function with_database(call, work)
  local db <close> = require("moonpool").connect(call.url)
  return work(db, { dir = call.dir, say = say, lock_timeout = call.lock_timeout })
end

---@param call moonpool.command.migrate.Call
---@param done table[]
local function say_if_nothing(call, done)
  if #done == 0 and not call.is_quiet then say("nothing to do") end
end

local VERBS = {}

---@param call moonpool.command.migrate.Call
function VERBS.up(call)
  say_if_nothing(call, with_database(call, require("moonpool.migrate.runner").up))
end

---@param call moonpool.command.migrate.Call
---@param verb "down"|"redo"
local function go_back(call, verb)
  local count = count_of(call)
  local run = require("moonpool.migrate.runner")[verb]
  say_if_nothing(call, with_database(call, function(db, options) return run(db, options, count) end))
end

---@param call moonpool.command.migrate.Call
function VERBS.down(call)
  go_back(call, "down")
end

---@param call moonpool.command.migrate.Call
function VERBS.redo(call)
  go_back(call, "redo")
end

---@param call moonpool.command.migrate.Call
function VERBS.status(call)
  local states = with_database(call, require("moonpool.migrate.runner").status)
  for _, state in ipairs(states) do
    io.stdout:write(("%-8s %-19s  %s\n"):format(state.state, state.run_on or "", state.name))
  end
  say_if_nothing(call, states)
end

---@param call moonpool.command.migrate.Call
function VERBS.new(call)
  local title = table.concat(call.words, " ", 2)
  local folder = require "moonpool.migrate.folder"
  local path = folder.create(call.dir or folder.find() or "migrations", title)
  io.stdout:write(path, "/up.sql\n", path, "/down.sql\n")
end

local WORDS_MAX = { up = 1, down = 2, redo = 2, status = 1, new = math.huge }

--- Checks all that can be checked before a connection is made.
---@param arguments string[]
---@return moonpool.command.migrate.Call
local function read_call(arguments)
  local call = parse(arguments)
  local verb = call.words[1]
  if not verb then error("say what to do", 0) end
  if not VERBS[verb] then error(("there is no `migrate %s`"):format(verb), 0) end
  if #call.words > WORDS_MAX[verb] then
    error(("`migrate %s` takes no %q"):format(verb, call.words[WORDS_MAX[verb] + 1]), 0)
  end
  if verb == "down" or verb == "redo" then count_of(call) end
  if verb == "new" and not call.words[2] then error("new needs a title", 0) end
  return call
end

--- Runs the command.
---@param arguments string[] what stands behind `moonpool migrate`
---@return integer exit_code
function M.run(arguments)
  local is_right, call = pcall(read_call, arguments)
  if not is_right then
    io.stderr:write("moonpool migrate: ", tostring(call), "\nhint: `moonpool migrate --help` shows how it is used\n")
    return WRONG_USAGE
  end
  local is_done, err = pcall(VERBS[call.words[1]], call)
  if is_done then return 0 end
  io.stderr:write("moonpool migrate: ", tostring(err), "\n")
  return type(err) == "table" and err.kind == "usage" and WRONG_USAGE or FAILED
end

return M
