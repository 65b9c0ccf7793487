--- What all statements of the builder share: they are values that each step copies, they have columns that they give,
--- and names that are looked up among what they read from.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local expression = require "moonpool.query.expression"
local source = require "moonpool.query.source"

local usage = complain.usage

--- What can be run, and printed.
---@class moonpool.BuiltStatement
---@field to_sql fun(self: moonpool.BuiltStatement): string, any[] the text and the values that would be sent
---@field explain fun(self: moonpool.BuiltStatement, options?: moonpool.ExplainOptions): moonpool.Explain

local M = {}

--- Metatables of all kinds of statements.
local metatables = {}

---@param value any
---@return boolean
function M.is(value)
  return metatables[getmetatable(value)] == true
end

--- Nothing may be set but what compiling finds out, which is a field from the beginning.
local function refuse_change()
  usage("a query cannot be changed: each of its methods returns a new one")
end

--- A kind of statement: its methods, and how it is made of a table of fields.
---@param name string for messages: "query", "insert"
---@return table methods
---@return fun(fields: table): table make
function M.class(name)
  local methods = {}
  local metatable = { __name = "moonpool." .. name, __newindex = refuse_change, is_statement = true }
  local function raise_unknown(_, key)
    local names = {}
    for method in pairs(methods) do
      names[#names + 1] = method
    end
    table.sort(names)
    usage(("%s has no method %s"):format(name, complain.show(key)), complain.hint(key, names))
  end
  metatable.__index = setmetatable(methods, { __index = raise_unknown })
  function metatable:__tostring()
    return (methods.to_sql(self))
  end
  metatables[metatable] = true
  return methods, function(fields) return setmetatable(fields, metatable) end
end

--- A copy with one field set otherwise, for the kinds of statements that are not made in haste.
---@param statement table
---@param make fun(fields: table): table
---@param field string
---@param value any
function M.with(statement, make, field, value)
  local fields = {}
  for key, old in next, statement do
    fields[key] = old
  end
  fields[field] = value
  fields.compiled = false
  fields.first_row = false
  return make(fields)
end

--- A list with one more element.
function M.append(list, value)
  local longer = list and table.move(list, 1, #list, 1, {}) or {}
  longer[#longer + 1] = value
  return longer
end

-- ---- names ----

--- All that a statement reads from, by its own clauses.
---@return moonpool.query.Source[]
function M.sources_of(statement)
  local list = { statement.main or nil }
  for _, join in ipairs(statement.joins or {}) do
    list[#list + 1] = join.source
  end
  return list
end

local function raise_ambiguous(name, sources)
  local aliases = {}
  for _, one in ipairs(sources) do
    if one.by_name[name] then
      aliases[#aliases + 1] = one.alias .. "." .. name
    end
  end
  usage(("the column %s is ambiguous"):format(complain.show(name)), "write " .. table.concat(aliases, " or "))
end

local function raise_no_source(alias, sources)
  local aliases = {}
  for i, one in ipairs(sources) do
    aliases[i] = one.alias
  end
  usage(("%s is not part of this query"):format(complain.show(alias)), complain.hint(alias, aliases, "it reads from"))
end

local function find_qualified(sources, alias, name)
  for _, one in ipairs(sources) do
    if one.alias == alias then
      return source.column(one, name)
    end
  end
  return raise_no_source(alias, sources)
end

local function raise_no_column(name, sources)
  if #sources == 1 then
    source.raise_no_column(sources[1], name)
  end
  local names = {}
  for _, one in ipairs(sources) do
    for _, column in ipairs(one.names) do
      names[#names + 1] = one.alias .. "." .. column
    end
  end
  local alike = {}
  for _, one in ipairs(sources) do
    table.move(one.names, 1, #one.names, #alike + 1, alike)
  end
  local nearest = core.nearest_name(name, alike)
  usage(("no table of this query has a column %s"):format(complain.show(name)),
    nearest and complain.hint(name, alike) or complain.hint(name, names))
end

--- The column that a name means: "name", or "alias.name".
---@param statement table
---@param name string
---@return moonpool.Column
function M.find(statement, name)
  local main = statement.main
  if not statement.joins or #statement.joins == 0 then
    local column = main and main.by_name[name]
    if column then
      return column
    end
  end
  local sources, found = M.sources_of(statement), nil
  for _, one in ipairs(sources) do
    local column = one.by_name[name]
    if column and found then
      raise_ambiguous(name, sources)
    end
    found = found or column
  end
  if found then
    return found
  end
  local alias, column = name:match("^([^.]+)%.(.+)$")
  if alias then
    return find_qualified(sources, alias, column)
  end
  return raise_no_column(name, sources)
end

-- ---- conditions ----

local function equals(column, value)
  if expression.is(value) then
    return column:eq(value)
  elseif type(value) == "table" then
    local family = column.type and column.type.family
    local is_list = M.is(value) or source.is(value) or (family ~= "json" and family ~= "array" and family ~= "other")
    if is_list then
      return column:in_(value)
    end
  end
  return column:eq(value)
end

local function sorted_names(conditions)
  local names = {}
  for name in next, conditions do
    if type(name) ~= "string" then
      usage(("the table of where has the key %s; expected names of columns"):format(tostring(name)),
        "write where { name = value }, or where(condition, condition)")
    end
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

--- { name = value, ... }: all of them hold. In the order of their names, so that the text is always the same.
local function from_table(statement, conditions)
  local first, value = next(conditions)
  if first == nil then
    usage("the table of where is empty; expected { name = value }", "to select all, leave where out")
  elseif type(first) == "string" and next(conditions, first) == nil then
    return equals(M.find(statement, first), value)
  end
  local all
  for _, name in ipairs(sorted_names(conditions)) do
    local one = equals(M.find(statement, name), conditions[name])
    all = all and expression.both(all, one) or one
  end
  return all
end

--- Reads what where, having and their like were given: conditions, or a table of columns and values.
---@param statement table
---@param what string for messages
---@param first any
---@param ... any
---@return moonpool.Expression
function M.read_condition(statement, what, first, ...)
  local metatable = type(first) == "table" and getmetatable(first)
  if metatable == nil then
    if select("#", ...) > 0 then
      usage(("%s takes one table, or conditions"):format(what))
    end
    return from_table(statement, first)
  end
  local all = expression.condition(first, "the argument of " .. what)
  for i = 1, select("#", ...) do
    all = expression.both(all, expression.condition((select(i, ...)), "an argument of " .. what))
  end
  return all
end

-- ---- columns that a statement gives ----

---@class moonpool.query.Output
---@field name string|false as the result calls it; false where only the server knows
---@field type moonpool.query.Type|false
---@field not_null boolean
---@field node table what is printed

local function output_of(node)
  local name = false
  if node.kind == "column" or node.kind == "alias" or node.kind == "call" then
    name = node.name
  elseif node.kind == "cast" and node.operand.kind == "column" then
    name = node.operand.name
  end
  return { name = name, type = node.type, not_null = node.kind == "column" and node.not_null, node = node }
end

local function add_all(outputs, one)
  for _, column in ipairs(one.columns) do
    outputs[#outputs + 1] = output_of(column)
  end
end

local function add_item(statement, outputs, item, what, number)
  if type(item) == "string" then
    outputs[#outputs + 1] = output_of(M.find(statement, item))
  elseif expression.is(item) then
    if item.kind == "order" then
      usage(("argument %d of %s is an order; expected a column or an expression"):format(number, what))
    end
    outputs[#outputs + 1] = output_of(item)
  elseif source.is(item) then
    local one = source.of(item)
    if one.kind == "query" and not M.reads(statement, one) then
      outputs[#outputs + 1] = output_of(expression.subquery_of(one.query):as(one.alias))
    else
      add_all(outputs, one)
    end
  else
    expression.refuse_unfinished(item, ("argument %d of %s"):format(number, what))
    usage(("argument %d of %s is a %s; expected a column, its name, or an expression")
      :format(number, what, complain.type_name(item)),
      M.is(item) and "give the query a name: :as \"name\"" or nil)
  end
end

--- Does the statement itself read from the source?
function M.reads(statement, one)
  for _, other in ipairs(M.sources_of(statement)) do
    if other == one then
      return true
    end
  end
  return false
end

local function refuse_twins(outputs, what)
  local seen = {}
  for _, output in ipairs(outputs) do
    if output.name and seen[output.name] then
      usage(("%s gives two columns named %s, and a row can hold only one")
        :format(what, complain.show(output.name)), "name one of them: :as \"other\"")
    end
    seen[output.name or 0] = output.name and true
  end
end

--- Refuses two columns of one name.
M.refuse_twins = refuse_twins

--- Reads a list of columns, names, expressions and tables.
---@param statement table
---@param what string for messages
---@param ... any
---@return moonpool.query.Output[]
function M.read_outputs(statement, what, ...)
  local count = select("#", ...)
  local outputs = {}
  for i = 1, count do
    add_item(statement, outputs, (select(i, ...)), what, i)
  end
  refuse_twins(outputs, what)
  return outputs
end

--- The columns of a source, as a statement gives them that was not told which.
---@param one moonpool.query.Source
---@return moonpool.query.Output[]
function M.all_outputs(one)
  if not one.outputs then
    one.outputs = {}
    add_all(one.outputs, one)
  end
  return one.outputs
end

--- The source of a table that an argument has to be.
---@param target any
---@param what string for messages
---@return moonpool.query.Source
function M.check_table(target, what)
  if not source.is(target) then
    usage(("the argument of %s is a %s; expected a table"):format(what, complain.type_name(target)),
      M.is(target) and "give the query a name: :as \"name\"" or nil)
  end
  return source.of(target)
end

-- ---- whole statements ----

--- The argument of limit and its like: a whole number, or mp.param.
function M.read_count(value, what)
  if expression.is(value) and value.kind == "param" then
    return value
  end
  local whole = type(value) == "number" and math.tointeger(value)
  if not whole or whole < 0 then
    usage(("%s is %s; expected a whole number, 0 or more"):format(what,
      type(value) == "number" and tostring(value) or "a " .. complain.type_name(value)))
  end
  return { kind = "value", value = whole }
end

return M
