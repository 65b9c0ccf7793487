--- What a query can read from: tables and their aliases, queries with a name, lists of rows, functions that give rows.
---
--- A script sees all of them as a moonpool.Table: its columns are fields, its methods begin queries.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local expression = require "moonpool.query.expression"
local types = require "moonpool.query.types"

local usage = complain.usage
local quote = core.quote_identifier

--- Each method of a query is one of a table, on the query for all its rows.
---@class moonpool.Table: moonpool.Query
---@field c table<string, moonpool.Column> its columns, whatever they are called
---@field r table<string, moonpool.Relation> its relations
---@field excluded moonpool.Derived the row that was to be inserted, in do_update
local Table = {}

--- A table whose columns only the script knows: a query with a name, rows, a function.
---@class moonpool.Derived: moonpool.Table
---@field [string] moonpool.Column

---@class moonpool.Relation
---@field name string
---@field kind "belongs_to"|"has_many"|"has_one"
---@field table string the other table
---@field on string[][] pairs of columns: ours, theirs

--- What is behind a moonpool.Table; that is no place for it, since its fields are columns.
---@class moonpool.query.Source
---@field kind "table"|"cte"|"query"|"rows"|"call"|"fragment"|"excluded"
---@field alias string
---@field quoted string the alias, quoted
---@field columns moonpool.Column[]
---@field by_name table<string, moonpool.Column>
---@field names string[]
---@field schema? moonpool.Schema of a table
---@field description? table of a table, as the schema file has it
---@field text? string what FROM says for it, if that is always the same
---@field handle moonpool.Table
---@field fields table<string, any> what the handle has besides its methods

local METATABLES = setmetatable({}, { __mode = "k" }) -- of all handles
local RELATION = { __name = "moonpool.Relation" }

local M = { Table = Table }

---@param value any
---@return boolean
function M.is(value)
  local metatable = getmetatable(value)
  return metatable ~= nil and METATABLES[metatable] == true
end

---@param value any
---@return boolean
function M.is_relation(value)
  return getmetatable(value) == RELATION
end

--- The record behind a moonpool.Table.
---@param value moonpool.Table
---@return moonpool.query.Source
function M.of(value)
  return value._source
end

---@param source moonpool.query.Source
---@param name any
function M.raise_no_column(source, name)
  usage(("%s has no column %s"):format(source.alias, complain.show(name)), complain.hint(name, source.names))
end

--- The column of that name, or an error with the nearest one.
---@param source moonpool.query.Source
---@param name any
---@return moonpool.Column
function M.column(source, name)
  return source.by_name[name] or M.raise_no_column(source, name)
end

local function make_column(source, name, kind, not_null, description)
  return expression.make {
    kind = "column", source = source, name = name, type = kind, not_null = not_null or false,
    sql = source.quoted .. "." .. quote(name), quoted = quote(name), description = description or false,
  }
end

local function index_relation(source)
  return function(relations, name)
    local description = source.description
    local found = description and description.relations and description.relations[name]
    if not found then
      local names = {}
      for other in pairs(description and description.relations or {}) do
        names[#names + 1] = other
      end
      table.sort(names)
      usage(("%s has no relation %s"):format(source.alias, complain.show(name)), complain.hint(name, names))
    end
    local relation = setmetatable({
      name = name, kind = found.kind, table = found.table, on = found.on, source = source,
    }, RELATION)
    rawset(relations, name, relation)
    return relation
  end
end

local FIELDS = { _source = true, c = true, r = true, excluded = true }

--- Has every table something of its own by that name, so that a column is reached by `c` only?
---@param name string
---@return boolean
function M.is_taken(name)
  return FIELDS[name] or rawget(Table, name) ~= nil
end

local function refuse_change()
  usage("a table of the schema cannot be changed")
end

--- What is neither a column nor a method may be meant as either.
local function raise_no_member(source, name)
  local methods = {}
  for method in pairs(Table) do
    methods[#methods + 1] = method
  end
  local nearest = type(name) == "string" and core.nearest_name(name, methods)
  if nearest and not core.nearest_name(name, source.names) then
    usage(("%s has no column or method %s"):format(source.alias, complain.show(name)),
      ("did you mean %s?"):format(nearest))
  end
  M.raise_no_column(source, name)
end

--- An object without fields of its own, so that none can be set: it has those of the table behind it, and else methods.
local function guard(source, fields)
  setmetatable(fields, { __index = function(_, name)
    local method = Table[name]
    if method ~= nil then
      return method
    end
    return raise_no_member(source, name)
  end })
  local metatable = {
    __name = "moonpool.Table", __index = fields, __newindex = refuse_change,
    __tostring = function() return source.alias end,
  }
  METATABLES[metatable] = true
  return setmetatable({}, metatable)
end

--- Columns are fields of the handle, unless it has a method of that name.
local function make_handle(source)
  local columns = setmetatable({}, { __index = function(_, name) M.raise_no_column(source, name) end })
  local fields = {
    _source = source,
    c = setmetatable({}, { __index = columns, __newindex = refuse_change }),
    r = setmetatable({}, { __index = index_relation(source) }),
  }
  for _, column in ipairs(source.columns) do
    columns[column.name] = column
    if not M.is_taken(column.name) then
      fields[column.name] = column
    end
  end
  source.fields = fields
  return guard(source, fields)
end

--- Makes a source with its handle.
---@param source table kind, alias, and what its kind needs
---@param columns { name: string, type: moonpool.query.Type|false, not_null?: boolean, description?: table }[]
---@return moonpool.Table
function M.make(source, columns)
  source.quoted = quote(source.alias)
  source.columns, source.by_name, source.names = {}, {}, {}
  for i, column in ipairs(columns) do
    local node = make_column(source, column.name, column.type, column.not_null, column.description)
    source.columns[i] = node
    source.by_name[column.name] = node
    source.names[i] = column.name
  end
  source.handle = make_handle(source)
  return source.handle
end

--- Columns of another source, to make one of its like.
local function columns_like(source)
  local columns = {}
  for i, column in ipairs(source.columns) do
    columns[i] = {
      name = column.name, type = column.type, not_null = column.not_null, description = column.description,
    }
  end
  return columns
end

--- The same table, or CTE, under another name: for joins with itself.
---@generic T: moonpool.Table
---@param self T
---@param alias string
---@return T
function Table:as(alias)
  local source = M.of(self)
  expression.check_name(alias, "the alias")
  local copy = {}
  for key, value in pairs(source) do
    copy[key] = value
  end
  copy.alias = alias
  copy.query_start, copy.select_all, copy.all_text, copy.outputs = nil, nil, nil, nil
  if source.text then
    copy.text = source.base_text .. " as " .. quote(alias)
  end
  local handle = M.make(copy, columns_like(source))
  if source.kind == "table" then
    M.add_excluded(handle)
  end
  return handle
end

--- What ON CONFLICT DO UPDATE calls `excluded`.
---@param handle moonpool.Table
function M.add_excluded(handle)
  local source = M.of(handle)
  local excluded = M.make({ kind = "excluded", alias = "excluded", of = source }, columns_like(source))
  source.fields.excluded = excluded
end

--- "name type" of a column that nothing describes.
local function declared(text)
  local name, kind = nil, nil
  if type(text) == "string" then
    name, kind = text:match("^%s*(%S+)%s*(.-)%s*$")
  end
  if not name then
    usage(("the column is %s; expected its name and type, such as \"total int8\""):format(complain.show(text)))
  end
  return { name = expression.check_name(name, "the column"), type = kind ~= "" and types.parse(kind) }
end

--- Reads { "id int8", "name text" }.
---@param list any
---@param what string
---@return table[]
function M.declare(list, what)
  if type(list) ~= "table" or #list == 0 then
    usage(("the columns of %s are a %s; expected a list such as { \"id int8\", \"name text\" }")
      :format(what, type(list) == "table" and "list without elements" or complain.type_name(list)))
  end
  local columns, seen = {}, {}
  for i = 1, #list do
    columns[i] = declared(list[i])
    if seen[columns[i].name] then
      usage(("%s has two columns %s"):format(what, complain.show(columns[i].name)))
    end
    seen[columns[i].name] = true
  end
  return columns
end

return M
