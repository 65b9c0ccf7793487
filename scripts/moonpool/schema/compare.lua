--- Whether a database still is what a description says: one statement when it is.

local mp = require "moonpool"
local catalog = require "moonpool.schema.catalog"
local names = require "moonpool.schema.names"
local read = require "moonpool.schema.read"

local M = {}

---@param list string[]
---@return string
local function list_of(list)
  local texts = {}
  for i, text in ipairs(list) do
    texts[i] = ("%q"):format(text)
  end
  return #texts > 0 and table.concat(texts, ", ") or "none"
end

---@param column moonpool.schema.Column
---@return string
local function type_of(column)
  local text = column[2] .. (column.modifier or "")
  return column.base and ("%s (%s)"):format(text, column.base) or text
end

---@param column moonpool.schema.Column
---@return string
local function filling_of(column)
  if column.generated then
    return "generated"
  end
  return column.identity and "identity " .. column.identity or "neither identity nor generated"
end

--- Whether an insert has to give the column a value.
---@param column moonpool.schema.Column
---@return boolean
local function is_needed(column)
  return column.not_null == true and column.default == nil and column.identity == nil and not column.generated
end

--- What a column is in words, each with how a sentence begins.
local ASPECTS = {
  { "the type is", type_of },
  { "it is", function(column) return column.not_null and "not null" or "nullable" end },
  { "it is", filling_of },
}

---@param labels string[]
---@param other string[]
---@return boolean
local function are_same(labels, other)
  return #labels == #other and table.concat(labels, "\0") == table.concat(other, "\0")
end

--- The described labels of a column's enum, or of the enum in its array or below its domain.
---@param description moonpool.schema.Description
---@param column moonpool.schema.Column
---@return string[]?
local function labels_of(description, column)
  return description.enums[((column.base or column[2]):gsub("%[%]$", ""))]
end

---@param description moonpool.schema.Description
---@param expected moonpool.schema.Column
---@param row table of catalog.COLUMNS
---@param add fun(text: string)
local function compare_column(description, expected, row, add)
  local found = read.column(row)
  for _, aspect in ipairs(ASPECTS) do
    local is, should_be = aspect[2](found), aspect[2](expected)
    if is ~= should_be then
      add(("%s %s, expected %s"):format(aspect[1], is, should_be))
    end
  end
  if is_needed(found) and not is_needed(expected) and found.not_null == expected.not_null
    and filling_of(found) == filling_of(expected) then
    add("it has no default, expected one")
  end
  local labels = labels_of(description, expected)
  if labels and row.labels and not are_same(labels, row.labels) then
    add(("the labels are %s, expected %s"):format(list_of(row.labels), list_of(labels)))
  end
end

--- Columns that a script does not know are harmless, unless an insert has to give them.
---@param rows table<string, table> rows of catalog.COLUMNS by column
---@param table_name string
---@param add fun(text: string)
local function look_for_needed(rows, table_name, add)
  for _, name in ipairs(names.sorted(rows)) do
    if is_needed(read.column(rows[name])) then
      add(("%s.%s: it is not null without a default, expected no such column"):format(table_name, name))
    end
  end
end

---@param description moonpool.schema.Description
---@param table_name string
---@param rows table<string, table> rows of catalog.COLUMNS by column
---@param differences string[] to add to
local function compare_table(description, table_name, rows, differences)
  local function add(text)
    differences[#differences + 1] = text
  end
  for _, expected in ipairs(description.tables[table_name].columns) do
    local row = rows[expected[1]]
    local place = ("%s.%s: "):format(table_name, expected[1])
    if row then
      compare_column(description, expected, row, function(text) add(place .. text) end)
    else
      add(place .. "there is no such column")
    end
    rows[expected[1]] = nil
  end
  look_for_needed(rows, table_name, add)
end

--- Asks for the fingerprints: the one statement that a database without differences costs.
---@return string[] missing tables that are not there
---@return string[] changed tables with another fingerprint
local function look(db, description)
  local missing, changed, found = {}, mp.array {}, {}
  local all = names.sorted(description.tables)
  for _, row in ipairs(db:query(catalog.FINGERPRINTS, description.schema, mp.array(all))) do
    found[row.name] = row.fingerprint
  end
  for _, name in ipairs(all) do
    if not found[name] then
      missing[#missing + 1] = name
    elseif found[name] ~= description.tables[name].fingerprint then
      changed[#changed + 1] = name
    end
  end
  return missing, changed
end

---@param differences table<string, string[]> to add to
local function compare_changed(db, description, changed, differences)
  local rows = {}
  for _, row in ipairs(db:query(catalog.COLUMNS, description.schema, changed)) do
    rows[row.table] = rows[row.table] or {}
    rows[row.table][row.name] = row
  end
  for _, name in ipairs(changed) do
    local found = {}
    compare_table(description, name, rows[name] or {}, found)
    differences[name] = found[1] and found
  end
end

--- Compares a database with a description: by one statement for all tables, and one more for those whose fingerprints
--- differ. It does not depend on search_path, and works inside of a transaction.
---@param db moonpool.Database a pool, a connection or a transaction
---@param description moonpool.schema.Description
---@return table<string, string[]>? differences in words, by table; nil when none would harm a script
function M.check(db, description)
  db = db:with { rows = "tables" }
  local differences = {}
  local missing, changed = look(db, description)
  for _, name in ipairs(missing) do
    differences[name] = { ("%s: there is no such table"):format(name) }
  end
  if #changed > 0 then
    compare_changed(db, description, changed, differences)
  end
  return next(differences) and differences
end

--- The differences of some tables, in the order of their names.
---@param differences table<string, string[]> as `check` gives them
---@param tables? table<string, boolean> all if absent
---@return string[]
function M.list(differences, tables)
  local list = {}
  for _, name in ipairs(names.sorted(differences)) do
    if not tables or tables[name] then
      table.move(differences[name], 1, #differences[name], #list + 1, list)
    end
  end
  return list
end

return M
