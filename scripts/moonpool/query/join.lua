--- Joins: along relations, on any condition, with what depends on the rows before.

local complain = require "moonpool.query.complain"
local expression = require "moonpool.query.expression"
local note = require "moonpool.query.places"
local select_ = require "moonpool.query.select"
local source = require "moonpool.query.source"
local statement = require "moonpool.query.statement"

local usage = complain.usage
local copy = select_.copy

---@class moonpool.Query
local Query = select_.Query

local function raise_twice(one)
  usage(("%s is in the query already"):format(one.alias),
    ("join it under another name: %s:as \"other\""):format(one.name or one.alias))
end

local function need_table(query, method)
  return query.main or usage(("a query without a table has no %s"):format(method), "begin it with a table")
end

local function add_join(query, kind, one, on, is_lateral)
  need_table(query, "join")
  for _, other in ipairs(statement.sources_of(query)) do
    if other.alias == one.alias then
      raise_twice(one)
    end
  end
  local joined = copy(query)
  joined.joins = statement.append(query.joins, { kind = kind, source = one, on = on, is_lateral = is_lateral })
  if on then
    joined.places = note(joined, on, query.places)
  end
  return joined
end

local function along(relation, target)
  local all
  for _, pair in ipairs(relation.on) do
    local one = source.column(relation.source, pair[1]):eq(source.column(target, pair[2]))
    all = all and expression.both(all, one) or one
  end
  return all
end

local function target_of(relation, alias)
  local named = relation.source.schema.tables[relation.table]
  if alias == nil then
    return source.of(named)
  elseif not source.is(alias) or source.of(alias).description ~= source.of(named).description then
    usage(("the second argument of join is %s; expected %s under another name")
      :format(source.is(alias) and tostring(alias) or "a " .. complain.type_name(alias), relation.table),
      ("write %s:as \"other\""):format(relation.table))
  end
  return source.of(alias)
end

local function join_relation(query, kind, relation, alias)
  if not statement.reads(query, relation.source) then
    local owner = relation.source.alias
    usage(("the relation %s is one of %s, which is not part of this query"):format(relation.name, owner),
      ("join %s first"):format(owner))
  end
  local target = target_of(relation, alias)
  return add_join(query, kind, target, along(relation, target))
end

--- Relations of what the query reads that lead to the table.
local function relations_to(query, one)
  local found = {}
  for _, from in ipairs(statement.sources_of(query)) do
    local relations = from.description and from.description.relations or {}
    for name, relation in pairs(relations) do
      if relation.table == one.name and from.schema == one.schema then
        found[#found + 1] = from.handle.r[name]
      end
    end
  end
  table.sort(found, function(a, b)
    if a.source.alias ~= b.source.alias then
      return a.source.alias < b.source.alias
    end
    return a.name < b.name
  end)
  return found
end

local function join_nearest(query, kind, one)
  local found = relations_to(query, one)
  if #found == 1 then
    return add_join(query, kind, one, along(found[1], one))
  end
  local names = {}
  for i, relation in ipairs(found) do
    names[i] = ("%s.r.%s"):format(relation.source.alias, relation.name)
  end
  if #found == 0 then
    usage(("no relation leads from this query to %s"):format(one.alias), "give a condition: join(table, condition)")
  end
  return usage(("%d relations lead from this query to %s"):format(#found, one.alias),
    "join one of " .. table.concat(names, ", "))
end

local function find_relation(query, name)
  return need_table(query, "join").handle.r[name]
end

local function join(query, kind, target, on, ...)
  if select("#", ...) > 0 then
    usage("join takes a table and a condition")
  elseif type(target) == "string" then
    return join_relation(query, kind, find_relation(query, target), on)
  elseif source.is_relation(target) then
    return join_relation(query, kind, target, on)
  elseif not source.is(target) then
    usage(("the first argument of join is a %s; expected a table, a relation, or the name of a relation")
      :format(complain.type_name(target)), statement.is(target) and "give the query a name: :as \"name\"" or nil)
  elseif on == nil then
    return join_nearest(query, kind, source.of(target))
  end
  return add_join(query, kind, source.of(target), expression.condition(on, "the second argument of join"))
end

--- Rows of both tables that belong together.
---@param target moonpool.Table|moonpool.Relation|string a table, a relation, or the name of one of the first table
---@param on? moonpool.Expression|moonpool.Table a condition, not needed where one relation leads to the table; for a
---relation: the table under another name
---@return moonpool.Query
function Query:join(target, on, ...)
  return join(self, "inner", target, on, ...)
end

--- All rows so far, with NULLs where the other table has none.
---@param target moonpool.Table|moonpool.Relation|string
---@param on? moonpool.Expression|moonpool.Table
---@return moonpool.Query
function Query:left_join(target, on, ...)
  return join(self, "left", target, on, ...)
end

---@param target moonpool.Table|moonpool.Relation|string
---@param on? moonpool.Expression|moonpool.Table
---@return moonpool.Query
function Query:right_join(target, on, ...)
  return join(self, "right", target, on, ...)
end

---@param target moonpool.Table|moonpool.Relation|string
---@param on? moonpool.Expression|moonpool.Table
---@return moonpool.Query
function Query:full_join(target, on, ...)
  return join(self, "full", target, on, ...)
end

--- Each row with each row.
---@param target moonpool.Table
---@return moonpool.Query
function Query:cross_join(target, ...)
  if select("#", ...) > 0 then
    usage("cross_join takes a table alone", "with a condition it is join(table, condition)")
  end
  return add_join(self, "cross", statement.check_table(target, "cross_join"), nil)
end

--- Tables are the same for each row; SQL's word is for what is computed.
local function check_lateral(target, what)
  local one = statement.check_table(target, what)
  if one.kind == "table" or one.kind == "cte" then
    usage(("the argument of %s is the table %s; expected a query with a name, or a function that gives rows")
      :format(what, one.alias), "write join, left_join or cross_join")
  end
  return one
end

--- A query that may use the columns of the tables before it, for each of their rows.
---@param target moonpool.Table a query with a name, or a function that gives rows
---@param on? moonpool.Expression
---@return moonpool.Query
function Query:join_lateral(target, on)
  local one = check_lateral(target, "join_lateral")
  if on == nil then
    return add_join(self, "cross", one, nil, true)
  end
  return add_join(self, "inner", one, expression.condition(on, "the second argument of join_lateral"), true)
end

--- The same, with NULLs where it gives no row.
---@param target moonpool.Table
---@param on? moonpool.Expression
---@return moonpool.Query
function Query:left_join_lateral(target, on)
  local one = check_lateral(target, "left_join_lateral")
  local condition = on ~= nil and expression.condition(on, "the second argument of left_join_lateral")
    or expression.make { kind = "true", type = false }
  return add_join(self, "left", one, condition, true)
end
