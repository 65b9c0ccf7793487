--- Lending a connection to a function, with the script's own functions around it.
---
--- They run in the thread of the script that has set them, since a Lua state has but one: what the pool's own thread
--- does, it does without them, and the next borrower makes up for it.

local core = require "moonpool.core"

local M = {}

---@class moonpool.Hooks
---@field asked integer how often the password was asked for
---@field password? fun(): string, string? the password, and perhaps the user
---@field connect? fun(connection: moonpool.Database) before a session's first use, new or reset
---@field checkout? fun(connection: moonpool.Database) before each loan
---@field give_back? fun(connection: moonpool.Database) after each loan
---@field leak? fun(report: moonpool.LoanReport) of a connection that is not given back

---@class moonpool.LoanReport: moonpool.Loan
---@field kind "held"|"forgotten" for longer than leak_threshold; or collected as garbage
---@field message string all of it, as a person reads it

local function usage(message)
  error(core.error { kind = "usage", message = message })
end

--- Asks the script for the password, which is for the pool alone and not for any message.
---@param database moonpool.Database
---@param hooks moonpool.Hooks
function M.ask_password(database, hooks)
  local password, user = hooks.password()
  if type(password) ~= "string" or password == "" then
    usage("the function of option password gave "
      .. (password == "" and "an empty string" or "a " .. type(password)) .. "; expected the password, a string")
  end
  if user ~= nil and type(user) ~= "string" then
    usage("the second value of option password's function is a " .. type(user) .. "; expected the user, a string")
  end
  hooks.asked = hooks.asked + 1
  core.set_credential(database, password, user)
end

local function is_refused(err)
  return core.is_error(err) and (err.sqlstate == "28P01" or err.sqlstate == "28000")
end

--- Acquires a connection with the password that is right now. A refused one is asked for once more, unless another task
--- has done so meanwhile.
local function acquire(database, hooks)
  if not hooks.password then
    return core.acquire(database)
  end
  if core.wants_connection(database) then
    M.ask_password(database, hooks)
  end
  local asked = hooks.asked
  local ok, result = pcall(core.acquire, database)
  if ok then
    return result
  end
  if not is_refused(result) then
    error(result, 0)
  end
  if hooks.asked == asked then
    M.ask_password(database, hooks)
  end
  return core.acquire(database)
end

--- An error of the function that lent the connection counts more than one of what comes after it.
local Guard = {
  __close = function(self, err)
    if not core.is_open(self.connection) then
      return
    end
    local ok, failure = pcall(self.give_back, self.connection)
    if not ok and err == nil then
      error(failure, 0)
    end
  end,
}

--- Runs the functions that come before a loan; returns the one that comes after it, to be closed, or nil.
local function begin(hooks, connection)
  if hooks.connect and core.is_session_new(connection) then
    hooks.connect(connection)
    core.keep_session(connection)
  end
  if hooks.checkout then
    hooks.checkout(connection)
  end
  return hooks.give_back and setmetatable({ connection = connection, give_back = hooks.give_back }, Guard)
end

local function tell_leaks(database, hooks)
  for report in core.next_report, database do
    hooks.leak(report)
  end
end

--- Takes a connection of the pool. The caller closes what comes after the loan, then the connection.
---@param database moonpool.Database a pool
---@return moonpool.Database connection
---@return table? after what comes after the loan, to be closed
function M.take(database)
  local hooks = core.hooks(database)
  if not hooks then
    return core.acquire(database)
  end
  if hooks.leak then
    tell_leaks(database, hooks)
  end
  local connection = acquire(database, hooks)
  local ok, after = pcall(begin, hooks, connection:with { rows = "tables" })
  if not ok then
    connection:close()
    error(after, 0)
  end
  return connection, after
end

--- Calls fn with a connection of the pool, and gives that back however fn ends.
---@param database moonpool.Database a pool
---@param fn fun(connection: moonpool.Database, ...): ...
---@return any ... what fn returns
function M.lend(database, fn, ...)
  local connection <close>, after = M.take(database)
  local _ <close> = after
  return fn(connection, ...)
end

local function run_statement(connection, method, ...)
  local single = core.single(connection)
  return single[method](single, ...)
end

core.on_statement(function(method, database, ...)
  return M.lend(database, run_statement, method, ...)
end)

return M
