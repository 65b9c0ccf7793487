--- The folder of migrations, in Diesel's layout: `<time>_<title>/up.sql` and, where it can be undone, `down.sql`.

local mp = require "moonpool"
local core = require "moonpool.core"

local M = {}

---@class moonpool.migrate.Migration
---@field version string the time of the name, without its hyphens: what the ledger keeps
---@field name string the folder's name
---@field path string the folder
---@field has_down boolean

local UPWARD_MAX = 64 -- folders above the current one that are looked through

local VERSION_MAX = 50 -- the ledger's column

local UP_TEXT = [[
-- What this migration is for.
]]

local DOWN_TEXT = [[
-- Undoes everything of up.sql.
]]

---@param message string
---@param hint? string
---@param file? string
local function refuse(message, hint, file)
  error(mp.error { kind = "migration", message = message, hint = hint, file = file })
end

--- Reads a whole file.
---@param path string
---@return string? text nil when there is none
function M.read_file(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text, message = file:read("a")
  file:close()
  if not text then refuse(("%s cannot be read: %s"):format(path, message)) end
  return text
end

---@param path string
---@param text string
local function write_file(path, text)
  local file, message = io.open(path, "wb")
  if not file then return refuse(("%s cannot be written: %s"):format(path, message)) end
  local is_written = file:write(text)
  local is_closed = file:close()
  if not (is_written and is_closed) then refuse(path .. " cannot be written: is the disk full?") end
end

--- Finds the nearest `migrations/` from the current folder upward.
---@return string? path
function M.find()
  local above = ""
  for _ = 1, UPWARD_MAX do
    if core.list_folder(above .. "migrations") then return above .. "migrations" end
    above = above .. "../"
  end
  return nil
end

---@param folder string
---@param name string
---@param files string[]
---@return moonpool.migrate.Migration
local function migration_of(folder, name, files)
  local path = folder .. "/" .. name
  local has = {}
  for _, file in ipairs(files) do has[file] = true end
  local version = name:match("^[^_]*"):gsub("-", "")
  if not version:find("^%d+$") or #version > VERSION_MAX then
    refuse(("the migration folder %s does not begin with a time"):format(path),
      "name it like 2026-01-31-120000_add_users; `moonpool migrate new <title>` makes one")
  end
  if not has["up.sql"] then
    refuse(("the migration folder %s has no up.sql"):format(path), "write it, or remove the folder")
  end
  return { version = version, name = name, path = path, has_down = has["down.sql"] or false }
end

--- Reads the migrations of a folder in the order of their versions. Files beside the folders, and hidden folders, are
--- passed over.
---@param folder string
---@return moonpool.migrate.Migration[] migrations
---@return table<string, moonpool.migrate.Migration> by_version
function M.read(folder)
  local names = core.list_folder(folder)
  if not names then
    return refuse("there is no folder " .. folder, "`moonpool migrate new <title>` makes it with a first migration")
  end
  local migrations, by_version = {}, {}
  for _, name in ipairs(names) do
    local files = name:sub(1, 1) ~= "." and core.list_folder(folder .. "/" .. name)
    if files then
      local migration = migration_of(folder, name, files)
      local other = by_version[migration.version]
      if other then refuse(("%s and %s have the same version, %s"):format(other.name, name, other.version)) end
      by_version[migration.version] = migration
      migrations[#migrations + 1] = migration
    end
  end
  table.sort(migrations, function(a, b) return a.version < b.version end)
  return migrations, by_version
end

---@param path string
local function make_folder(path)
  local is_made, message = core.make_folder(path)
  if not is_made then refuse(message) end
end

--- Makes a new migration with two files to fill in.
---@param folder string made when it is not there
---@param title string words, separated by blanks, hyphens or underscores
---@return string path of the new migration
function M.create(folder, title)
  local slug = title:lower():gsub("[%s%-_]+", "_"):gsub("^_", ""):gsub("_$", "")
  if not slug:find("^[%w_]+$") then
    error(mp.error {
      kind = "usage",
      message = ("the title must be of letters, digits, blanks, hyphens and underscores, not %q"):format(title),
      hint = "for example: moonpool migrate new add users",
    })
  end
  if not core.list_folder(folder) then make_folder(folder) end
  local path = ("%s/%s_%s"):format(folder, os.date("!%Y-%m-%d-%H%M%S"), slug)
  make_folder(path)
  write_file(path .. "/up.sql", UP_TEXT)
  write_file(path .. "/down.sql", DOWN_TEXT)
  return path
end

return M
