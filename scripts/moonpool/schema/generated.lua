--- The file that was generated before: where it is, how it was made, and whether it is stale.

local mp = require "moonpool"
local file = require "moonpool.schema.file"
local write = require "moonpool.schema.write"

local M = {}

---@param message string
---@param hint? string
local function refuse(message, hint)
  error(mp.error { kind = "usage", message = message, hint = hint })
end

---@param text string
---@return boolean
local function is_generated(text)
  return text:sub(1, #write.FIRST_LINE) == write.FIRST_LINE
end

--- The only generated scripts/*/schema.lua of the project.
---@return string path
---@return string text
local function find_only()
  local scripts, folders = file.find_scripts()
  local found, texts = {}, {}
  for _, folder in ipairs(folders or {}) do
    local path = ("%s/%s/schema.lua"):format(scripts, folder)
    local text = file.read(path)
    if text and is_generated(text) then
      found[#found + 1], texts[#texts + 1] = path, text
    end
  end
  if #found == 0 then
    refuse("where to write the schema's file?", "say it the first time: --out scripts/<your folder>/schema.lua")
  elseif #found > 1 then
    refuse(("there are several generated files: %s"):format(table.concat(found, ", ")), "choose one by --out")
  end
  return found[1], texts[1]
end

--- Where to write, and what is there now. A file that was not generated is not overwritten.
---@param out? string what was asked for
---@return string path "-" for standard output
---@return string? text nil: there is no file yet
function M.find(out)
  if not out then
    return find_only()
  end
  local text = out ~= "-" and file.read(out) or nil
  if text and not is_generated(text) then
    refuse(("%s was not generated, so it is not overwritten"):format(out), "remove it first, or take another file")
  end
  return out, text
end

--- The string of Lua behind a pattern; nil when there is none.
---@param text string
---@param pattern string
---@return string?
local function string_behind(text, pattern)
  local literal = text:match(pattern .. '("[^\n]*"),?\n')
  local chunk = literal and load("return " .. literal, "=generated", "t", {})
  local is_read, value = pcall(chunk or error)
  return is_read and type(value) == "string" and value or nil
end

--- What a file was made with.
---@param text string
---@return { name?: string, schema?: string, tables?: string }
function M.options_of(text)
  return {
    name = string_behind(text, "\n  name = "),
    schema = string_behind(text, "\n  schema = "),
    tables = string_behind(text, "\n%-%- Only the tables "),
  }
end

--- The name for a file's annotations: that of its folder, or else of the schema.
---@param path string
---@param schema string
---@return string
function M.name_for(path, schema)
  local folder = path:match("([%w_]+)/[^/]*$")
  local name = folder or schema:gsub("[^%w_]", "_")
  return (name:gsub("^%d", "_%0"))
end

---@param text string
---@return fun(): string?
local function lines_of(text)
  return text:gmatch("([^\n]*)\n")
end

--- Tells the first line in which two texts differ.
---@param path string
---@param old? string
---@param new string
---@return string
function M.how_stale(path, old, new)
  local hint = "\nhint: moonpool schema generate --out " .. path
  if not old then
    return ("there is no %s"):format(path) .. hint
  end
  local next_old, next_new, number = lines_of(old), lines_of(new), 0
  local line_old, line_new
  repeat
    line_old, line_new, number = next_old(), next_new(), number + 1
  until line_old ~= line_new or not line_old
  return ("%s is not what the database is now\n%s:%d has:   %s\nit would be: %s")
    :format(path, path, number, line_old or "(the end)", line_new or "(the end)") .. hint
end

return M
