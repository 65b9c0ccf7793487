--- `moonpool yaml`: documents in YAML are checked, formatted, and described for editors.

local M = {}

M.summary = "check and format documents in YAML, and describe them for editors"

M.usage = [[
usage: moonpool yaml check [options] FILE...    tell what is wrong in documents, each mistake with its line
       moonpool yaml format [options] FILE...   write documents as they would be written anew, without comments
       moonpool yaml schema [options] KIND      print the JSON Schema of a kind, for an editor that completes and checks

  --kind <name>      what the documents are, such as metric or dashboard; by their fields if not given
  --types <module>   the Lua module that has the kinds; if not given, each scripts/*/types/init.lua of the project
  --strict           (check, format) what is only worth a warning is a mistake
  --json             (check) print what was found as JSON
  --write            (format) write into the files; one that has comments is left alone
  --drop-comments    (format) write into files that have comments, too
  --check            (format) write nothing, and fail where a file is not as it would be written

The file - is standard input. Exit codes: 0 all is right, 1 something is wrong in a document, 2 wrong usage, or a file
that cannot be read.
]]

local WRONG, WRONG_USAGE = 1, 2

---@class moonpool.command.yaml.Call
---@field verb string
---@field rest string[] files, or the kind
---@field kind? string
---@field types? string
---@field strict? boolean
---@field json? boolean
---@field write? boolean
---@field drop_comments? boolean
---@field check? boolean

--- What each verb takes; true: a value follows.
local OPTIONS = {
  check = { kind = true, types = true, strict = false, json = false },
  format = { kind = true, types = true, strict = false, write = false, drop_comments = false, check = false },
  schema = { types = true },
}

local REST = { check = "FILE", format = "FILE", schema = "KIND" }

---@param text string
local function say(text)
  io.stderr:write(text, "\n")
end

-- ---- the call ----

--- Reads the option at a place; gives the place behind it.
local function read_option(call, arguments, i)
  local name, value = arguments[i]:match "^%-%-([^=]+)=(.*)$"
  name = name or arguments[i]:sub(3)
  local field = name:gsub("-", "_")
  local takes_value = OPTIONS[call.verb][field]
  if arguments[i]:sub(1, 2) ~= "--" or name:find "_" or takes_value == nil then
    error(("`yaml %s` has no option %s"):format(call.verb, arguments[i]:match "^[^=]*"), 0)
  elseif not takes_value then
    call[field] = not value or error(("--%s takes no value"):format(name), 0)
    return i + 1
  elseif not value then
    i, value = i + 1, arguments[i + 1]
  end
  call[field] = value and value ~= "" and value or error(("--%s needs a value"):format(name), 0)
  return i + 1
end

local function check_call(call)
  if #call.rest == 0 then
    error(("`yaml %s` needs a %s"):format(call.verb, REST[call.verb]), 0)
  elseif call.verb == "schema" and #call.rest > 1 then
    error(("`yaml schema` takes one KIND, not %q too"):format(call.rest[2]), 0)
  elseif call.write and call.check then
    error("--write and --check exclude each other", 0)
  elseif call.verb == "format" and not call.write and not call.check and #call.rest > 1 then
    error("to format several files, say --write or --check", 0)
  end
  return call
end

--- Cuts arguments into the verb, its options and the rest. Raises what is wrong, a string.
---@param arguments string[]
---@return moonpool.command.yaml.Call
local function parse(arguments)
  local call, i, is_over = { verb = arguments[1], rest = {} }, 2, false
  if not call.verb then
    error("say what to do: check, format or schema", 0)
  elseif not OPTIONS[call.verb] then
    error(("there is no `yaml %s`"):format(call.verb), 0)
  end
  while i <= #arguments do
    local word = arguments[i]
    if not is_over and word == "--" then
      is_over, i = true, i + 1
    elseif not is_over and word ~= "-" and word:sub(1, 1) == "-" then
      i = read_option(call, arguments, i)
    else
      call.rest[#call.rest + 1], i = word, i + 1
    end
  end
  return check_call(call)
end

-- ---- documents ----

---@class moonpool.command.yaml.Document
---@field file string as a message names it
---@field text string
---@field kind? moonpool.shape.Kind
---@field errors moonpool.shape.Mistake[]
---@field warnings moonpool.shape.Mistake[]
---@field count? integer of mistakes, also of those that are not kept in `errors`

--- The text of a file; nil and why not.
local function read_file(path)
  if path == "-" then
    return io.stdin:read "a"
  end
  local file, why = io.open(path, "rb")
  if not file then
    return nil, why
  end
  local text, why_not = file:read "a"
  file:close()
  return text, text == nil and ("%s: %s"):format(path, why_not) or nil
end

--- The kind of a text, by its fields; nil and the mistakes for one that does not tell, or is no YAML.
local function recognise(kinds, text)
  local core, kinds_of = require "moonpool.core", require "moonpool.shape.kinds"
  local ok, value = pcall(core.yaml.decode, text)
  if not ok and not (core.is_error(value) and value.kind == "yaml") then
    error(value, 0)
  elseif not ok then
    return nil, { { path = value.path or "", line = value.line, column = value.column, message = value.message,
      hint = value.hint or value.detail } }
  end
  local kind = kinds_of.recognise(kinds, value)
  if kind then
    return kind
  end
  local values = require "moonpool.shape.values"
  if values.kind(value) ~= "map" then
    local what = values.is_blank(text) and "the document is empty" or "it is " .. values.describe(value)
    return nil, { { path = "", line = 1, column = 1, message = "expected a map, but " .. what } }
  end
  return nil, { { path = "", line = 1, column = 1, message = "the fields do not tell what it is",
    hint = "say it by --kind: " .. table.concat(kinds_of.names(kinds), ", ") } }
end

--- Takes out hints at options that only scripts have.
local function drop_options(mistakes)
  for _, mistake in ipairs(mistakes) do
    if mistake.hint and mistake.hint:find "option max_" then
      mistake.hint = nil
    end
  end
end

--- Looks at a document.
---@param kinds moonpool.shape.Kind[]
---@param call moonpool.command.yaml.Call
---@param file string
---@param text string
---@return moonpool.command.yaml.Document
local function examine(kinds, call, file, text)
  local document = { file = file, text = text, errors = {}, warnings = {} }
  local mistakes
  if call.kind then
    document.kind = require("moonpool.shape.kinds").named(kinds, call.kind)
  else
    document.kind, mistakes = recognise(kinds, text)
  end
  if document.kind then
    local shape = document.kind.type.shape
    document.errors, document.warnings, document.count = shape:check(text, { strict = call.strict })
  else
    document.errors = mistakes
  end
  drop_options(document.errors)
  return document
end

-- ---- what is found ----

local LONGEST_LINE = 160 -- bytes of a line that is shown

--- The line of a mistake with a caret below its column.
local function excerpt(text, mistake)
  local at = mistake.line and require("moonpool.shape.mistakes").start_of_line(text, mistake.line)
  local line = at and text:match("[^\r\n]*", at):gsub("%c", " ")
  if not line or line == "" or #line > LONGEST_LINE or not utf8.len(line) then
    return nil
  end
  local margin = (" "):rep(#tostring(mistake.line))
  return ("  %d | %s\n  %s | %s^\n"):format(mistake.line, line, margin, (" "):rep(mistake.column - 1))
end

local function tell(document, mistake, word)
  local place = mistake.line and ("%s:%d:%d"):format(document.file, mistake.line, mistake.column) or document.file
  local path = mistake.path ~= "" and mistake.path .. ": " or ""
  io.stdout:write(("%s: %s%s%s\n"):format(place, word, path, mistake.message))
  io.stdout:write(excerpt(document.text, mistake) or "")
  if mistake.hint then
    io.stdout:write("  hint: ", mistake.hint, "\n")
  end
end

local function tell_all(document)
  for _, mistake in ipairs(document.errors) do
    tell(document, mistake, "")
  end
  if document.count and document.count > #document.errors then
    io.stdout:write(("%s: these are the first %d of %d mistakes\n"):format(document.file, #document.errors,
      document.count))
  end
  for _, mistake in ipairs(document.warnings) do
    tell(document, mistake, "warning: ")
  end
end

local function tell_json(documents)
  local mp = require "moonpool"
  local list = {}
  for i, document in ipairs(documents) do
    list[i] = { file = document.file, kind = document.kind and document.kind.name or mp.null,
      errors = mp.array(document.errors), warnings = mp.array(document.warnings) }
  end
  io.stdout:write(require("moonpool.shape.encode").json(mp.array(list)))
end

-- ---- verbs ----

--- Calls work(file, text) for each file that can be read, else fail(file, why); gives the worst exit code.
local function each_file(call, work, fail)
  local code = 0
  for _, path in ipairs(call.rest) do
    local text, why = read_file(path)
    if text then
      code = math.max(code, work(path == "-" and "standard input" or path, text))
    else
      say("moonpool yaml: " .. why)
      code = WRONG_USAGE
      if fail then
        fail(path, why)
      end
    end
  end
  return code
end

local VERBS = {}

function VERBS.check(call)
  local kinds, documents = require("moonpool.shape.kinds").find(call.types), {}
  local code = each_file(call, function(file, text)
    local document = examine(kinds, call, file, text)
    documents[#documents + 1] = document
    if not call.json then
      tell_all(document)
    end
    return #document.errors > 0 and WRONG or 0
  end, function(file, why)
    documents[#documents + 1] = { file = file, errors = { { path = "", message = why } }, warnings = {} }
  end)
  if call.json then
    tell_json(documents)
  end
  return code
end

--- A text's value, to compare it with another's; nil for a text that is no YAML.
local function meaning_of(text)
  local ok, json = pcall(function()
    return require("moonpool.shape.encode").json(require("moonpool.core").yaml.decode(text))
  end)
  return ok and json or nil
end

--- The line of the first comment: of a # behind which other signs would mean the same.
local function first_comment(text)
  local whole = meaning_of(text)
  for at in text:gmatch "()#" do
    local _, last = text:find("[^\r\n]*", at)
    local changed = text:sub(1, at) .. ("x"):rep(last - at) .. text:sub(last + 1)
    if last > at and meaning_of(changed) == whole then
      return select(2, text:sub(1, at):gsub("\n", "")) + 1
    end
  end
end

local function write_over(call, path, document, new)
  local comment = not call.drop_comments and first_comment(document.text)
  if comment and new ~= document.text then
    say(("%s:%d: left alone, for the comment would be lost\nhint: --drop-comments"):format(path, comment))
    return WRONG
  elseif require("moonpool.schema.file").replace(path, new) then
    say("wrote " .. path)
  end
  return 0
end

local function format_one(call, document)
  local shape = document.kind.type.shape
  local new = shape:encode(shape:decode(document.text, { strict = call.strict }), "yaml")
  if call.check then
    if new == document.text then
      return 0
    end
    say(document.file .. " is not as it would be written")
    return WRONG
  elseif call.write and document.file ~= "standard input" then
    return write_over(call, document.file, document, new)
  end
  io.stdout:write(new)
  return 0
end

function VERBS.format(call)
  local kinds = require("moonpool.shape.kinds").find(call.types)
  return each_file(call, function(file, text)
    local document = examine(kinds, call, file, text)
    if #document.errors > 0 then
      tell_all(document)
      return WRONG
    end
    return format_one(call, document)
  end)
end

function VERBS.schema(call)
  local kinds = require "moonpool.shape.kinds"
  local kind = kinds.named(kinds.find(call.types), call.rest[1])
  io.stdout:write(require("moonpool.shape.encode").json(kind.type.shape:json_schema()))
  return 0
end

--- Runs the command.
---@param arguments string[] what stands behind `moonpool yaml`
---@return integer exit_code
function M.run(arguments)
  local is_right, call = pcall(parse, arguments)
  if not is_right then
    say(("moonpool yaml: %s\nhint: `moonpool yaml --help` shows how it is used"):format(call))
    return WRONG_USAGE
  end
  local is_done, result = pcall(VERBS[call.verb], call)
  if is_done then
    return result
  end
  if require("moonpool.core").is_error(result) then
    result = result.message .. (result.hint and "\nhint: " .. result.hint or "")
  end
  say("moonpool yaml: " .. tostring(result))
  return WRONG_USAGE
end

return M
