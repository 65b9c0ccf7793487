--- Queries made of queries: unions, counts, pages, queries with a name, plans.

local complain = require "moonpool.query.complain"
local expression = require "moonpool.query.expression"
local function_ = require "moonpool.query.function"
local select_ = require "moonpool.query.select"
local source = require "moonpool.query.source"
local statement = require "moonpool.query.statement"
local types = require "moonpool.query.types"

local usage = complain.usage

---@class moonpool.Query
---@field union fun(self: moonpool.Query, other: moonpool.Query|moonpool.SetQuery): moonpool.SetQuery
---@field union_all fun(self: moonpool.Query, other: moonpool.Query|moonpool.SetQuery): moonpool.SetQuery
---@field intersect fun(self: moonpool.Query, other: moonpool.Query|moonpool.SetQuery): moonpool.SetQuery
---@field intersect_all fun(self: moonpool.Query, other: moonpool.Query|moonpool.SetQuery): moonpool.SetQuery
---@field except fun(self: moonpool.Query, other: moonpool.Query|moonpool.SetQuery): moonpool.SetQuery
---@field except_all fun(self: moonpool.Query, other: moonpool.Query|moonpool.SetQuery): moonpool.SetQuery
local Query = select_.Query

---@class moonpool.SetQuery: moonpool.BuiltStatement
---@field union fun(self: moonpool.SetQuery, other: moonpool.Query|moonpool.SetQuery): moonpool.SetQuery
---@field union_all fun(self: moonpool.SetQuery, other: moonpool.Query|moonpool.SetQuery): moonpool.SetQuery
---@field intersect fun(self: moonpool.SetQuery, other: moonpool.Query|moonpool.SetQuery): moonpool.SetQuery
---@field intersect_all fun(self: moonpool.SetQuery, other: moonpool.Query|moonpool.SetQuery): moonpool.SetQuery
---@field except fun(self: moonpool.SetQuery, other: moonpool.Query|moonpool.SetQuery): moonpool.SetQuery
---@field except_all fun(self: moonpool.SetQuery, other: moonpool.Query|moonpool.SetQuery): moonpool.SetQuery
---@field exists fun(self: moonpool.SetQuery): moonpool.Expression
---@field scope fun(self: moonpool.SetQuery, scope: function, ...): moonpool.SetQuery
---@field as fun(self: moonpool.SetQuery, alias: string): moonpool.Derived
---@field count fun(self: moonpool.SetQuery): moonpool.Query
local Set, make_set = statement.class("union")
---@class moonpool.Explain: moonpool.BuiltStatement
local Explain, make_explain = statement.class("explain")

local M = { Set = Set, Explain = Explain }

-- ---- what a statement gives ----

---@param query table
---@return moonpool.query.Output[]
function M.outputs_of(query)
  if query.kind == "select" then
    return select_.outputs_of(query)
  end
  return query.outputs or {}
end

local function gives_rows(query)
  return query.kind ~= "explain" and #M.outputs_of(query) > 0
end

local function check_rows(query, what)
  if not statement.is(query) then
    usage(("%s is a %s; expected a query"):format(what, complain.type_name(query)))
  elseif not gives_rows(query) then
    usage(("%s gives no rows"):format(what), "add :returning(...)")
  end
end

--- A query as a value: its only column of its only row.
---@param value any
---@return moonpool.Expression?
function expression.subquery_of(value)
  if source.is(value) then
    local one = source.of(value)
    usage(("the table %s is no value"):format(one.alias),
      ("write one of its columns, or %s:select(column)"):format(one.alias))
  elseif not statement.is(value) then
    return nil
  end
  check_rows(value, "the subquery")
  local outputs = M.outputs_of(value)
  if #outputs ~= 1 then
    usage(("the subquery gives %d columns; expected one"):format(#outputs), "choose it with :select(column)")
  elseif value.kind ~= "select" and value.kind ~= "set" then
    usage("a statement that changes data cannot be a value", "give it a name with mp.cte(name, statement)")
  end
  return expression.make { kind = "subquery", query = value, type = outputs[1].type }
end

--- Does the query give a row? A condition.
---@return moonpool.Expression
function Query:exists()
  local needs_columns = self.outputs or self.distinctness and self.skipped
  return M.exists(needs_columns and self or select_.without_columns(self))
end

---@param self table
function M.exists(self)
  return expression.make { kind = "exists", query = self, type = types.boolean }
end

Set.exists = M.exists

-- ---- unions ----

local function raise_mismatch(name, i, left, right)
  usage(("column %d of the %s is %s on the left and %s on the right"):format(i, name, left.type.name, right.type.name),
    "cast one of them: column:cast(\"type\")")
end

local function combine(name, operator)
  return function(self, other)
    if not statement.is(other) or other.kind ~= "select" and other.kind ~= "set" then
      usage(("the argument of %s is a %s; expected a query"):format(name, complain.type_name(other)))
    end
    local left, right = M.outputs_of(self), M.outputs_of(other)
    if #left ~= #right then
      usage(("the left side of the %s gives %d columns, the right side %d"):format(name, #left, #right))
    end
    for i, output in ipairs(left) do
      if not types.are_comparable(output.type, right[i].type) then
        raise_mismatch(name, i, output, right[i])
      end
    end
    return make_set {
      kind = "set", operator = operator, left = self, right = other, outputs = left, ordering = false,
      count_limit = false, skipped = false, compiled = false, first_row = false,
    }
  end
end

--- Rows of either query, each once; with _all as often as they come. The columns have the names of the first query.
for name, operator in pairs {
  union = "union", union_all = "union all", intersect = "intersect", intersect_all = "intersect all",
  except = "except", except_all = "except all",
} do
  Query[name] = combine(name, operator)
  Set[name] = Query[name]
end

local function set_order_node(set, item)
  local node = item
  if expression.is(item) and item.kind == "order" then
    node = item.operand
  end
  local name = type(node) == "string" and node or expression.is(node) and node.kind == "column" and node.name
  for _, output in ipairs(set.outputs) do
    if name and output.name == name then
      local column = expression.make { kind = "name", name = name, type = output.type }
      if expression.is(item) and item.kind == "order" then
        return expression.make {
          kind = "order", operand = column, direction = item.direction, nulls = item.nulls, type = false,
        }
      end
      return column
    end
  end
  local names = {}
  for _, output in ipairs(set.outputs) do
    names[#names + 1] = output.name or nil
  end
  return usage(("the union gives no column %s to order by"):format(complain.show(name or node)),
    complain.hint(name, names, "it gives"))
end

--- How the rows are sorted: by columns of the result.
---@param ... moonpool.Expression|string
---@return moonpool.SetQuery
function Set:order(...)
  if select("#", ...) == 0 then
    usage("order needs a column")
  end
  local ordering = table.move(self.ordering or {}, 1, #(self.ordering or {}), 1, {})
  for i = 1, select("#", ...) do
    ordering[#ordering + 1] = set_order_node(self, (select(i, ...)))
  end
  return statement.with(self, make_set, "ordering", ordering)
end

---@param count integer|moonpool.Expression
---@return moonpool.SetQuery
function Set:limit(count)
  return statement.with(self, make_set, "count_limit", statement.read_count(count, "the limit"))
end

---@param count integer|moonpool.Expression
---@return moonpool.SetQuery
function Set:offset(count)
  return statement.with(self, make_set, "skipped", statement.read_count(count, "the offset"))
end

--- In no order, whatever was asked for before.
---@return moonpool.SetQuery
function Set:unordered()
  return statement.with(self, make_set, "ordering", false)
end

Set.scope = Query.scope

-- ---- queries with a name ----

--- Do the columns of a source become NULL where an outer join finds no row for it?
local function may_be_absent(query, one)
  local is_before, is_absent = query.main == one, false
  for _, join in ipairs(query.joins or {}) do
    if join.source == one then
      is_before, is_absent = true, join.kind == "left" or join.kind == "full"
    elseif is_before then
      is_absent = is_absent or join.kind == "right" or join.kind == "full"
    end
  end
  return is_absent
end

--- Is the column that a query gives at that place never NULL?
local function is_never_null(query, i)
  if query.kind == "set" then
    return is_never_null(query.left, i) and is_never_null(query.right, i)
  end
  local output = M.outputs_of(query)[i]
  for _, node in ipairs(query.kind == "select" and query.grouping or {}) do
    if node.kind ~= "column" then -- rollup and its like make columns NULL
      return false
    end
  end
  local node = output.node.kind == "alias" and output.node.operand or output.node
  return query.kind == "select" and node.kind == "column" and node.not_null and not may_be_absent(query, node.source)
end

local function named_columns(query, what)
  local columns = {}
  for i, output in ipairs(M.outputs_of(query)) do
    if not output.name then
      usage(("column %d of %s has no name"):format(i, what), "give it one: :as \"name\"")
    end
    columns[i] = { name = output.name, type = output.type, not_null = is_never_null(query, i) }
  end
  return columns
end

--- The query as a table to read from, or as a column of another query.
---@param alias string
---@return moonpool.Derived
function Query:as(alias)
  expression.check_name(alias, "the alias")
  return source.make({ kind = "query", alias = alias, query = self }, named_columns(self, "the query"))
end

Set.as = Query.as

--- The options of a common table expression, which has one that is true or false.
local function check_options(options, known)
  if options ~= nil and (type(options) ~= "table" or getmetatable(options) ~= nil) then
    usage(("the options are a %s; expected a table such as { %s = true }"):format(complain.type_name(options), known))
  end
  for name, value in pairs(options or {}) do
    if name ~= known then
      usage(("there is no option %s of a common table expression"):format(complain.show(name)),
        complain.hint(name, { known }))
    elseif type(value) ~= "boolean" then
      usage(("option %s is a %s; expected true or false"):format(name, complain.type_name(value)))
    end
  end
end

--- A query, insert, update or delete with a name, for the queries that read from it: WITH.
---@param name string
---@param query moonpool.Query|table
---@param options? { materialized?: boolean }
---@return moonpool.Derived
function M.cte(name, query, options)
  expression.check_name(name, "the name")
  if not statement.is(query) or query.kind == "explain" then
    usage(("the second argument of cte is a %s; expected a query"):format(complain.type_name(query)))
  end
  check_options(options, "materialized")
  local cte = { name = name, query = query, materialized = options and options.materialized }
  return source.make({ kind = "cte", alias = name, cte = cte }, named_columns(query, "the query"))
end

--- A query that goes on from its own rows until there are no new ones: WITH RECURSIVE.
---@param name string
---@param first moonpool.Query its first rows
---@param step fun(rows: moonpool.Derived): moonpool.Query the rows that come from those of the last step
---@param options? { distinct?: boolean } distinct: a row that was there already is none, so that circles end
---@return moonpool.Derived
function M.recursive(name, first, step, options)
  expression.check_name(name, "the name")
  check_rows(first, "the second argument of recursive")
  if first.kind ~= "select" and first.kind ~= "set" then
    usage("the second argument of recursive changes data; expected a query")
  end
  check_options(options, "distinct")
  if type(step) ~= "function" then
    usage(("the third argument of recursive is a %s; expected a function"):format(complain.type_name(step)))
  end
  check_options(options, "distinct")
  local cte = { name = name, is_recursive = true }
  local rows = source.make({ kind = "cte", alias = name, cte = cte }, named_columns(first, "the query"))
  local following = step(rows)
  check_rows(following, "what the function of recursive returned")
  cte.query = options and options.distinct and first:union(following) or first:union_all(following)
  return rows
end

-- ---- counts and pages ----

--- How many rows the query gives, as a query: db:value(query:count()).
---@return moonpool.Query
function Query:count()
  local inner = self:unordered()
  local count = function_.fn.count()
  local is_plain = inner.kind == "select" and not (inner.grouping or inner.distinctness or inner.count_limit
    or inner.skipped or inner.locking or inner.group_condition or M.aggregates(inner))
  if is_plain then
    return inner:select(count)
  end
  return select_.start(source.of(M.unnamed(inner))):select(count)
end

Set.count = Query.count

--- Does the query itself compute over groups, or over windows?
function M.aggregates(query)
  for _, output in ipairs(query.outputs or {}) do
    if output.node.kind ~= "column" then
      return true
    end
  end
  return false
end

--- The query as a table of which nothing but its rows is of interest.
function M.unnamed(query)
  return source.make({ kind = "query", alias = "counted", query = query }, {})
end

local function direction_of(node)
  if node.kind == "order" then
    return node.operand, node.direction == "desc", node.nulls
  end
  return node, false, false
end

--- What a row of the query calls the column: nil where that name is another one's.
local function field_of(query, column)
  local is_taken = false
  for _, output in ipairs(M.outputs_of(query)) do
    local node = output.node
    if node == column or node.kind == "alias" and node.operand == column then
      return output.name
    end
    is_taken = is_taken or output.name == column.name
  end
  return not is_taken and column.name or nil
end

local function page_keys(query)
  if not query.ordering then
    usage("a page after a row needs an order", "call order first, ending with a unique column")
  end
  if type(query.distinctness) == "table" then
    usage("a page of distinct_on would begin with rows that were not its first",
      "give the query a name, and page through that: query:as \"name\"")
  end
  local keys = {}
  for i, node in ipairs(query.ordering) do
    local operand, is_descending = direction_of(node)
    if operand.kind ~= "column" then
      usage(("the order of a page has an expression at %d; expected columns"):format(i))
    elseif not operand.not_null or may_be_absent(query, operand.source) then
      usage(("the order of a page has %s, which may be NULL"):format(expression.name_of(operand)),
        "NULL is neither before nor after a value: order by columns that are never NULL")
    end
    keys[i] = { column = operand, is_descending = is_descending, field = field_of(query, operand) }
  end
  return keys
end

local function raise_no_key(key)
  local name = expression.name_of(key.column)
  if key.field then
    usage(("the row has no %s, which the query is ordered by"):format(complain.show(key.field)))
  end
  usage(("the query is ordered by %s, but gives another %s"):format(name, complain.show(key.column.name)),
    "select it too, under another name, or give the values of the order in a list")
end

local function key_values(keys, row)
  if type(row) ~= "table" or expression.is(row) or statement.is(row) or source.is(row) then
    usage(("the argument is a %s; expected a row, or the values of its order"):format(complain.type_name(row)))
  end
  local values = {}
  for i, key in ipairs(keys) do
    local value = nil
    if key.field then
      value = row[key.field]
    end
    if value == nil then
      value = row[i]
    end
    if value == nil then
      raise_no_key(key)
    end
    values[i] = expression.operand(key.column, value, "the row's " .. key.column.name)
  end
  return values
end

--- (a, b) > ($1, $2) where all columns go one way; else a > $1 or (a = $1 and (b < $2)).
local function beyond(keys, values, is_before)
  local is_uniform = true
  for _, key in ipairs(keys) do
    is_uniform = is_uniform and key.is_descending == keys[1].is_descending
  end
  local function comparison(key)
    return (key.is_descending ~= is_before) and "<" or ">"
  end
  if is_uniform and #keys > 1 then
    local columns = {}
    for i, key in ipairs(keys) do
      columns[i] = key.column
    end
    return expression.binary(comparison(keys[1]), expression.make { kind = "row", items = columns, type = false },
      expression.make { kind = "row", items = values, type = false }, types.boolean)
  end
  local all
  for i = #keys, 1, -1 do
    local key = keys[i]
    local further = expression.binary(comparison(key), key.column, values[i], types.boolean)
    all = all and further | (expression.binary("=", key.column, values[i], types.boolean) & all) or further
  end
  return all
end

--- The rows that come behind this one in the query's order: the next page, whatever was added or deleted meanwhile.
---@param row table a row with the columns of the order, or their values in a list
---@return moonpool.Query
function Query:after(row)
  local keys = page_keys(self)
  return self:where(beyond(keys, key_values(keys, row), false))
end

--- The rows that come before this one, the nearest first.
---@param row table
---@return moonpool.Query
function Query:before(row)
  local keys = page_keys(self)
  local query = self:where(beyond(keys, key_values(keys, row), true)):unordered()
  for _, key in ipairs(keys) do
    query = query:order(key.is_descending and key.column:asc() or key.column:desc())
  end
  return query
end

-- ---- plans ----

local EXPLAIN_OPTIONS = { "analyze", "verbose", "costs", "settings", "buffers", "wal", "timing", "summary", "format" }
local FORMATS = { text = true, json = true, yaml = true, xml = true }

local function explain_words(options)
  local words, seen = {}, {}
  for _, name in ipairs(EXPLAIN_OPTIONS) do
    local value = options[name]
    seen[name] = true
    if value ~= nil and name == "format" and not FORMATS[value] then
      usage(("option format is %s; expected text, json, yaml or xml"):format(complain.show(value)))
    elseif value ~= nil and name ~= "format" and type(value) ~= "boolean" then
      usage(("option %s is a %s; expected true or false"):format(name, complain.type_name(value)))
    elseif value ~= nil then
      words[#words + 1] = name .. " " .. tostring(value)
    end
  end
  for name in pairs(options) do
    if not seen[name] then
      usage(("there is no option %s of explain"):format(complain.show(name)), complain.hint(name, EXPLAIN_OPTIONS))
    end
  end
  return words
end

---@class moonpool.ExplainOptions
---@field analyze? boolean
---@field verbose? boolean
---@field costs? boolean
---@field settings? boolean
---@field buffers? boolean
---@field wal? boolean
---@field timing? boolean
---@field summary? boolean
---@field format? "text"|"json"|"yaml"|"xml"

--- How the server would run the statement. With `analyze` it does run it.
---@param options? moonpool.ExplainOptions
---@return moonpool.Explain
---@param self table any statement
function M.explain(self, options)
  if options ~= nil and type(options) ~= "table" then
    usage(("the argument of explain is a %s; expected a table of options"):format(complain.type_name(options)))
  end
  return make_explain { kind = "explain", query = self, words = explain_words(options or {}), compiled = false }
end

Query.explain = M.explain
Set.explain = M.explain

return M
