--- Names for foreign keys, in both directions. docs/schema.md tells the rules to users.

local names = require "moonpool.schema.names"

local M = {}

---@class moonpool.schema.ForeignKey
---@field name string the constraint's
---@field table string
---@field columns string[]
---@field other string the table that is referred to
---@field other_columns string[]

---@class moonpool.schema.Relation
---@field kind "belongs_to"|"has_many"|"has_one"
---@field table string the other one
---@field on string[][] pairs of columns: this table's, the other one's
---@field constraint string

--- A column's name without its ending: "organization_id" and "organizationId" give "organization".
---@param column string
---@return string? stem nil when there is no such ending
local function stem_of(column)
  return column:match("^(.+)_id$") or column:match("^(.*%l)Id$")
end

---@param key moonpool.schema.ForeignKey
---@return string
local function name_forth(key)
  local column = key.columns[1]
  if #key.columns > 1 or column == "id" then
    return key.other
  end
  return stem_of(column) or ("%s_%s"):format(column, key.other)
end

---@param key moonpool.schema.ForeignKey
---@param is_only boolean no other foreign key leads from that table to this one
---@return string
local function name_back(key, is_only)
  if is_only then
    return key.table
  end
  local stem = #key.columns == 1 and stem_of(key.columns[1]) or table.concat(key.columns, "_")
  return ("%s_by_%s"):format(key.table, stem)
end

---@param left string[]
---@param right string[]
---@return string[][]
local function pairs_of(left, right)
  local on = {}
  for i, column in ipairs(left) do
    on[i] = { column, right[i] }
  end
  return on
end

---@param columns string[]
---@param set table<string, boolean>
---@return boolean
local function are_in(columns, set)
  for _, column in ipairs(columns) do
    if not set[column] then
      return false
    end
  end
  return true
end

--- Whether a table has at most one row for each value of some columns.
---@param described moonpool.schema.Table
---@param columns string[]
---@return boolean
local function is_unique(described, columns)
  local set = {}
  for _, column in ipairs(columns) do
    set[column] = true
  end
  if described.primary_key and are_in(described.primary_key, set) then
    return true
  end
  for _, key in pairs(described.unique or {}) do
    if are_in(key, set) then
      return true
    end
  end
  return false
end

---@param keys moonpool.schema.ForeignKey[]
---@return table<string, integer> counts of foreign keys by the two tables
local function count_pairs(keys)
  local counts = {}
  for _, key in ipairs(keys) do
    local pair = key.table .. "\0" .. key.other
    counts[pair] = (counts[pair] or 0) + 1
  end
  return counts
end

--- The relations of each table before they have their final names, in the order of the constraints.
---@return table<string, { name: string, relation: moonpool.schema.Relation }[]>
local function wish(tables, keys)
  local counts, wishes = count_pairs(keys), {}
  for name in pairs(tables) do
    wishes[name] = {}
  end
  local function add(to, name, kind, other, on, constraint)
    local list = wishes[to]
    list[#list + 1] = { name = name, relation = { kind = kind, table = other, on = on, constraint = constraint } }
  end
  for _, key in ipairs(keys) do
    add(key.table, name_forth(key), "belongs_to", key.other, pairs_of(key.columns, key.other_columns), key.name)
    local is_only = counts[key.table .. "\0" .. key.other] == 1
    add(key.other, name_back(key, is_only), is_unique(tables[key.table], key.columns) and "has_one" or "has_many",
      key.table, pairs_of(key.other_columns, key.columns), key.name)
  end
  return wishes
end

--- Names that two relations want, or that a column has, go to nobody: these relations are named by their constraints.
---@param described moonpool.schema.Table
---@param wishes { name: string, relation: moonpool.schema.Relation }[]
---@return table<string, moonpool.schema.Relation>?
local function settle(described, wishes)
  local counts, taken, relations = {}, {}, {}
  for _, column in ipairs(described.columns) do
    counts[column[1]] = 1
    taken[column[1]] = true
  end
  for _, wanted in ipairs(wishes) do
    counts[wanted.name] = (counts[wanted.name] or 0) + 1
  end
  for _, wanted in ipairs(wishes) do
    if counts[wanted.name] == 1 then
      relations[names.unique(wanted.name, taken)] = wanted.relation
    end
  end
  for _, wanted in ipairs(wishes) do
    if counts[wanted.name] > 1 then
      relations[names.unique(wanted.name .. "_" .. wanted.relation.constraint, taken)] = wanted.relation
    end
  end
  return next(relations) and relations
end

--- Gives each described table its relations.
---@param tables table<string, moonpool.schema.Table>
---@param keys moonpool.schema.ForeignKey[] between these tables, in the order of tables and constraints
function M.add(tables, keys)
  local wishes = wish(tables, keys)
  for name, described in pairs(tables) do
    described.relations = settle(described, wishes[name])
  end
end

return M
