--- Brings a database to where the migrations are, and back: one lock around all, one transaction around each.

local mp = require "moonpool"
local folder = require "moonpool.migrate.folder"
local ledger = require "moonpool.migrate.ledger"
local lock = require "moonpool.migrate.lock"
local script = require "moonpool.migrate.script"

local M = {}

---@class moonpool.migrate.Options
---@field dir? string the folder of migrations; by default the nearest `migrations/` upward
---@field say? fun(line: string) hears what is done, a line each
---@field lock_timeout? string how long a statement waits for a table's lock, as the server reads it; "5s"

---@class moonpool.migrate.State
---@field version string
---@field name string
---@field state "applied"|"pending"|"edited"|"missing"
---@field run_on? string

---@class moonpool.migrate.Run what one call works with
---@field conn table
---@field ledger moonpool.migrate.Ledger
---@field migrations moonpool.migrate.Migration[]
---@field by_version table<string, moonpool.migrate.Migration>
---@field say fun(line: string)
---@field lock_timeout string

local LOCK_TIMEOUT = "5s"

local function say_nothing() end

---@param message string
---@param hint? string
local function refuse(message, hint)
  error(mp.error { kind = "migration", message = message, hint = hint })
end

---@param options moonpool.migrate.Options
---@return string
local function folder_of(options)
  local path = options.dir or folder.find()
  if not path then
    refuse("there is no folder `migrations` here or above",
      "name it with --dir, or make a first migration with `moonpool migrate new <title>`")
  end
  return path
end

---@param name string
---@param fn fun()
---@return string with the time that it took
local function timed(name, fn)
  local start = mp.timestamp.now()
  fn()
  local taken = mp.timestamp.now() - start
  return ("%s (%d ms)"):format(name, taken.days * 86400000 + taken.microseconds // 1000)
end

--- Runs one file and notes it in the ledger, in one transaction where the file allows it. What a migration sets for its
--- session (a role, a search path) must not reach the ledger or the next one.
---@param run moonpool.migrate.Run
---@param sql moonpool.migrate.Script
---@param note fun(session: table)
local function perform(run, sql, note)
  local conn = run.conn
  local function note_as_ourselves(session)
    session:exec("reset session authorization")
    note(session)
  end
  if sql.is_transaction then
    conn:transaction(function(tx)
      tx:query("select set_config('lock_timeout', $1, true)", run.lock_timeout)
      script.run(sql, tx)
      note_as_ourselves(tx)
    end)
  else
    script.run(sql, conn) -- without lock_timeout: a concurrent index waits for others, and nobody waits for it
    conn:transaction(note_as_ourselves)
  end
  conn:exec("reset all")
end

---@param run moonpool.migrate.Run
---@param migration moonpool.migrate.Migration
local function apply(run, migration)
  local checksum = script.checksum(migration)
  run.say("applied " .. timed(migration.name, function()
    perform(run, script.load(migration, "up.sql"), function(session) run.ledger:add(session, migration, checksum) end)
  end))
end

---@param run moonpool.migrate.Run
---@param migration moonpool.migrate.Migration
local function revert(run, migration)
  if not migration.has_down then
    refuse(("%s cannot be reverted: it has no down.sql"):format(migration.name))
  end
  run.say("reverted " .. timed(migration.name, function()
    perform(run, script.load(migration, "down.sql"), function(session) run.ledger:remove(session, migration) end)
  end))
end

--- Checks those that are applied against their files, before anything is done.
---@param run moonpool.migrate.Run
---@param applied moonpool.migrate.Applied[]
local function check_applied(run, applied)
  local strangers = {}
  for _, row in ipairs(applied) do
    local migration = run.by_version[row.version]
    if migration and not row.checksum then
      strangers[#strangers + 1] = migration
    elseif migration and row.checksum ~= script.checksum(migration) then
      refuse(("%s was edited after it was applied"):format(migration.path .. "/up.sql"),
        "undo the edit and put the change into a new migration; while you still work on this one, "
          .. "`moonpool migrate redo` runs it again")
    end
  end
  for _, migration in ipairs(strangers) do
    run.ledger:keep_checksum(run.conn, migration, script.checksum(migration))
    run.say(("adopted %s: another tool applied it, its checksum is kept from now on"):format(migration.name))
  end
end

--- The last `count` that are applied, the last one first.
---@param run moonpool.migrate.Run
---@param count integer
---@return moonpool.migrate.Migration[]
local function last_applied(run, count)
  local applied = run.ledger:read(run.conn)
  local last = {}
  for i = #applied, math.max(1, #applied - count + 1), -1 do
    local migration = run.by_version[applied[i].version]
    if not migration then
      refuse(("the migration %s is applied, but its folder is missing"):format(applied[i].title or applied[i].version),
        "get it back: only its down.sql knows how to revert it")
    end
    last[#last + 1] = migration
  end
  return last
end

---@param db table a pool
---@param options? moonpool.migrate.Options
---@param work fun(run: moonpool.migrate.Run): any
---@return any
local function with_lock(db, options, work)
  options = options or {}
  local migrations, by_version = folder.read(folder_of(options))
  return db:checkout(function(conn)
    local say = options.say or say_nothing
    return lock.hold(conn, say, function()
      local run = {
        conn = conn,
        ledger = ledger.open(conn),
        migrations = migrations,
        by_version = by_version,
        say = say,
        lock_timeout = options.lock_timeout or LOCK_TIMEOUT,
      }
      run.ledger:create(conn)
      return work(run)
    end)
  end)
end

--- Applies all that are pending. One that fails leaves nothing behind; those before it stay.
---@param db table a pool
---@param options? moonpool.migrate.Options
---@return moonpool.migrate.Migration[] applied
function M.up(db, options)
  return with_lock(db, options, function(run)
    local applied, by_version = run.ledger:read(run.conn)
    check_applied(run, applied)
    local done = {}
    for _, migration in ipairs(run.migrations) do
      if not by_version[migration.version] then
        apply(run, migration)
        done[#done + 1] = migration
      end
    end
    return done
  end)
end

--- Reverts the last ones.
---@param db table a pool
---@param options? moonpool.migrate.Options
---@param count? integer 1 by default; math.huge for all
---@return moonpool.migrate.Migration[] reverted
function M.down(db, options, count)
  return with_lock(db, options, function(run)
    local last = last_applied(run, count or 1)
    for _, migration in ipairs(last) do revert(run, migration) end
    return last
  end)
end

--- Reverts the last ones and applies them again, in order.
---@param db table a pool
---@param options? moonpool.migrate.Options
---@param count? integer 1 by default; math.huge for all
---@return moonpool.migrate.Migration[] redone
function M.redo(db, options, count)
  return with_lock(db, options, function(run)
    local last = last_applied(run, count or 1)
    for _, migration in ipairs(last) do revert(run, migration) end
    for i = #last, 1, -1 do apply(run, last[i]) end
    return last
  end)
end

---@param migration moonpool.migrate.Migration
---@param row? moonpool.migrate.Applied
---@return "applied"|"pending"|"edited"
local function state_of(migration, row)
  if not row then return "pending" end
  if row.checksum and row.checksum ~= script.checksum(migration) then return "edited" end
  return "applied"
end

--- Tells where each migration stands, in the order of the versions. Changes nothing and takes no lock.
---@param db table a pool
---@param options? moonpool.migrate.Options
---@return moonpool.migrate.State[]
function M.status(db, options)
  local migrations, by_version = folder.read(folder_of(options or {}))
  local applied, applied_by_version = db:checkout(function(conn) return ledger.open(conn):read(conn) end)
  local states = {}
  for _, migration in ipairs(migrations) do
    local row = applied_by_version[migration.version]
    states[#states + 1] = {
      version = migration.version,
      name = migration.name,
      state = state_of(migration, row),
      run_on = row and row.run_on,
    }
  end
  for _, row in ipairs(applied) do
    if not by_version[row.version] then
      states[#states + 1] =
        { version = row.version, name = row.title or row.version, state = "missing", run_on = row.run_on }
    end
  end
  table.sort(states, function(a, b) return a.version < b.version end)
  return states
end

return M
