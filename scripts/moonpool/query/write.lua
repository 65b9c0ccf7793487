--- INSERT, UPDATE and DELETE.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local compose = require "moonpool.query.compose"
local expression = require "moonpool.query.expression"
local source = require "moonpool.query.source"
local statement = require "moonpool.query.statement"
local types = require "moonpool.query.types"

local usage = complain.usage
local null = core.null

---@class moonpool.Insert: moonpool.BuiltStatement
---@field returning fun(self: moonpool.Insert, ...: moonpool.Expression|moonpool.Table|string): moonpool.Insert
---@field with fun(self: moonpool.Insert, cte: moonpool.Table): moonpool.Insert
local Insert, make_insert = statement.class("insert")
---@class moonpool.Update: moonpool.BuiltStatement
---@field returning fun(self: moonpool.Update, ...: moonpool.Expression|moonpool.Table|string): moonpool.Update
---@field with fun(self: moonpool.Update, cte: moonpool.Table): moonpool.Update
---@field where fun(self: moonpool.Update, first: moonpool.Expression|table, ...: moonpool.Expression): moonpool.Update
local Update, make_update = statement.class("update")
---@class moonpool.Delete: moonpool.BuiltStatement
---@field returning fun(self: moonpool.Delete, ...: moonpool.Expression|moonpool.Table|string): moonpool.Delete
---@field with fun(self: moonpool.Delete, cte: moonpool.Table): moonpool.Delete
---@field where fun(self: moonpool.Delete, first: moonpool.Expression|table, ...: moonpool.Expression): moonpool.Delete
local Delete, make_delete = statement.class("delete")

local M = { Insert = Insert, Update = Update, Delete = Delete }

-- ---- values of columns ----

local function refuse_null(column)
  usage(("%s must not be NULL"):format(expression.name_of(column)),
    column.description and column.description.default and "leave it out to get its default" or nil)
end

local function refuse_generated(column)
  local description = column.description
  if description and (description.generated or description.identity == "always") then
    usage(("%s is computed by the database, and cannot be given"):format(expression.name_of(column)), "leave it out")
  end
end

--- What a column is set to, as a node; NULL where it may be.
local function column_value(column, value)
  if value == null then
    if column.not_null then
      refuse_null(column)
    end
    return { kind = "value", value = null }
  elseif expression.is(value) then
    return expression.operand(column, value, "its value")
  end
  return expression.operand(column, value, "the value of " .. column.name)
end

local function check_names(one, row, what)
  for name in next, row do
    if type(name) ~= "string" then
      usage(("%s has the key %s; expected names of columns"):format(what, tostring(name)))
    end
    source.column(one, name)
  end
end

--- Columns of the row, in the table's order.
local function columns_of(one, row, what)
  check_names(one, row, what)
  local columns = {}
  for _, column in ipairs(one.columns) do
    if row[column.name] ~= nil then
      refuse_generated(column)
      columns[#columns + 1] = column
    end
  end
  return columns
end

-- ---- insert ----

local function must_be_given(column)
  local description = column.description
  return column.not_null and description
    and not (description.default or description.identity or description.generated)
end

local function refuse_missing(one, given, what)
  local missing = {}
  for _, column in ipairs(one.columns) do
    if must_be_given(column) and given[column.name] == nil then
      missing[#missing + 1] = column.name
    end
  end
  if #missing > 0 then
    usage(("%s lacks %s: %s not be NULL and %s no default"):format(what, table.concat(missing, ", "),
      #missing == 1 and "it must" or "they must", #missing == 1 and "has" or "have"))
  end
end

local function check_row(row, what)
  if type(row) ~= "table" or getmetatable(row) ~= nil then
    usage(("%s is a %s; expected a table of column = value"):format(what, complain.type_name(row)))
  end
end

local function is_plain(value)
  return type(value) ~= "table" or not (expression.is(value) or statement.is(value) or source.is(value))
end

--- Columns whose values can travel as one array each: those that are no arrays themselves.
local function can_be_listed(columns, rows)
  for _, column in ipairs(columns) do
    local family = column.type and column.type.family
    if not family or family == "array" or family == "other" then
      return false
    end
    for _, row in ipairs(rows) do
      if row[column.name] == nil or not is_plain(row[column.name]) then
        return false
      end
    end
  end
  return true
end

local function list_of(column, rows)
  local list = {}
  for i, row in ipairs(rows) do
    local node = column_value(column, row[column.name])
    list[i] = types.as_element(column.type, node.value)
  end
  return { kind = "value", value = core.array(list), as_type = column.type.sql .. "[]" }
end

local function tuple_of(columns, row)
  local tuple = {}
  for i, column in ipairs(columns) do
    local value = row[column.name]
    tuple[i] = value == nil and { kind = "default" } or column_value(column, value)
  end
  return tuple
end

local function check_list(rows)
  local count = #rows
  for key in next, rows do
    if math.type(key) ~= "integer" or key < 1 or key > count then
      usage(("the list of insert has the key %s; expected rows without holes between them")
        :format(type(key) == "number" and tostring(key) or complain.show(key)))
    end
  end
  return count
end

local function read_rows(one, rows)
  local seen, columns = {}, {}
  for i = 1, check_list(rows) do
    local row = rows[i]
    local what = ("row %d of insert"):format(i)
    check_row(row, what)
    check_names(one, row, what)
    for name in next, row do
      seen[name] = true
    end
    refuse_missing(one, row, what)
  end
  for _, column in ipairs(one.columns) do
    if seen[column.name] then
      refuse_generated(column)
      columns[#columns + 1] = column
    end
  end
  if #columns == 0 then
    columns[1] = one.columns[1] or usage(("%s has no columns: insert its rows one by one"):format(one.alias))
  end
  return columns
end

--- Many rows are sent as one array per column, so that the text is the same for any number of them.
local function many_rows(one, rows)
  local columns = read_rows(one, rows)
  if can_be_listed(columns, rows) then
    local lists = {}
    for i, column in ipairs(columns) do
      lists[i] = list_of(column, rows)
    end
    return { columns = columns, lists = lists }
  end
  local tuples = {}
  for i, row in ipairs(rows) do
    tuples[i] = tuple_of(columns, row)
  end
  return { columns = columns, tuples = tuples }
end

local function one_row(one, row)
  local columns = columns_of(one, row, "the row of insert")
  refuse_missing(one, row, "the row of insert")
  return { columns = columns, tuples = { tuple_of(columns, row) } }
end

--- Rows of a query: its columns are matched by their names, so that their order does not matter.
local function rows_of_query(one, query)
  if query.kind ~= "select" and query.kind ~= "set" then
    usage(("the argument of insert is a %s; expected a row, a list of rows, or a query")
      :format(complain.type_name(query)), query.kind ~= "explain" and query.outputs
        and "give it a name: mp.cte(\"name\", statement):all()" or nil)
  end
  local columns, given = {}, {}
  for i, output in ipairs(compose.outputs_of(query)) do
    if not output.name then
      usage(("column %d of the query has no name"):format(i), "name it like the column it is for: :as \"name\"")
    end
    local column = source.column(one, output.name)
    refuse_generated(column)
    expression.operand(column, output.node, "the query's column")
    columns[i] = column
    given[output.name] = true
  end
  refuse_missing(one, given, "the query of insert")
  return { columns = columns, query = query }
end

local function read_content(one, rows)
  if statement.is(rows) then
    return rows_of_query(one, rows)
  elseif type(rows) ~= "table" or source.is(rows) or expression.is(rows) then
    usage(("the argument of insert is a %s; expected a row, a list of rows, or a query")
      :format(complain.type_name(rows)))
  elseif rows[1] ~= nil then
    return many_rows(one, rows)
  elseif core.array.is(rows) then
    usage("the list of insert is empty: there is nothing to insert")
  end
  return one_row(one, rows)
end

local function check_table(one, verb)
  if one.kind ~= "table" then
    usage(("%s is no table of the schema, and has no %s"):format(one.alias, verb))
  end
end

---@param one moonpool.query.Source
---@param rows table a row, a list of rows, or a query
---@return moonpool.Insert
function M.insert(one, rows)
  check_table(one, "insert")
  return make_insert {
    kind = "insert", main = one, joins = false, content = read_content(one, rows), conflict = false, outputs = false,
    target = false, attached = false, compiled = false,
  }
end

-- ---- on conflict ----

local CONFLICT_OPTIONS = { "constraint", "where" }

local function has_key(one, names)
  local description = one.description
  local wanted = table.concat(names, "\0")
  local keys = { description.primary_key }
  for _, key in pairs(description.unique or {}) do
    keys[#keys + 1] = key
  end
  local shown = {}
  for _, key in pairs(keys) do
    local sorted = table.move(key, 1, #key, 1, {})
    table.sort(sorted)
    if table.concat(sorted, "\0") == wanted then
      return true
    end
    shown[#shown + 1] = "(" .. table.concat(key, ", ") .. ")"
  end
  table.sort(shown)
  return false, shown
end

local function check_key(one, columns)
  local names = {}
  for i, column in ipairs(columns) do
    names[i] = column.name
  end
  local shown = table.concat(names, ", ")
  table.sort(names)
  local found, keys = has_key(one, names)
  if not found then
    usage(("%s has no unique key (%s)"):format(one.alias, shown), #keys > 0 and "it has " .. table.concat(keys, ", ")
      or "a partial unique index is named by { where = condition }")
  end
end

local function read_constraint(one, name)
  local known = one.description.unique or {}
  expression.check_name(name, "the constraint")
  if name:find("_pkey$") or name:find("_excl$") then
    return name -- the server's own names for keys that a description has no names of
  end
  local names = {}
  for other in pairs(known) do
    names[#names + 1] = other
  end
  table.sort(names)
  local looks_wrong = not known[name] and core.nearest_name(name, names)
  if looks_wrong then
    usage(("%s has no unique constraint %s"):format(one.alias, complain.show(name)), complain.hint(name, names))
  end
  return name
end

--- Would the condition be sent with a value apart from it?
local function holds_value(node)
  if node.kind == "value" or node.kind == "param" then
    return true
  elseif node.kind == "column" or node.kind == "subquery" or node.kind == "exists" or node.kind == "source_name" then
    return false
  end
  for field, part in next, node do
    if field ~= "type" and type(part) == "table" and not statement.is(part) and holds_value(part) then
      return true
    end
  end
  return false
end

--- The server plans a statement that is run often for any values at all, and then finds no index that is for one.
local function read_index_condition(insert, given)
  local condition = statement.read_condition(insert, "on_conflict", given)
  if holds_value(condition) then
    usage("the condition of on_conflict has a value, which is sent as a parameter, and fits no index for sure",
      "write it as the index has it, such as table.active, column:is_null() or mp.sql \"amount > 0\"")
  end
  return condition
end

local function check_options(columns, options)
  for name in pairs(options) do
    if name ~= "constraint" and name ~= "where" then
      usage(type(name) == "string" and ("there is no option %s of on_conflict"):format(complain.show(name))
        or "the options of on_conflict are a list; expected { constraint = name } or { where = condition }",
        type(name) == "string" and complain.hint(name, CONFLICT_OPTIONS) or "columns are arguments of their own")
    end
  end
  if options.constraint and (#columns > 0 or options.where) then
    usage("on_conflict has a constraint and more; expected either the constraint, or columns and their condition")
  elseif options.where and #columns == 0 then
    usage("on_conflict has a condition without columns; expected those of a partial unique index")
  end
end

local function read_target(insert, ...)
  local one, columns, options = insert.main, {}, {}
  for i = 1, select("#", ...) do
    local item = select(i, ...)
    if type(item) == "string" then
      columns[i] = source.column(one, item)
    elseif expression.is(item) and item.kind == "column" and item.source == one then
      columns[i] = item
    elseif type(item) == "table" and getmetatable(item) == nil and i == select("#", ...) then
      options = item
    else
      usage(("argument %d of on_conflict is a %s; expected a column of %s, or options")
        :format(i, complain.type_name(item), one.alias))
    end
  end
  check_options(columns, options)
  local condition = options.where and read_index_condition(insert, options.where)
  if #columns > 0 and not condition then
    check_key(one, columns)
  end
  return {
    columns = columns, condition = condition or false,
    constraint = options.constraint and read_constraint(one, options.constraint) or false,
  }
end

--- What a row must not meet: a row with the same key. Goes on with do_nothing or do_update.
---@param ... string|moonpool.Column|{ constraint?: string, where?: moonpool.Expression } the key's columns, or any key
---@return moonpool.Insert
function Insert:on_conflict(...)
  return statement.with(self, make_insert, "target", read_target(self, ...))
end

local function need_target(insert, method)
  if not insert.target then
    usage(("%s says nothing without on_conflict"):format(method),
      ("write insert:on_conflict(columns):%s(...)"):format(method))
  end
  return insert.target
end

--- A row whose key is taken is left out.
---@return moonpool.Insert
function Insert:do_nothing()
  local target = need_target(self, "do_nothing")
  return statement.with(self, make_insert, "conflict", { target = target, action = "nothing" })
end

local function read_set(one, values, what)
  check_row(values, what)
  local columns = columns_of(one, values, what)
  if #columns == 0 then
    usage(what .. " is empty; expected { column = value }")
  end
  local set = {}
  for i, column in ipairs(columns) do
    set[i] = { column = column, value = column_value(column, values[column.name]) }
  end
  return set
end

local function set_from_excluded(one, names)
  local values = {}
  for _, name in ipairs(names) do
    if type(name) ~= "string" then
      usage(("an argument of do_update is a %s; expected names of columns, or one table of column = value")
        :format(complain.type_name(name)))
    end
    source.column(one, name)
    values[name] = source.of(one.handle.excluded).by_name[name]
  end
  return read_set(one, values, "the table of do_update")
end

--- A row whose key is taken changes the one that has it.
---@param first table<string, any>|string { column = value }, or names of columns that get the new row's values
---@param ... any further names; behind a table, a condition that the old row must meet
---@return moonpool.Insert
function Insert:do_update(first, ...)
  local target = need_target(self, "do_update")
  if #target.columns == 0 and not target.constraint then
    usage("do_update needs the key that was met", "write on_conflict(columns) or on_conflict { constraint = \"name\" }")
  elseif self.main.alias == "excluded" then
    usage("excluded is what do_update calls the row that was to be inserted, and not a table",
      "insert into excluded:as \"other\"")
  end
  local set, condition
  if type(first) == "table" then
    set = read_set(self.main, first, "the table of do_update")
    condition = select("#", ...) > 0 and statement.read_condition(self, "do_update", ...)
  else
    set = set_from_excluded(self.main, { first, ... })
    if #set == 0 then
      usage("do_update needs columns")
    end
  end
  return statement.with(self, make_insert, "conflict",
    { target = target, action = "update", set = set, condition = condition or false })
end

-- ---- update and delete ----

---@param one moonpool.query.Source
---@param values table<string, any>
---@return moonpool.Update
function M.update(one, values)
  check_table(one, "update")
  return make_update {
    kind = "update", main = one, set = read_set(one, values, "the table of update"), joins = false, condition = false,
    is_everywhere = false, outputs = false, attached = false, compiled = false,
  }
end

---@param one moonpool.query.Source
---@return moonpool.Delete
function M.delete(one)
  check_table(one, "delete")
  return make_delete {
    kind = "delete", main = one, joins = false, condition = false, is_everywhere = false, outputs = false,
    attached = false, compiled = false,
  }
end

local function where(make)
  return function(self, first, ...)
    local condition = statement.read_condition(self, "where", first, ...)
    return statement.with(self, make, "condition",
      self.condition and expression.both(self.condition, condition) or condition)
  end
end

--- Only rows for which this holds.
Update.where = where(make_update)
Delete.where = where(make_delete)

--- All rows of the table, which has to be said.
---@return moonpool.Update
function Update:everywhere() return statement.with(self, make_update, "is_everywhere", true) end
---@return moonpool.Delete
function Delete:everywhere() return statement.with(self, make_delete, "is_everywhere", true) end

local function reading(make, method)
  return function(self, other)
    if not source.is(other) then
      usage(("the argument of %s is a %s; expected a table"):format(method, complain.type_name(other)),
        statement.is(other) and "give the query a name: :as \"name\"" or nil)
    end
    local one = source.of(other)
    for _, present in ipairs(statement.sources_of(self)) do
      if present.alias == one.alias then
        usage(("%s is in the %s already"):format(one.alias, self.kind), "read it under another name: :as \"other\"")
      end
    end
    return statement.with(self, make, "joins", statement.append(self.joins, { kind = "from", source = one }))
  end
end

--- A further table, whose columns the condition and the new values may use.
---@type fun(self: moonpool.Update, other: moonpool.Table): moonpool.Update
Update.from = reading(make_update, "from")
---@type fun(self: moonpool.Delete, other: moonpool.Table): moonpool.Delete
Delete.using = reading(make_delete, "using")

-- ---- for all three ----

local function returning(make)
  return function(self, ...)
    local outputs = select("#", ...) == 0 and statement.all_outputs(self.main)
      or statement.read_outputs(self, "returning", ...)
    return statement.with(self, make, "outputs", outputs)
  end
end

local function with(make)
  return function(self, cte)
    local one = source.is(cte) and source.of(cte)
    if not one or one.kind ~= "cte" then
      usage("the argument of with is no common table expression", "make it with mp.cte(name, query)")
    end
    return statement.with(self, make, "attached", statement.append(self.attached, one))
  end
end

for methods, make in pairs { [Insert] = make_insert, [Update] = make_update, [Delete] = make_delete } do
  --- Gives these columns of the rows that were written, or all.
  methods.returning = returning(make)
  --- Sends a CTE along.
  methods.with = with(make)
  methods.explain = compose.explain
end

return M
