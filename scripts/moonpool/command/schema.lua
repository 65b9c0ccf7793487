--- `moonpool schema`: a database's tables as a Lua file, as SQL, and as a picture.

local M = {}

M.summary = "describe the database's tables: for scripts, as SQL, as a picture"

M.usage = [[
usage: moonpool schema generate [options]   write the Lua file that scripts know the tables by
       moonpool schema dump [options]       print the SQL that makes the schema, by pg_dump
       moonpool schema diagram [options]    print a picture of tables and their relations

  --schema <name>        the schema; public if not given, and all of them for dump
  --tables <a,b,c*>      only these, * stands for anything and ? for one character; all if not given, but for partitions
                         and the tables in which migrations are recorded (not for dump)
  --out <file>           where to write, - for standard output. If not given, generate writes the only generated
                         scripts/*/schema.lua that there is; dump and diagram print
  --name <name>          (generate) begins the names of types in annotations; the name of the file's folder if not given
  --check                (generate) write nothing, and fail when the file is not what would be written
  --format <format>      (diagram) mermaid, svg or dot; by the ending of --out, or mermaid, if not given
  --database-url <url>   the database; DATABASE_URL, libpq's variables or the local server if not given

A file that is written again keeps the --schema, --tables and --name that it was made with. Exit codes: 0 done, 1 failed
or (--check) stale, 2 wrong usage.
]]

local FAILED, WRONG_USAGE = 1, 2

---@class moonpool.command.schema.Call
---@field verb string
---@field schema? string
---@field tables? string
---@field out? string
---@field name? string
---@field check? boolean
---@field format? string
---@field url? string

--- What each verb takes: the field of the call by option; true as a value: it takes none.
local OPTIONS = {
  generate = { "--schema", "--tables", "--out", "--name", "--check", "--database-url" },
  dump = { "--schema", "--out", "--database-url" },
  diagram = { "--schema", "--tables", "--out", "--format", "--database-url" },
}

local FIELDS = { ["--database-url"] = "url" }

---@param line string
local function say(line)
  io.stderr:write(line, "\n")
end

---@param verb string
---@param name string
---@return string field of the call
local function field_of(verb, name)
  for _, option in ipairs(OPTIONS[verb]) do
    if option == name then
      return FIELDS[name] or name:sub(3)
    end
  end
  if name:sub(1, 1) == "-" then
    error(("`schema %s` has no option %s"):format(verb, name), 0)
  end
  error(("`schema %s` takes no %q"):format(verb, name), 0)
end

--- Cuts arguments into the verb and its options. Raises what is wrong, a string.
---@param arguments string[]
---@return moonpool.command.schema.Call
local function parse(arguments)
  local call, i = { verb = arguments[1] }, 2
  if not call.verb then
    error("say what to do: generate, dump or diagram", 0)
  elseif not OPTIONS[call.verb] then
    error(("there is no `schema %s`"):format(call.verb), 0)
  end
  while i <= #arguments do
    local name, value = arguments[i]:match("^(%-%-[^=]+)=(.*)$")
    local field = field_of(call.verb, name or arguments[i])
    if field == "check" then
      call.check = true
    else
      if not name then
        i = i + 1
        value = arguments[i]
      end
      call[field] = value ~= "" and value or error((name or arguments[i - 1]) .. " needs a value", 0)
    end
    i = i + 1
  end
  return call
end

local FORMATS = { mermaid = true, svg = true, dot = true }

--- Checks all that can be checked before a connection is made.
---@param arguments string[]
---@return moonpool.command.schema.Call
local function read_call(arguments)
  local call = parse(arguments)
  if call.verb == "diagram" then
    call.format = call.format or call.out and FORMATS[call.out:match("%.(%w+)$")] and call.out:match("%w+$")
      or "mermaid"
    if not FORMATS[call.format] then
      error(("the format must be mermaid, svg or dot, not %q"):format(call.format), 0)
    end
  end
  if call.name and not call.name:find("^[%a_][%w_]*$") then
    error(("the name must be of letters, digits and underscores, not %q"):format(call.name), 0)
  end
  if call.check and call.out == "-" then
    error("--check compares with a file, and - is none", 0)
  end
  return call
end

--- The parts of a list that is separated by commas.
---@param list? string
---@return string[]?
local function split(list)
  if not list then
    return nil
  end
  local parts = {}
  for part in list:gmatch("[^,]+") do
    parts[#parts + 1] = part
  end
  return parts
end

---@param call moonpool.command.schema.Call
---@return moonpool.schema.Description
local function describe(call)
  local db <close> = require("moonpool").connect(call.url)
  return require("moonpool.schema.read").describe(db, {
    schema = call.schema or "public",
    tables = split(call.tables),
  })
end

--- Prints a text, or writes it into the file that was asked for.
---@param call moonpool.command.schema.Call
---@param text string
local function put(call, text)
  if not call.out or call.out == "-" then
    io.stdout:write(text)
  elseif require("moonpool.schema.file").replace(call.out, text) then
    say("wrote " .. call.out)
  else
    say(call.out .. " is up to date")
  end
end

local VERBS = {}

---@param call moonpool.command.schema.Call
function VERBS.generate(call)
  local generated = require "moonpool.schema.generated"
  local path, old = generated.find(call.out)
  local kept = old and generated.options_of(old) or {}
  call.out = path
  call.schema, call.tables = call.schema or kept.schema, call.tables or kept.tables
  local description = describe(call)
  description.name = call.name or kept.name or generated.name_for(path, description.schema)
  local text = require("moonpool.schema.write").text(description, call.tables)
  if not call.check then
    put(call, text)
  elseif text ~= old then
    error(generated.how_stale(path, old, text), 0)
  end
end

---@param call moonpool.command.schema.Call
function VERBS.dump(call)
  put(call, require("moonpool.schema.dump").text(call.url, call.schema))
end

---@param call moonpool.command.schema.Call
function VERBS.diagram(call)
  put(call, require("moonpool.schema.diagram")[call.format](describe(call)))
end

--- Runs the command.
---@param arguments string[] what stands behind `moonpool schema`
---@return integer exit_code
function M.run(arguments)
  local is_right, call = pcall(read_call, arguments)
  if not is_right then
    say(("moonpool schema: %s\nhint: `moonpool schema --help` shows how it is used"):format(call))
    return WRONG_USAGE
  end
  local is_done, err = pcall(VERBS[call.verb], call)
  if is_done then
    return 0
  end
  say("moonpool schema: " .. tostring(err))
  return type(err) == "table" and err.kind == "usage" and WRONG_USAGE or FAILED
end

return M
