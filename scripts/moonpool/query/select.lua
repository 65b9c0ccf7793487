--- SELECT: every step returns a new query.
---
---     users:where(users.created_at:gt(since)):order(users.name):limit(10)

local complain = require "moonpool.query.complain"
local expression = require "moonpool.query.expression"
local note = require "moonpool.query.places"
local source = require "moonpool.query.source"
local statement = require "moonpool.query.statement"

local usage = complain.usage

---@class moonpool.Query: moonpool.BuiltStatement
---@field for_no_key_update fun(self: moonpool.Query, options?: moonpool.LockOptions): moonpool.Query
---@field for_share fun(self: moonpool.Query, options?: moonpool.LockOptions): moonpool.Query
---@field for_key_share fun(self: moonpool.Query, options?: moonpool.LockOptions): moonpool.Query
local Query, make = statement.class("query")

local M = { Query = Query }

---@class moonpool.query.Join
---@field kind "inner"|"left"|"right"|"full"|"cross"
---@field source moonpool.query.Source
---@field on? moonpool.Expression
---@field is_lateral? boolean

--- All fields, so that a copy has its size at once: queries are made in haste.
local function copy(query)
  return make {
    kind = "select",
    main = query.main, ---@type moonpool.query.Source|false
    outputs = query.outputs, ---@type moonpool.query.Output[]|false
    joins = query.joins, ---@type moonpool.query.Join[]|false
    condition = query.condition,
    grouping = query.grouping,
    group_condition = query.group_condition,
    ordering = query.ordering,
    distinctness = query.distinctness, ---@type boolean|moonpool.Expression[]
    count_limit = query.count_limit,
    skipped = query.skipped,
    locking = query.locking,
    attached = query.attached, ---@type moonpool.query.Source[]|false
    places = query.places, ---@type table<moonpool.query.Source, string>|false
    compiled = false, ---@type moonpool.query.Compiled|false
    first_row = false, ---@type moonpool.Query|false
  }
end

M.copy = copy

local EMPTY = {
  main = false, outputs = false, joins = false, condition = false, grouping = false, group_condition = false,
  ordering = false, distinctness = false, count_limit = false, skipped = false, locking = false, attached = false,
  places = false,
}

--- The query for all rows of a source; the same one each time.
---@param one moonpool.query.Source
---@return moonpool.Query
function M.start(one)
  local query = one.query_start
  if not query then
    query = copy(EMPTY)
    query.main = one
    one.query_start = query
  end
  return query
end

--- A query without a table.
---@param ... any expressions
---@return moonpool.Query
function M.bare(...)
  if select("#", ...) == 0 then
    usage("select needs an expression")
  end
  local query = copy(EMPTY)
  query.outputs = statement.read_outputs({ main = { by_name = {}, names = {}, columns = {}, alias = "this query" } },
    "select", ...)
  return query
end

---@param query moonpool.Query
---@return moonpool.query.Output[]
function M.outputs_of(query)
  return query.outputs or statement.all_outputs(query.main)
end

-- ---- clauses ----

local function note_all(query, nodes)
  for _, node in ipairs(nodes) do
    query.places = note(query, node, query.places)
  end
end

--- An order by the name of a column has to find it in the result.
local function check_order(query)
  for _, node in ipairs(query.ordering or {}) do
    local operand = node.kind == "order" and node.operand or node
    local is_found = operand.kind ~= "name"
    for _, output in ipairs(query.outputs) do
      is_found = is_found or output.name == operand.name
    end
    if not is_found then
      usage(("the query is ordered by %s, which it would not give any more"):format(complain.show(operand.name)),
        "call unordered first, or order after select")
    end
  end
end

--- Sets what a query that was copied gives.
local function with_outputs(query, outputs)
  query.outputs = outputs
  for _, output in ipairs(outputs) do
    query.places = note(query, output.node, query.places)
  end
  check_order(query)
  return query
end

--- What the rows consist of, instead of all columns of the first table: columns, their names, expressions with `:as`.
---@param ... moonpool.Expression|moonpool.Table|string
---@return moonpool.Query
function Query:select(...)
  if select("#", ...) == 0 then
    usage("select needs a column")
  end
  local query = copy(self)
  return with_outputs(query, statement.read_outputs(self, "select", ...))
end

--- The same with more columns.
---@param ... moonpool.Expression|moonpool.Table|string
---@return moonpool.Query
function Query:add(...)
  if select("#", ...) == 0 then
    usage("add needs a column")
  end
  local before = M.outputs_of(self)
  local outputs = table.move(before, 1, #before, 1, {})
  local further = statement.read_outputs(self, "add", ...)
  table.move(further, 1, #further, #outputs + 1, outputs)
  statement.refuse_twins(outputs, "add")
  return with_outputs(copy(self), outputs)
end

--- Only rows for which this holds, besides what was asked for before.
---@param first moonpool.Expression|table<string, any> a condition, or { column = value }
---@param ... moonpool.Expression
---@return moonpool.Query
function Query:where(first, ...)
  local condition = statement.read_condition(self, "where", first, ...)
  local query = copy(self)
  query.places = note(self, condition, self.places)
  query.condition = self.condition and expression.both(self.condition, condition) or condition
  return query
end

--- Only groups for which this holds.
---@param first moonpool.Expression|table<string, any>
---@param ... moonpool.Expression
---@return moonpool.Query
function Query:having(first, ...)
  local condition = statement.read_condition(self, "having", first, ...)
  local query = copy(self)
  query.places = note(self, condition, self.places)
  query.group_condition = self.group_condition and expression.both(self.group_condition, condition) or condition
  return query
end

--- A name is a column of the tables first, as in SQL, then an expression of the result.
local function find_or_output(query, name)
  for _, one in ipairs(statement.sources_of(query)) do
    if one.by_name[name] then
      return statement.find(query, name)
    end
  end
  for _, output in ipairs(query.outputs or {}) do
    if output.name == name then
      return output.node
    end
  end
  return statement.find(query, name)
end

local function read_nodes(query, what, ...)
  local nodes = {}
  for i = 1, select("#", ...) do
    local item = select(i, ...)
    if type(item) == "string" then
      item = find_or_output(query, item)
    elseif not expression.is(item) or item.kind == "order" then
      usage(("argument %d of %s is %s; expected a column, its name, or an expression")
        :format(i, what, expression.is(item) and "an order" or "a " .. complain.type_name(item)))
    end
    nodes[i] = item
  end
  if #nodes == 0 then
    usage(("%s needs a column"):format(what))
  end
  return nodes
end

---@param ... moonpool.Expression|string
---@return moonpool.Query
function Query:group_by(...)
  local nodes = read_nodes(self, "group_by", ...)
  local query = copy(self)
  query.grouping = table.move(nodes, 1, #nodes, #(self.grouping or {}) + 1,
    table.move(self.grouping or {}, 1, #(self.grouping or {}), 1, {}))
  note_all(query, nodes)
  return query
end

--- A name in order is a column of the result first, as in SQL, then one of the tables.
local function order_node(query, item, number)
  if expression.is(item) then
    return item
  elseif type(item) ~= "string" then
    usage(("argument %d of order is a %s; expected a column, its name, or an expression")
      :format(number, complain.type_name(item)))
  end
  for _, output in ipairs(query.outputs or {}) do
    if output.name == item then
      return output.node.kind == "column" and output.node
        or expression.make { kind = "name", name = item, type = output.type }
    end
  end
  return statement.find(query, item)
end

--- How the rows are sorted; further calls sort those that are equal so far.
---@param ... moonpool.Expression|string column, column:desc(), a column's name, the alias of an expression
---@return moonpool.Query
function Query:order(...)
  if select("#", ...) == 0 then
    usage("order needs a column")
  end
  local query = copy(self)
  local ordering = table.move(self.ordering or {}, 1, #(self.ordering or {}), 1, {})
  for i = 1, select("#", ...) do
    ordering[#ordering + 1] = order_node(self, (select(i, ...)), i)
  end
  query.ordering = ordering
  note_all(query, ordering)
  return query
end

--- In no order, whatever was asked for before.
---@return moonpool.Query
function Query:unordered()
  local query = copy(self)
  query.ordering = false
  return query
end

---@return moonpool.Query
function Query:distinct()
  local query = copy(self)
  query.distinctness = true
  return query
end

--- The first row, by `order`, for each value of these.
---@param ... moonpool.Expression|string
---@return moonpool.Query
function Query:distinct_on(...)
  local query = copy(self)
  query.distinctness = read_nodes(self, "distinct_on", ...)
  note_all(query, query.distinctness)
  return query
end

--- At most so many rows.
---@param count integer|moonpool.Expression a whole number, or mp.param
---@return moonpool.Query
function Query:limit(count)
  local query = copy(self)
  query.count_limit = statement.read_count(count, "the limit")
  return query
end

--- Without the first so many rows.
---@param count integer|moonpool.Expression
---@return moonpool.Query
function Query:offset(count)
  local query = copy(self)
  query.skipped = statement.read_count(count, "the offset")
  return query
end

-- ---- locks ----

---@class moonpool.LockOptions
---@field of? moonpool.Table|moonpool.Table[] only rows of these
---@field skip_locked? boolean leave out rows that others have locked
---@field nowait? boolean fail if others have locked some

local LOCK_OPTIONS = { "of", "skip_locked", "nowait" }

--- The tables of a lock: one, or a list.
local function lock_targets(of)
  if of == nil then
    return {}
  elseif source.is(of) then
    return { of }
  elseif type(of) ~= "table" or getmetatable(of) or #of == 0 then
    usage(("option of is %s; expected a table or a list of them"):format(
      type(of) == "table" and not getmetatable(of) and "an empty list" or "a " .. complain.type_name(of)))
  end
  return of
end

local function read_lock(query, strength, options)
  options = options or {}
  if type(options) ~= "table" or getmetatable(options) then
    usage(("the options of a lock are a %s; expected a table"):format(complain.type_name(options)))
  end
  for name, value in pairs(options) do
    local is_flag = name == "skip_locked" or name == "nowait"
    if name ~= "of" and not is_flag then
      usage(("there is no option %s of a lock"):format(complain.show(name)), complain.hint(name, LOCK_OPTIONS))
    elseif is_flag and type(value) ~= "boolean" then
      usage(("option %s is a %s; expected true or false"):format(name, complain.type_name(value)))
    end
  end
  if options.skip_locked and options.nowait then
    usage("a lock has the options skip_locked and nowait; expected one of them")
  end
  local of = {}
  for i, target in ipairs(lock_targets(options.of)) do
    of[i] = statement.check_table(target, "of")
    if not statement.reads(query, of[i]) then
      usage(("%s is not part of this query, and cannot be locked"):format(of[i].alias))
    end
  end
  return {
    strength = strength, of = of,
    waiting = options.skip_locked and "skip locked" or options.nowait and "nowait" or false,
  }
end

local function lock(strength)
  return function(self, options)
    local query = copy(self)
    query.locking = read_lock(self, strength, options)
    return query
  end
end

--- Locks the rows until the transaction ends.
---@type fun(self: moonpool.Query, options?: moonpool.LockOptions): moonpool.Query
Query.for_update = lock("for update")
Query.for_no_key_update = lock("for no key update")
Query.for_share = lock("for share")
Query.for_key_share = lock("for key share")

-- ---- composition ----

--- A column of what the query reads, for a scope that knows only its name.
---@param name string "name", or "table.name"
---@return moonpool.Column
function Query:column(name)
  if type(name) ~= "string" then
    usage(("the argument of column is a %s; expected a column's name"):format(complain.type_name(name)))
  end
  return statement.find(self, name)
end

--- Applies a function from query to query.
---@param scope fun(query: moonpool.Query, ...): moonpool.Query
---@param ... any its further arguments
---@return moonpool.Query
function Query:scope(scope, ...)
  if type(scope) ~= "function" then
    usage(("the argument of scope is a %s; expected a function"):format(complain.type_name(scope)))
  end
  local query = scope(self, ...)
  if not statement.is(query) then
    usage(("the scope gave a %s; expected a query"):format(complain.type_name(query)), "return the query from it")
  end
  return query
end

--- Sends a CTE along that the query does not read from: a change of data.
---@param cte moonpool.Table as mp.cte makes it
---@return moonpool.Query
function Query:with(cte)
  local one = statement.check_table(cte, "with")
  if one.kind ~= "cte" then
    usage(("%s is no common table expression"):format(one.alias), "make it with mp.cte(name, query)")
  end
  local query = copy(self)
  query.attached = statement.append(self.attached, one)
  return query
end

--- The same query of rows without columns, where only their number counts.
---@param query moonpool.Query
---@return moonpool.Query
function M.without_columns(query)
  local bare = copy(query)
  bare.outputs, bare.distinctness = {}, false
  return bare
end

return M
