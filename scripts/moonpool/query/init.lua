--- Queries that know the schema: each step is checked at once and returns a new query.
---
---     local users = require("app.schema").users
---     db:query(users:where(users.created_at:gt(since)):order(users.name):limit(10))

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local compose = require "moonpool.query.compose"
local expression = require "moonpool.query.expression"
local fragment = require "moonpool.query.fragment"
local function_ = require "moonpool.query.function"
local run = require "moonpool.query.run"
local select_ = require "moonpool.query.select"
local source = require "moonpool.query.source"
local statement = require "moonpool.query.statement"
local types = require "moonpool.query.types"
local write = require "moonpool.query.write"
require "moonpool.query.arithmetic" -- gives expressions their operators
require "moonpool.query.container" -- and their methods of documents, arrays and ranges
require "moonpool.query.join" -- gives queries their joins

local usage = complain.usage

---@class moonpool.Table
local Table = source.Table
---@class moonpool.Query
local Query = select_.Query

local M = {
  fn = function_.fn,
  case = function_.case,
  rows = function_.rows,
  sql = fragment.sql,
  from_sql = fragment.from_sql,
  cte = compose.cte,
  recursive = compose.recursive,
}

-- ---- a table begins queries ----

--- Each method of a query on the query for all rows.
for name, method in pairs(select_.Query) do
  if name ~= "as" and name ~= "update" and name ~= "delete" then
    Table[name] = function(self, ...)
      return method(select_.start(self._source), ...)
    end
  end
end

--- All rows.
---@return moonpool.Query
function Table:all()
  return select_.start(self._source)
end

--- Inserts a row, a list of rows, or the rows of a query.
---@param rows table
---@return moonpool.Insert
function Table:insert(rows)
  return write.insert(self._source, rows)
end

--- Changes rows: which ones, `where` says.
---@param values table<string, any>
---@return moonpool.Update
function Table:update(values)
  return write.update(self._source, values)
end

--- Deletes rows: which ones, `where` says.
---@return moonpool.Delete
function Table:delete()
  return write.delete(self._source)
end

--- A query that has a table and a condition only can go on as an update or a delete.
local function check_convertible(query, verb)
  if not query.main then
    usage(("a query without a table has no %s"):format(verb))
  end
  for _, field in ipairs { "outputs", "joins", "grouping", "group_condition", "ordering", "distinctness", "count_limit",
    "skipped", "locking", "attached" } do
    if query[field] then
      usage(("a query with more than conditions cannot become the %s of its rows"):format(verb),
        ("write table:%s(...):where(table.id:in_(query))"):format(verb))
    end
  end
end

local function with_condition(made, query)
  return query.condition and made:where(query.condition) or made
end

--- Changes the rows of the query.
---@param values table<string, any>
---@return moonpool.Update
function Query:update(values)
  check_convertible(self, "update")
  return with_condition(write.update(self.main, values), self)
end

--- Deletes the rows of the query.
---@return moonpool.Delete
function Query:delete()
  check_convertible(self, "delete")
  return with_condition(write.delete(self.main), self)
end

-- ---- to SQL ----

--- The text and the values that would be sent. A value of mp.param is shown as that.
---@return string sql
---@return any[] values
local function to_sql(self)
  local compiled = run.compiled(self)
  return compiled.text, table.move(compiled.values, 1, compiled.count, 1, {})
end

for _, methods in ipairs {
  select_.Query, compose.Set, compose.Explain, write.Insert, write.Update, write.Delete, expression.Expression,
} do
  methods.to_sql = to_sql
end

---@return string sql
---@return any[] values
function Table:to_sql()
  return to_sql(select_.start(self._source))
end

-- ---- values ----

--- A place for a value that is given when the query is run: db:query(query, { name = value }).
---@param name string
---@param kind? string its type, where nothing tells the server
---@return moonpool.Expression
function M.param(name, kind)
  expression.check_name(name, "the parameter's name")
  local parsed = kind ~= nil and types.parse(kind)
  return expression.make { kind = "param", name = name, type = parsed, as_type = parsed and parsed.sql }
end

--- A value as an expression, of a type where nothing tells the server; or what a query gives, its only column of its
--- only row.
---@param value any mp.null for NULL
---@param kind? string
---@return moonpool.Expression
function M.value(value, kind)
  if value == nil then
    usage("the value is nil; expected a value", "for NULL write mp.null")
  elseif expression.is(value) then
    usage("the value is an expression; expected a value of Lua", "expressions stand for themselves")
  end
  expression.refuse(value, "the value")
  local subquery = type(value) == "table" and expression.subquery_of(value)
  if subquery then
    return subquery
  end
  local parsed = kind ~= nil and types.parse(kind)
  if parsed and value ~= core.null then
    expression.check_value({ kind = "element", type = parsed }, value)
  end
  return expression.value(value, parsed, parsed and parsed.sql or value ~= core.null and types.cast_of(value))
end

--- Does the query give a row?
---@param query moonpool.Query
---@return moonpool.Expression
function M.exists(query)
  if not statement.is(query) or not query.exists then
    usage(("the argument of exists is a %s; expected a query"):format(complain.type_name(query)))
  end
  return query:exists()
end

--- A query without a table: mp.select(expression, ...).
---@param ... moonpool.Expression
---@return moonpool.Query
M.select = select_.bare

return M
