--- Versions in the database. What is written is checked before, and each write is one statement that finds out the
--- number by itself: of two writers at once the second waits for the first, and gets the next number.

local mp = require "moonpool"
local document = require "buster.types.document"
local schema = require "buster.schema"
local version_history = require "buster.types.version_history"

local M = {}

--- The table of each kind of file; whether its name repeats that of the content, and whether the content is text.
local FILES = {
  metric = { table = schema.metric_files, has_name = true },
  dashboard = { table = schema.dashboard_files, has_name = true },
  report = { table = schema.report_files, is_text = true },
}

local LATEST = [[
  (select max(key::int) from jsonb_object_keys($history) key where key ~ '^[1-9][0-9]{0,8}$')
]]

local ENTRY = [[
  $history || (
    select jsonb_build_object(number::text, jsonb_build_object(
      'content', $content::jsonb,
      'updated_at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'version_number', number))
    from (select %s as number) next)
]]

--- The number of what is written: one more than the latest, or the latest.
local NUMBERS = {
  append = ("coalesce(%s, 0) + 1"):format(LATEST),
  replace = ("coalesce(%s, 1)"):format(LATEST),
}

local function file_of(kind)
  return FILES[kind] or version_history.content_type(kind)
end

--- The one statement, with `id`, `content` and, for some kinds, `name` still to be given.
local function make_write(file, verb)
  local files = file.table
  local bound = { history = files.version_history }
  local changes = { version_history = mp.sql(ENTRY:format(NUMBERS[verb])) {
    history = files.version_history, content = mp.param "version",
  }, content = mp.param "content" }
  if file.has_name then
    changes.name = mp.param "name"
  end
  return files:where { id = mp.param "id" }:where(files.deleted_at:is_null()):update(changes)
    :returning(mp.sql(LATEST)(bound):as "number")
end

for _, file in pairs(FILES) do
  file.append, file.replace = make_write(file, "append"), make_write(file, "replace")
end

local function no_file(kind, id)
  error(mp.error { kind = "rows", message = ("there is no %s with the id %s"):format(kind, tostring(id)) })
end

local function write(verb, db, kind, id, content)
  local file, content_type = file_of(kind), version_history.content_type(kind)
  local value = content_type.decode(content)
  local json = file.is_text and value or content_type.to_json(value)
  local arguments = { id = id, content = json, version = mp.json(json) }
  if file.has_name then
    arguments.name = value.name
  end
  local row = db:first(file[verb], arguments)
  return row and row.number or no_file(kind, id)
end

--- Stores a content as the next version of a file, and as the file's content. Raises what is wrong with it.
---@param db moonpool.Database or a transaction
---@param kind buster.types.Kind
---@param id string of the file
---@param content any as its type decodes it
---@return integer number of the version
function M.append(db, kind, id, content)
  return write("append", db, kind, id, content)
end

--- Stores a content in the place of a file's latest version; as version 1 where there is none.
---@param db moonpool.Database
---@param kind buster.types.Kind
---@param id string
---@param content any
---@return integer number
function M.replace_latest(db, kind, id, content)
  return write("replace", db, kind, id, content)
end

-- ---- reading ----

local function entry_of(file, number)
  return mp.sql("$history -> $number::text") { history = file.table.version_history, number = number }:as "entry"
end

for _, file in pairs(FILES) do
  local files = file.table
  local latest = mp.sql(LATEST) { history = files.version_history }
  file.one = files:where { id = mp.param "id" }:select(entry_of(file, mp.param "number"))
  file.latest = files:where { id = mp.param "id" }:select(entry_of(file, latest), latest:as "number")
  file.list = mp.sql [[
    select number::int, (entry ->> 'updated_at')::timestamptz as updated_at
    from $files files cross join jsonb_each(files.version_history) version (number, entry)
    where files.id = $id and number ~ '^[1-9][0-9]{0,8}$' order by number::int
  ]] { files = files }
end

local function read_entry(kind, entry, number)
  if entry == nil or entry == mp.null then
    return nil
  end
  local history, warnings = version_history.decode({ [tostring(number)] = entry }, { kind = kind })
  return version_history.get(history, number), warnings
end

--- One version of a file, of which nothing else is read; nil when there is none. A version that is not as it should be
--- comes as it is stored, with what is wrong.
---@param db moonpool.Database
---@param kind buster.types.Kind
---@param id string
---@param number? integer the latest if absent
---@return table? version
---@return moonpool.shape.Mistake[]? warnings
function M.get(db, kind, id, number)
  local file = file_of(kind)
  local row = db:first(number and file.one or file.latest, { id = id, number = number })
  if not row then
    return no_file(kind, id)
  end
  return read_entry(kind, row.entry, number or row.number)
end

--- The numbers of a file's versions, and when each was written; without what they hold.
---@param db moonpool.Database
---@param kind buster.types.Kind
---@param id string
---@return { number: integer, updated_at: moonpool.Timestamp }[]
function M.list(db, kind, id)
  return db:query(file_of(kind).list, { id = id })
end

--- Stores the content of an old version as the next one. Raises what is wrong with it.
---@param db moonpool.Database
---@param kind buster.types.Kind
---@param id string
---@param number integer
---@return integer number of the new version
function M.restore(db, kind, id, number)
  local version = M.get(db, kind, id, number)
  if not version then
    return document.usage(("the %s has no version %s"):format(kind, tostring(number)))
  end
  return M.append(db, kind, id, version.content)
end

return M
