--- Tables as `moonpool schema generate` has described them, as objects that begin queries.
---
---     local schema = require "app.schema"
---     db:query(schema.users:where { email = "ada@example.org" })

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local names = require "moonpool.schema.names"
local source = require "moonpool.query.source"
local types = require "moonpool.query.types"
require "moonpool.query" -- gives tables their methods

local M = {}

--- A table's name leads to the table.
---@class moonpool.Schema
---@field tables table<string, moonpool.Table> the same, also where a name is taken
---@field enums table<string, string[]> labels, in their order

local DESCRIPTION = {} -- the key under which a schema keeps its description

--- How a cast names a type of the described schema, which need not be in search_path.
local function sql_of(description, name)
  if description.schema == "public" or name:find(".", 1, true) then
    return types.named(name).sql
  end
  return core.quote_identifier(description.schema) .. "." .. core.quote_identifier(name)
end

--- The type of a column, by the schema's own enums and the base of a domain.
local function type_of(description, column)
  local name = column[2]
  local element = name:match("^(.*)%[%]$")
  local labels = description.enums[element or name]
  if labels then
    local enum = types.enum(element or name, labels)
    enum.sql = sql_of(description, element or name)
    return element and types.array_of(enum) or enum
  end
  if column.base then
    local base = type_of(description, { column[1], column.base })
    return setmetatable({ sql = sql_of(description, name) }, { __index = base })
  end
  return types.named(name)
end

--- kinds: the types that were made before, since columns of one type can be compared at once.
local function columns_of(kinds, description, table_description)
  local columns = {}
  for i, column in ipairs(table_description.columns) do
    local key = column[2] .. "\0" .. (column.base or "")
    kinds[key] = kinds[key] or type_of(description, column)
    columns[i] = { name = column[1], type = kinds[key], not_null = column.not_null, description = column }
  end
  return columns
end

local function make_table(schema, kinds, description, name)
  local entry = description.tables[name]
  local quoted = core.quote_identifier(name)
  local base = description.schema == "public" and quoted
    or core.quote_identifier(description.schema) .. "." .. quoted
  local record = {
    kind = "table", alias = name, name = name, schema = schema, description = entry,
    base_text = base, text = base == quoted and base or base .. " as " .. quoted,
  }
  local handle = source.make(record, columns_of(kinds, description, entry))
  source.add_excluded(handle)
  return handle
end

local function raise_no_table(description, name)
  complain.usage(("the schema has no table %s"):format(complain.show(name)),
    complain.hint(name, names.sorted(description.tables), "it has"))
end

local function enums_of(description)
  return setmetatable({}, {
    __index = function(_, name)
      return description.enums[name] or complain.usage(("the schema has no enum %s"):format(complain.show(name)),
        complain.hint(name, names.sorted(description.enums), "it has"))
    end,
    __pairs = function() return next, description.enums, nil end,
  })
end

--- Makes a schema of its description. A table is made when it is first asked for.
---@param description { name?: string, schema: string, enums: table<string, string[]>, tables: table<string, table> }
---@return moonpool.Schema
function M.define(description)
  local kinds = {}
  local schema = { [DESCRIPTION] = description, enums = enums_of(description) }
  local function find(tables, name)
    if not description.tables[name] then
      raise_no_table(description, name)
    end
    local made = make_table(schema, kinds, description, name)
    rawset(tables, name, made)
    return made
  end
  schema.tables = setmetatable({}, { __index = find, __pairs = function(tables)
    for name in pairs(description.tables) do
      local _ = tables[name]
    end
    return next, tables, nil
  end })
  return setmetatable(schema, {
    __name = "moonpool.Schema",
    __index = function(_, name) return schema.tables[name] end,
  })
end

--- What a schema was made of.
---@param schema moonpool.Schema
---@return table
function M.describe(schema)
  return schema[DESCRIPTION]
end

return M
