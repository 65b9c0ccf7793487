--- Opening a pool, with the script's own functions around its loans, and steering it while it is in use.

local core = require "moonpool.core"
local Database = require "moonpool.database"
local lending = require "moonpool.lending"

local M = {}

---@class moonpool.Database
---@field stats fun(self): table<string, number|boolean> the pool's counters
---@field loans fun(self): moonpool.Loan[] who holds a connection, the longest first
---@field resume fun(self) ends a suspension

---@class moonpool.Loan
---@field where? string the script's line that took it
---@field seconds number since then
---@field statement? string the beginning of its last one

--- The options that are functions, and what each is called among the hooks.
local FUNCTIONS = {
  password = "password",
  on_connect = "connect",
  on_checkout = "checkout",
  on_return = "give_back",
  on_leak = "leak",
}
local FUNCTION_NAMES = { "password", "on_connect", "on_checkout", "on_return", "on_leak" }

local WAIT_PAUSE = 0.005 -- seconds; suspend looks as often whether all connections are back

local function usage(message, hint)
  error(core.error { kind = "usage", message = message, hint = hint })
end

local function did_you_mean(name, names)
  local nearest = type(name) == "string" and core.nearest_name(name, names)
  return nearest and "did you mean " .. nearest .. "?" or "there are " .. table.concat(names, ", ")
end

--- Parts the functions from the settings, which are for C.
---@return table settings
---@return moonpool.Hooks? hooks
local function split(options)
  local settings, hooks = {}, nil
  for name, value in pairs(options) do
    if type(value) == "function" then
      if not FUNCTIONS[name] then
        usage(("there is no option %s that takes a function"):format(tostring(name)),
          did_you_mean(name, FUNCTION_NAMES))
      end
      hooks = hooks or { asked = 0 }
      hooks[FUNCTIONS[name]] = value
    elseif FUNCTIONS[name] and name ~= "password" then
      usage(("option %s is a %s; expected a function"):format(name, type(value)))
    else
      settings[name] = value
    end
  end
  return settings, hooks
end

--- Opens a pool; nothing is sent before its first use. Besides the settings a table may have functions: `password`,
--- `on_connect`, `on_checkout`, `on_return`, `on_leak`.
---@param options? string|table an URL, or options
---@return moonpool.Database
function M.connect(options)
  if type(options) ~= "table" then
    return core.connect(options)
  end
  local settings, hooks = split(options)
  local database = core.connect(settings, hooks)
  if hooks then
    core.set_hooks(database, hooks)
    if hooks.password and database:stats().min_idle > 0 then
      lending.ask_password(database, hooks)
    end
  end
  return database
end

local function check_options(method, options, allowed)
  if type(options) ~= "table" then
    usage(("the argument of %s is a %s; expected a table of options"):format(method, type(options)))
  end
  for name in pairs(options) do
    if allowed[name] ~= true then
      usage(("there is no option %s of %s"):format(tostring(name), method), did_you_mean(name, allowed))
    end
  end
end

local SIZES = { "max_size", "min_idle", max_size = true, min_idle = true }

local function size_of(options, name, now)
  local value = options[name]
  if value == nil then
    return now
  end
  local whole = type(value) == "number" and math.tointeger(value)
  if not whole then
    usage(("option %s is %s; expected a whole number"):format(name, tostring(value)))
  end
  return whole
end

--- Changes how many connections the pool may have, and keeps ready. Who waits gets what there is more room for; what is
--- too much is closed, when it is idle at once, and else when it comes back.
---@param options { max_size?: integer, min_idle?: integer }
function Database:resize(options)
  check_options("resize", options, SIZES)
  local now = self:stats()
  core.resize(self, size_of(options, "max_size", now.max_size), size_of(options, "min_idle", now.min_idle))
end

local SUSPEND_OPTIONS = { "wait", wait = true }

local function is_empty(database)
  local stats = database:stats()
  return stats.open + stats.connecting == 0
end

local function raise_not_back(database, seconds)
  local lines = {}
  for i, loan in ipairs(database:loans()) do
    lines[i] = ("taken at %s %.1f s ago"):format(loan.where or "an unknown place", loan.seconds)
      .. (loan.statement and ", last statement: " .. loan.statement or "")
  end
  error(core.error {
    kind = "timeout",
    message = ("the pool is suspended, but after %g s %d of its connections are not back"):format(seconds, #lines),
    detail = #lines > 0 and table.concat(lines, "\n") or nil,
    hint = "they still go back; resume() lends connections again",
  })
end

--- Lends nothing from now on: who asks waits, up to checkout_timeout, for resume(). Connections in use go on, and are
--- closed when they come back. With `wait`, returns when the last one is closed; after so many seconds it raises an
--- error of kind "timeout", and the pool stays suspended.
---@param options? { wait?: number }
function Database:suspend(options)
  options = options or {}
  check_options("suspend", options, SUSPEND_OPTIONS)
  local seconds = options.wait
  if seconds ~= nil and not (type(seconds) == "number" and seconds >= 0) then
    usage(("option wait is %s; expected a number of seconds, 0 or more"):format(tostring(seconds)))
  end
  core.suspend(self)
  local deadline = seconds and core.clock() + seconds
  while deadline and not is_empty(self) do
    if core.clock() >= deadline then
      raise_not_back(self, seconds)
    end
    core.sleep(WAIT_PAUSE)
  end
end

return M
