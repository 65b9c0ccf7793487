--- Loops over the rows of a statement as they come: a cursor on the server, of which a batch is here at a time.

local core = require "moonpool.core"
local Database = require "moonpool.database"
local lending = require "moonpool.lending"
local usage = require("moonpool.query.complain").usage

---@class moonpool.Loop an iterator, and the value that ends it
---@field sql string
---@field batch integer rows to fetch at a time
---@field rows table[] of the present batch
---@field types? userdata of their columns
---@field at integer which of them was given last
---@field name? string of the cursor
---@field number? integer in that name
---@field source? moonpool.Database the transaction of the cursor; nil: there is nothing to fetch, or no more
---@field owns? boolean that transaction was begun for the loop
---@field is_declared? boolean
---@field connection? moonpool.Database taken for the loop
---@field after? table what comes after the loan of that
---@field is_last? boolean the cursor has no more rows
---@field is_fetching? boolean
local Loop = {}

local NONE = {}

-- Cursors that are open at the same time have different numbers. A number is used again, since statements that look
-- the same are what the caches of statements are good for; that of a cursor which may still be open never is.
local free_numbers, last_number = {}, 0

local function take_number()
  if #free_numbers > 0 then
    return table.remove(free_numbers)
  end
  last_number = last_number + 1
  return last_number
end

local function declaration(loop)
  return ("declare %s no scroll cursor for "):format(loop.name)
end

--- An error of a statement of ours as one of the script's statement, which it comes from.
local function blame(loop, err)
  if not core.is_error(err) or not err.statement or not loop.name then
    return err
  end
  local before = declaration(loop)
  if err.statement == before .. loop.sql then
    err.statement = loop.sql
    err.position = err.position and err.position > #before and err.position - #before or nil
  elseif err.statement:find(loop.name, 1, true) then
    err.statement, err.position = loop.sql, nil
  end
  return err
end

--- Finds the transaction for the cursor. Whatever is begun or taken is in the loop, also after an error.
local function begin(loop, database)
  if database:kind() == "transaction" then
    loop.source = database
    return
  end
  if database:kind() == "pool" then
    loop.connection, loop.after = lending.take(database)
  end
  loop.source, loop.owns = core.begin(loop.connection or database, {}), true
end

local function open(loop, database, ...)
  begin(loop, database)
  loop.number = take_number()
  loop.name = "mp_each_" .. loop.number
  loop.source:exec(declaration(loop) .. loop.sql, ...)
  loop.is_declared = true
end

--- Ends the cursor: with the transaction that it was for, or alone. One that is not there would be an error of the
--- server, which ends the script's transaction.
local function close_cursor(loop, keep)
  local source = loop.source
  loop.source = nil
  if not core.is_open(source) then
    return
  end
  if loop.owns then
    core.finish(source, keep)
  elseif loop.is_declared then
    source:exec("close " .. loop.name)
  end
  free_numbers[#free_numbers + 1] = loop.number
end

--- Ends all that the loop has begun, and gives back what it has taken.
local function stop(loop, keep)
  local _ <close> = loop.connection
  local _ <close> = loop.after
  loop.connection, loop.after, loop.rows = nil, nil, NONE
  if loop.source then
    close_cursor(loop, keep)
  end
end

--- Ends the loop after a statement of ours has failed.
local function fail(loop, err)
  pcall(stop, loop, false)
  error(blame(loop, err), 0)
end

local function fetch(loop)
  loop.rows, loop.at = NONE, 0
  local text = ("fetch forward %d from %s"):format(loop.batch, loop.name)
  loop.rows, loop.types = core.fetch(loop.source, text, loop.types)
  loop.is_last = loop.rows.count < loop.batch
end

local function check_alone(loop)
  if loop.is_fetching then
    usage("another task waits for the next row of this loop", "give each task a loop of its own")
  end
end

--- Gives the first row of the next batch, or nil at the end.
local function advance(loop)
  if not loop.source then
    loop.rows = NONE
    return nil
  end
  check_alone(loop)
  if not loop.is_last then
    loop.is_fetching = true
    local ok, err = pcall(fetch, loop)
    loop.is_fetching = false
    if not ok then
      fail(loop, err)
    end
  end
  local row = loop.at < #loop.rows and loop.rows[loop.at + 1] or nil
  if not row then
    stop(loop, true)
  end
  loop.at = loop.at + 1
  return row
end

function Loop:__call()
  local at = self.at + 1
  local row = self.rows[at]
  if row then
    self.at = at
    return row
  end
  return advance(self)
end

--- The error that the loop is left with counts more than one of its end.
function Loop:__close(err)
  check_alone(self)
  local ok, failure = pcall(stop, self, true)
  if not ok and err == nil then
    error(failure, 0)
  end
end

function Loop:__tostring()
  return self.source and "rows of a statement" or "rows of a statement (over)"
end

--- Runs the statement, in one piece if no cursor can.
local function start(database, sql, ...)
  local loop = setmetatable({ sql = sql, batch = core.batch(database), rows = NONE, at = 0 }, Loop)
  if not core.sql_reads(sql) then
    loop.rows = database:query(sql, ...)
    return loop
  end
  local ok, err = pcall(open, loop, database, ...)
  if not ok then
    fail(loop, err)
  end
  return loop
end

--- Loops over the rows of a statement without holding them all: `for row in db:each("select ...") do ... end`.
---
--- On a pool the loop has a connection of its own. There, and on a connection, it has a transaction of its own, which
--- is committed when the loop ends or is left, and rolled back when the statement fails; on a transaction it is a part
--- of that. Only SELECT, VALUES, TABLE, and WITH of these come in batches (`db:with { batch = 100 }`); any other
--- statement is run as by `query`.
---@param sql moonpool.Statement
---@param ... any parameters, as for `query`
---@return fun(): table? next the next row; nil at the end, and ever after
---@return nil
---@return nil
---@return any loop ends all when it is closed, as `for` does
function Database:each(sql, ...)
  local loop = start(self, core.build(self, sql, ...))
  return loop, nil, nil, loop
end

return Database
