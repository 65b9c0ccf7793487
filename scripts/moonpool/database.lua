--- The methods of a database handle that are made of others: lending a connection, inserting.
---
--- A handle is a pool, a connection that `checkout` lends, or a transaction; all have the same methods. Those that C
--- provides are declared here for editors: see bindings/call_methods.c.

local core = require "moonpool.core"
local lending = require "moonpool.lending"
local source = require "moonpool.query.source"

---@alias moonpool.Statement string|moonpool.BuiltStatement|moonpool.Expression SQL, or what the query builder makes

---@class moonpool.Database
---@field query fun(self, sql: moonpool.Statement, ...): moonpool.Rows all rows
---@field one fun(self, sql: moonpool.Statement, ...): table exactly one row, or an error of kind "rows"
---@field first fun(self, sql: moonpool.Statement, ...): table? the first row, or nil
---@field value fun(self, sql: moonpool.Statement, ...): any the single column of the single row; nil without a row
---@field exec fun(self, sql: moonpool.Statement, ...): integer the number of rows that were changed or returned
---@field script fun(self, sql: string) runs several statements, without parameters
---@field with fun(self, options: moonpool.WithOptions): moonpool.Database the same under other settings
---@field kind fun(self): "pool"|"connection"|"transaction"
---@field close fun(self) closes a pool for good, gives a connection back
local Database = core.methods

---@class moonpool.Rows a list of rows
---@field columns string[]
---@field count integer

---@class moonpool.WithOptions
---@field rows? "tables"|"arrays" rows by column name, or by position with mp.null for NULL
---@field timeout? number seconds after which a statement is cancelled on the server
---@field batch? integer rows that a loop of `each` holds at a time (500), at most 100000

local function usage(message, hint)
  error(core.error { kind = "usage", message = message, hint = hint })
end

--- Calls fn with a connection of its own, and gives that back however fn ends: rolled back, and reset to what a new
--- session is like. On a connection or a transaction, fn gets just that.
---@generic T
---@param fn fun(connection: moonpool.Database): T
---@return T ... what fn returns
function Database:checkout(fn)
  if type(fn) ~= "function" then
    usage("the argument of checkout is a " .. type(fn) .. "; expected a function")
  end
  if self:kind() ~= "pool" then
    core.check(self)
    return fn(self)
  end
  return lending.lend(self, fn)
end

---@param rows table[]
---@return string[] columns of all rows, sorted
local function columns_of(rows)
  local seen, columns = {}, {}
  for i, row in ipairs(rows) do
    if type(row) ~= "table" then
      usage(("row %d of insert is a %s; expected a table of column = value"):format(i, type(row)))
    end
    for name in pairs(row) do
      if type(name) ~= "string" then
        usage(("row %d of insert has the key %s; expected names of columns"):format(i, tostring(name)))
      end
      if not seen[name] then
        seen[name] = true
        columns[#columns + 1] = name
      end
    end
  end
  table.sort(columns)
  return columns
end

--- "schema.table" is two identifiers.
local function quote_table(name)
  local parts = {}
  for part in name:gmatch("[^.]+") do
    parts[#parts + 1] = core.quote_identifier(part)
  end
  return table.concat(parts, ".")
end

local function quote_all(names)
  local quoted = {}
  for i, name in ipairs(names) do
    quoted[i] = core.quote_identifier(name)
  end
  return table.concat(quoted, ", ")
end

--- One statement for rows that all have the same columns; a column that a row does not name gets its default.
local function insert_statement(name, columns, rows)
  local parameters, tuples = {}, {}
  for i, row in ipairs(rows) do
    local tuple = {}
    for j, column in ipairs(columns) do
      if row[column] == nil then
        tuple[j] = "default"
      else
        parameters[#parameters + 1] = row[column]
        tuple[j] = "$" .. #parameters
      end
    end
    tuples[i] = "(" .. table.concat(tuple, ", ") .. ")"
  end
  local sql = ("insert into %s (%s) values %s returning *")
    :format(quote_table(name), quote_all(columns), table.concat(tuples, ", "))
  return sql, parameters
end

--- Inserts one row, or a list of rows in one statement, and returns what the table then holds: defaults and all.
---@param name string|moonpool.Table the table, or "schema.table"; one of a generated schema checks the row
---@param row table<string, any>|table[] column = value; mp.null for NULL
---@return table row, or list of rows
function Database:insert(name, row)
  if source.is(name) then
    local insert = name:insert(row):returning()
    return type(row) == "table" and row[1] ~= nil and self:query(insert) or self:one(insert)
  end
  if type(name) ~= "string" or name == "" then
    usage("the table of insert is " .. (name == "" and "empty" or "a " .. type(name)) .. "; expected its name")
  end
  if type(row) ~= "table" then
    usage("the row of insert is a " .. type(row) .. "; expected a table of column = value")
  end
  local is_list = row[1] ~= nil
  if not is_list and next(row) == nil then
    return self:one("insert into " .. quote_table(name) .. " default values returning *")
  end
  local rows = is_list and row or { row }
  local columns = columns_of(rows)
  if #columns == 0 then
    usage("the rows of insert have no columns")
  end
  local sql, parameters = insert_statement(name, columns, rows)
  if is_list then
    return self:query(sql, table.unpack(parameters))
  end
  return self:one(sql, table.unpack(parameters))
end

return Database
