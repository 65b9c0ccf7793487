--- Reads a database's catalogs into the description of a schema: what `moonpool schema generate` writes, and what
--- moonpool.schema.define takes.

local mp = require "moonpool"
local core = require "moonpool.core"
local catalog = require "moonpool.schema.catalog"
local relations = require "moonpool.schema.relations"

local M = {}

---@class moonpool.schema.Column
---@field [1] string its name
---@field [2] string its type
---@field modifier? string "(10,2)"
---@field base? string a domain's type below it
---@field not_null? boolean
---@field default? string
---@field identity? "always"|"by default"
---@field generated? boolean
---@field comment? string

---@class moonpool.schema.Table
---@field kind? string nil: an ordinary table
---@field comment? string
---@field columns moonpool.schema.Column[]
---@field primary_key? string[]
---@field unique? table<string, string[]>
---@field relations? table<string, moonpool.schema.Relation>
---@field fingerprint string

---@class moonpool.schema.Description
---@field name string
---@field schema string
---@field enums table<string, string[]>
---@field tables table<string, moonpool.schema.Table>

---@class moonpool.schema.ReadOptions
---@field schema string
---@field tables? string[] names or patterns with * and ?; all tables but partitions and the ledgers of migrations

local KINDS = { p = "partitioned table", v = "view", m = "materialized view", f = "foreign table" }

local IDENTITIES = { a = "always", d = "by default" }

-- Where tools for migrations keep what they have applied.
local LEDGERS = { __diesel_schema_migrations = true, moonpool_migrations = true }

---@param message string
---@param hint? string
local function refuse(message, hint)
  error(mp.error { kind = "usage", message = message, hint = hint })
end

---@param name string
---@param names string[]
---@return string?
local function did_you_mean(name, names)
  local nearest = core.nearest_name(name, names)
  return nearest and ("did you mean %q?"):format(nearest)
end

---@param pattern string with * for anything and ? for one character
---@return string pattern of Lua
local function lua_pattern(pattern)
  local text = pattern:gsub("[^%w*?\128-\255]", "%%%0"):gsub("%*", ".*"):gsub("%?", function()
    return utf8.charpattern
  end)
  return "^" .. text .. "$"
end

---@param all table[] rows of catalog.TABLES
---@param patterns string[]
---@return table[]
local function choose(all, patterns)
  local is_chosen, names, chosen = {}, {}, {}
  for i, row in ipairs(all) do
    names[i] = row.name
  end
  for _, pattern in ipairs(patterns) do
    local has_match, wanted = false, lua_pattern(pattern)
    for _, name in ipairs(names) do
      if name:find(wanted) then
        is_chosen[name], has_match = true, true
      end
    end
    if not has_match then
      refuse(("there is no table %q"):format(pattern), did_you_mean(pattern, names))
    end
  end
  for _, row in ipairs(all) do
    chosen[#chosen + 1] = is_chosen[row.name] and row or nil
  end
  return chosen
end

---@param all table[]
---@return table[]
local function leave_out_the_usual(all)
  local chosen = {}
  for _, row in ipairs(all) do
    if not row.is_partition and not LEDGERS[row.name] then
      chosen[#chosen + 1] = row
    end
  end
  return chosen
end

---@param tx moonpool.Database
---@param schema string
local function check_schema(tx, schema)
  local names = tx:value("select array(select nspname::text from pg_catalog.pg_namespace order by nspname)")
  for _, name in ipairs(names) do
    if name == schema then
      return
    end
  end
  refuse(("the database has no schema %q"):format(schema), did_you_mean(schema, names))
end

--- What format_type puts between brackets: "(10,2)" of "numeric(10,2)[]", "(3)" of "timestamp(3) with time zone".
---@param full string
---@param bare string the same without a modifier
---@return string?
local function modifier_between(full, bare)
  local at = 1
  while at <= #full and full:byte(at) == bare:byte(at) do
    at = at + 1
  end
  return full:match("%b()", at)
end

--- A column as a description has it.
---@param row table of catalog.COLUMNS
---@return moonpool.schema.Column
function M.column(row)
  local type = row.element .. (row.is_array and "[]" or "")
  return {
    row.name,
    row.domain or type,
    base = row.domain and type or nil,
    modifier = modifier_between(row.full_type, row.bare_type),
    not_null = row.is_not_null or nil,
    default = row.text,
    identity = IDENTITIES[row.identity],
    generated = row.is_generated or nil,
    comment = row.comment,
  }
end

---@param columns string[] with the mark of mp.array
---@return string[]
local function plain(columns)
  return table.move(columns, 1, #columns, 1, {})
end

---@param description moonpool.schema.Description
---@param rows table[] of catalog.COLUMNS
local function add_columns(description, rows)
  for _, row in ipairs(rows) do
    local columns = description.tables[row.table].columns
    columns[#columns + 1] = M.column(row)
    if row.labels then
      description.enums[row.element] = plain(row.labels)
    end
  end
end

---@param tables table<string, moonpool.schema.Table>
---@param rows table[] of catalog.KEYS
local function add_keys(tables, rows)
  for _, row in ipairs(rows) do
    local described = tables[row.table]
    if row.is_primary then
      described.primary_key = plain(row.columns)
    else
      described.unique = described.unique or {}
      described.unique[row.name] = plain(row.columns)
    end
  end
end

---@param tx moonpool.Database
---@param options moonpool.schema.ReadOptions
---@return table[] rows of catalog.TABLES
local function find_tables(tx, options)
  local all = tx:query(catalog.TABLES, options.schema)
  if options.tables then
    return choose(all, options.tables)
  end
  return leave_out_the_usual(all)
end

---@param tx moonpool.Database
---@param options moonpool.schema.ReadOptions
---@return moonpool.schema.Description without its name
local function describe(tx, options)
  local schema, names = options.schema, mp.array {}
  local description = { schema = schema, enums = {}, tables = {} }
  for i, row in ipairs(find_tables(tx, options)) do
    names[i] = row.name
    description.tables[row.name] = { kind = KINDS[row.kind], comment = row.comment, columns = {} }
  end
  if not options.tables then
    for _, row in ipairs(tx:query(catalog.ENUMS, schema)) do
      description.enums[row.name] = plain(row.labels)
    end
  end
  add_columns(description, tx:query(catalog.COLUMNS, schema, names))
  add_keys(description.tables, tx:query(catalog.KEYS, schema, names))
  relations.add(description.tables, tx:query(catalog.FOREIGN_KEYS, schema, names))
  for _, row in ipairs(tx:query(catalog.FINGERPRINTS, schema, names)) do
    description.tables[row.name].fingerprint = row.fingerprint
  end
  return description
end

--- Describes a schema, as it is at one moment. Raises errors of kind `usage` when there is no such schema or table.
---@param db moonpool.Database a pool or a connection
---@param options moonpool.schema.ReadOptions
---@return moonpool.schema.Description description without its name
function M.describe(db, options)
  return db:transaction({ isolation = "repeatable read", read_only = true }, function(tx)
    check_schema(tx, options.schema)
    -- Defaults name what is in the schema without it, whatever the role's search_path is.
    tx:exec("select pg_catalog.set_config('search_path', $1, true)",
      core.quote_identifier(options.schema) .. ", pg_temp")
    return describe(tx, options)
  end)
end

return M
