--- Transactions: a function is run, then committed or rolled back, and perhaps run again.

local core = require "moonpool.core"
local Database = require "moonpool.database"
local lending = require "moonpool.lending"

---@class moonpool.TransactionOptions
---@field isolation? "read committed"|"repeatable read"|"serializable"
---@field read_only? boolean
---@field deferrable? boolean with serializable and read_only: waits for a snapshot that cannot fail
---@field retry? integer how many times fn may be run again after a serialization failure or a deadlock (0)
---@field timeout? number seconds for the whole transaction, all its statements together

local OPTIONS = { "isolation", "read_only", "deferrable", "retry", "timeout" }
local OPTION_TYPES = { isolation = "string", read_only = "boolean", deferrable = "boolean", timeout = "number" }

local FIRST_PAUSE = 0.01 -- seconds; doubled at each try, and jittered
local LONGEST_PAUSE = 1

local function usage(message, hint)
  error(core.error { kind = "usage", message = message, hint = hint })
end

local function check_option(name, value)
  if name == "retry" then
    if math.type(value) ~= "integer" or value < 0 then
      usage(("option retry is %s; expected a whole number, 0 or more"):format(tostring(value)))
    end
  elseif not OPTION_TYPES[name] then
    local nearest = type(name) == "string" and core.nearest_name(name, OPTIONS)
    usage(("there is no option %s of a transaction"):format(tostring(name)),
      nearest and "did you mean " .. nearest .. "?" or "there are " .. table.concat(OPTIONS, ", "))
  elseif type(value) ~= OPTION_TYPES[name] then
    usage(("option %s is a %s; expected a %s"):format(name, type(value), OPTION_TYPES[name]))
  end
end

local function check_options(options)
  for name, value in pairs(options) do
    check_option(name, value)
  end
  if options.timeout and (options.timeout <= 0 or options.timeout ~= options.timeout) then
    usage(("option timeout is %s; expected a number of seconds above 0"):format(options.timeout))
  end
  return options
end

local function read_arguments(options, fn)
  if fn == nil then
    options, fn = {}, options
  end
  if type(options) ~= "table" then
    usage("the options of a transaction are a " .. type(options) .. "; expected a table")
  end
  if type(fn) ~= "function" then
    usage("the last argument of transaction is a " .. type(fn) .. "; expected a function")
  end
  return check_options(options), fn
end

--- Calls the functions that were registered under `event`, in order. They run outside of the transaction; the first
--- error is raised after all have run.
local function call_back(notes, event)
  local failed, first
  for _, fn in ipairs(notes[event] or {}) do
    local ok, err = pcall(fn)
    if not ok and not failed then
      failed, first = true, err
    end
  end
  if failed then
    error(first, 0)
  end
end

--- After a savepoint is released its callbacks wait for the transaction around it.
local function hand_up(notes, outer)
  for event, list in pairs(notes) do
    outer[event] = outer[event] or {}
    table.move(list, 1, #list, #outer[event] + 1, outer[event])
  end
end

--- Rolls back; what the server says about it does not matter, since a connection that cannot roll back is given up.
local function undo(tx)
  if core.is_open(tx) then
    pcall(core.finish, tx, false)
  end
end

--- Ends one level after fn has run. Returns whether all is well, or false and the error.
local function finish(tx, ok, err)
  if not ok then
    undo(tx)
    return false, err
  end
  return pcall(core.finish, tx, true)
end

--- Runs fn once in a new level on the connection. Returns ok, the error or nil, its notes, and fn's results.
local function attempt(connection, options, fn)
  local tx = core.begin(connection, options)
  local notes = core.notes(tx)
  local results = table.pack(pcall(fn, tx))
  local ok, err = finish(tx, results[1], results[2])
  return ok, err, notes, results
end

local function run_nested(outer, options, fn)
  for name in pairs(options) do
    usage(("option %s has no meaning in a nested transaction"):format(name), "give it to the outermost one")
  end
  local ok, err, notes, results = attempt(outer, options, fn)
  if not ok then
    call_back(notes, "rollback")
    error(err, 0)
  end
  hand_up(notes, core.notes(outer))
  return table.unpack(results, 2, results.n)
end

local function pause(try)
  local longest = math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ^ (try - 1))
  core.sleep(longest * (0.5 + math.random() / 2))
end

local function attempt_on(database, options, fn)
  if database:kind() == "connection" then
    return attempt(database, options, fn)
  end
  return lending.lend(database, attempt, options, fn)
end

--- A lost connection can be replaced by the pool only.
local function may_run_again(database, err)
  return core.is_error(err) and err.retryable and (err.kind ~= "connection" or database:kind() == "pool")
end

local function run_outermost(database, options, fn)
  local tries = (options.retry or 0) + 1
  for try = 1, tries do
    local ok, err, notes, results = attempt_on(database, options, fn)
    if ok then
      call_back(notes, "commit")
      return table.unpack(results, 2, results.n)
    end
    local is_known = not (core.is_error(err) and err.kind == "unknown_outcome")
    if is_known then
      call_back(notes, "rollback")
    end
    if try == tries or not may_run_again(database, err) then
      error(err, 0)
    end
    pause(try)
  end
end

--- Runs fn in a transaction: commits when it returns, rolls back when it raises.
--- On a transaction it is a savepoint. A statement that failed and whose error was swallowed ends in an error of kind
--- "transaction", never in a commit; a lost answer to COMMIT is one of kind "unknown_outcome".
---@generic T
---@param options? moonpool.TransactionOptions
---@param fn fun(tx: moonpool.Database): T may be called several times with `retry`
---@return T ... what fn returns
---@overload fun(self, fn: fun(tx: moonpool.Database): any): any
function Database:transaction(options, fn)
  options, fn = read_arguments(options, fn)
  if self:kind() == "transaction" then
    return run_nested(self, options, fn)
  end
  return run_outermost(self, options, fn)
end

local function register(tx, event, fn)
  if tx:kind() ~= "transaction" then
    usage(("after_%s belongs to a transaction, not to a %s"):format(event, tx:kind()))
  end
  core.check(tx)
  if type(fn) ~= "function" then
    usage(("the argument of after_%s is a %s; expected a function"):format(event, type(fn)))
  end
  local notes = core.notes(tx)
  notes[event] = notes[event] or {}
  table.insert(notes[event], fn)
end

--- Calls fn once the outermost transaction is committed.
---@param fn fun()
function Database:after_commit(fn)
  register(self, "commit", fn)
end

--- Calls fn once this transaction (or one around it) is rolled back; with `retry`, after each failed try. After an
--- unknown outcome neither these functions nor those of after_commit are called.
---@param fn fun()
function Database:after_rollback(fn)
  register(self, "rollback", fn)
end

return Database
