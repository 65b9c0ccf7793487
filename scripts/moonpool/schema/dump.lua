--- The SQL that makes a database's schema, as pg_dump tells it.

local core = require "moonpool.core"
local file = require "moonpool.schema.file"

local M = {}

local NOT_FOUND = 127 -- the shell's exit code

--- Finds pg_dump where PostgreSQL's own programs are, as the private server is found, or else in PATH.
local FIND = [[
program=$(pg_config --bindir 2>/dev/null)/pg_dump
[ -x "$program" ] || program=$(ls /usr/lib/postgresql/*/bin/pg_dump 2>/dev/null | sort -V | tail -n 1)
[ -n "$program" ] || program=$(command -v pg_dump) || exit 127
]]

local RUN = [[exec "$program" --schema-only --no-owner --no-privileges --no-password]]

--- Leaves out what differs from run to run: the versions of programs, and a token against lines in the way of psql.
---@param text string
---@return string
local function without_versions(text)
  local first = text:find("\nSET ", 1, true) or #text
  local head, rest = text:sub(1, first), text:sub(first + 1)
  local token = head:match("\n\\restrict (%w+)\n")
  head = head:gsub("\n\\restrict %w+\n", "\n"):gsub("\n%-%- Dumped [^\n]*", ""):gsub("\n\n+", "\n\n")
  if token then
    rest = rest:gsub("\n\\unrestrict " .. token .. "\n+", "\n")
  end
  return head .. rest
end

--- Runs pg_dump. Raises a string when it fails; what it says of that is on standard error by then.
---@param url? string the database; what mp.connect() would use if absent
---@param schema? string only this one
---@return string
function M.text(url, schema)
  local commands = { FIND }
  for name, value in pairs(core.libpq_variables(url)) do
    commands[#commands + 1] = ("export %s=%s\n"):format(name, file.quote(value))
  end
  commands[#commands + 1] = RUN
  if schema then
    commands[#commands + 1] = " --schema=" .. file.quote(core.quote_identifier(schema))
  end
  local output, code = file.output_of(table.concat(commands) .. "\n")
  if code == NOT_FOUND then
    error("pg_dump is not installed\nhint: install postgresql-client", 0)
  elseif code ~= 0 then
    error(("pg_dump ended with exit code %d"):format(code), 0)
  end
  return without_versions(output)
end

return M
