--- One SQL file of a migration: its statements, whether they run in a transaction, and errors that show its line.

local mp = require "moonpool"
local core = require "moonpool.core"
local folder = require "moonpool.migrate.folder"

local M = {}

---@class moonpool.migrate.Script
---@field file string
---@field text string
---@field statements { text: string, start: integer, line: integer }[] start: the byte in `text`
---@field is_transaction boolean

local OPENING = { begin = true, start = true }

local CLOSING = { commit = true, ["end"] = true }

local CONTROL = { begin = true, start = true, commit = true, ["end"] = true, rollback = true, abort = true }

---@param text string
---@param byte integer
---@return integer position in characters
local function position_of(text, byte)
  local _, count = text:sub(1, byte - 1):gsub("[^\128-\191]", "")
  return count + 1
end

---@param statement { text: string }
---@return string
local function first_word(statement)
  return (statement.text:match("^%a*")):lower()
end

--- A file that holds its own BEGIN around everything asks for what it gets anyway.
---@param statements table[]
local function drop_own_transaction(statements)
  if #statements < 2 then return end
  if not (OPENING[first_word(statements[1])] and CLOSING[first_word(statements[#statements])]) then return end
  table.remove(statements)
  table.remove(statements, 1)
end

---@param script moonpool.migrate.Script
local function refuse_control(script)
  for _, statement in ipairs(script.statements) do
    local word = first_word(statement)
    local is_savepoint = statement.text:lower():find("^rollback%s.*to%s")
    if CONTROL[word] and not is_savepoint then
      error(mp.error {
        kind = "migration",
        message = ("%s would end the transaction that this migration runs in"):format(word),
        hint = "remove it; or, for statements that cannot run in a transaction, begin the file with the line\n"
          .. "      -- moonpool: no-transaction",
        file = script.file,
        statement = script.text,
        position = position_of(script.text, statement.start),
      })
    end
  end
end

--- Diesel's way to say it, for both files of a migration.
---@param migration moonpool.migrate.Migration
---@return boolean
local function wants_transaction(migration)
  local file = migration.path .. "/metadata.toml"
  local text = folder.read_file(file)
  local value = text and ("\n" .. text):match("\n[ \t]*run_in_transaction[ \t]*=[ \t]*([^%s#]*)")
  if not value or value == "true" then return true end
  if value == "false" then return false end
  error(mp.error {
    kind = "migration",
    message = ("run_in_transaction must be true or false, not %s"):format(value),
    file = file,
  })
end

---@param text string
---@return boolean
local function forbids_transaction(text)
  return ("\n" .. text):find("\n[ \t]*%-%-[ \t]*moonpool:[ \t]*no%-transaction[ \t]*\r?\n") ~= nil
end

--- Reads one file of a migration.
---@param migration moonpool.migrate.Migration
---@param name "up.sql"|"down.sql"
---@return moonpool.migrate.Script
function M.load(migration, name)
  local file = migration.path .. "/" .. name
  local text = folder.read_file(file)
  if not text then error(mp.error { kind = "migration", message = file .. " cannot be read" }) end
  local script = {
    file = file,
    text = text,
    statements = core.sql_statements(text),
    is_transaction = wants_transaction(migration) and not forbids_transaction(text .. "\n"),
  }
  if script.is_transaction then
    drop_own_transaction(script.statements)
    refuse_control(script)
  end
  return script
end

--- What says later whether the file was edited. Line ends do not count: a checkout may change them.
---@param migration moonpool.migrate.Migration
---@return string
function M.checksum(migration)
  local text = folder.read_file(migration.path .. "/up.sql") or ""
  return core.checksum((text:gsub("\r\n", "\n")))
end

--- Makes a server's error one of the file.
---@param err any
---@param script moonpool.migrate.Script
---@param statement { start: integer }
local function blame(err, script, statement)
  if not mp.is_error(err) then return end
  local before = position_of(script.text, statement.start) - 1
  err.file = script.file
  err.statement = script.text
  err.position = before + (err.position or 1)
  if err.sqlstate == "55P03" then
    err.hint = "another session holds a lock that this statement needs; nobody should have to wait behind it for long: "
      .. "run it again when that session is done, or allow more with --lock-timeout"
  elseif not script.is_transaction and statement ~= script.statements[1] then
    err.hint = (err.hint and err.hint .. "\n      " or "")
      .. "this file runs without a transaction: the statements before this one have been done"
  end
end

--- Runs the statements one by one, so that an error is the error of one of them.
---@param script moonpool.migrate.Script
---@param session table a connection or a transaction
function M.run(script, session)
  for _, statement in ipairs(script.statements) do
    local is_done, err = pcall(session.script, session, statement.text)
    if not is_done then
      blame(err, script, statement)
      error(err, 0)
    end
  end
end

return M
