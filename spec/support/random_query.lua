--- Random statements of the query builder that a person would call well-typed, for any schema.
---
---     local random = require "spec.support.random_query"
---     local statement, params = random.new(schema):statement()
---
--- They come from math.random: math.randomseed(n) repeats them. Names are sorted wherever a table has them, since the
--- order of `pairs` is another in each process.

local mp = require "moonpool"
local random = require "spec.support.random_expression"
local random_change = require "spec.support.random_change"
local describe_schema = require("moonpool.schema").describe
local source = require "moonpool.query.source"
local types = require "moonpool.query.types"

local fn, pick, chance = mp.fn, random.pick, random.chance

local M = {}
local Generator = {}
Generator.__index = Generator

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map or {}) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

--- Tables without columns are left out.
---@param schema moonpool.Schema
function M.new(schema)
  local description = describe_schema(schema)
  local names, writable = {}, {}
  for _, name in ipairs(sorted_keys(description.tables)) do
    local described = description.tables[name]
    if #described.columns > 0 then
      names[#names + 1] = name
      writable[#writable + 1] = not described.kind and name or nil
    end
  end
  return setmetatable({ schema = schema, names = names, writable = writable }, Generator)
end

--- A name that nothing in the statement has yet; some are none to write without quotes.
function Generator:new_name(prefix)
  self.counter = self.counter + 1
  return ("%s%d"):format(pick { prefix, prefix, 'it"s ', "Gr\xc3\xbc\xc3\x9fe ", "a.b;--" }, self.counter)
end

local function columns_of(handle)
  return source.of(handle).columns
end

--- A table of the schema: under its own name once in a statement, later under others.
function Generator:table(name)
  name = name or pick(self.names)
  local handle = self.schema.tables[name]
  if self.used[name] or chance(30) then
    return handle:as(self:new_name "t")
  end
  self.used[name] = true
  return handle
end

function Generator:scope(handles, depth, outer)
  local columns = {}
  for _, handle in ipairs(handles) do
    table.move(columns_of(handle), 1, #columns_of(handle), #columns + 1, columns)
  end
  return {
    columns = columns, outer = outer, depth = depth, params = self.params,
    query = function(scope, kind) return self:subquery(scope, kind) end,
  }
end

-- ---- what a query reads from ----

--- A query with a name: columns, some of them computed and under other names.
function Generator:derived(depth)
  return self:plain(depth - 1, { is_named = true }):as(self:new_name "q")
end

function Generator:cte(depth)
  local options = pick { nil, { materialized = true }, { materialized = false }, {} }
  return mp.cte(self:new_name "cte", self:plain(depth - 1, { is_named = true }), options)
end

function Generator:recursive()
  local first = mp.select(mp.value(1, "int8"):as "n", mp.value("x", "text"):as "path")
  return mp.recursive(self:new_name "walk", first, function(rows)
    return rows:select((rows.n + 1):as "n", (rows.path .. "/x"):as "path"):where(rows.n:lt(9))
  end, chance(50) and { distinct = true } or nil)
end

function Generator:rows()
  return mp.rows(self:new_name "rows", { "id int8", "label text", "at timestamptz" }, {
    { id = 1, label = "it's", at = "2024-01-01 00:00+00" }, { id = 2, label = mp.null },
  })
end

function Generator:call()
  return pick {
    function() return fn.generate_series(1, 9):rows(self:new_name "series", { "n int8" }) end,
    function()
      return fn.jsonb_to_recordset(mp.value({ { a = 1 } }, "jsonb")):rows(self:new_name "set", { "a int4", "b text" })
    end,
    function()
      return mp.from_sql(self:new_name "sql", mp.sql [[ select 1::int8, $label::text -- one row ]] { label = "x" },
        { "id int8", "label text" })
    end,
  }()
end

function Generator:changed(depth)
  return mp.cte(self:new_name "changed", self:change(depth - 1, true))
end

function Generator:source(depth)
  if depth <= 0 or chance(65) then
    return self:table()
  end
  return self[pick { "derived", "derived", "cte", "cte", "recursive", "rows", "call" }](self, depth)
end

-- ---- joins ----

local function equality(self, left, right)
  for _ = 1, 5 do
    local one = pick(columns_of(left))
    for _, other in ipairs(columns_of(right)) do
      if random.is_sortable(one.type) and other.type and other.type.sql == one.type.sql
        and other.type.name == one.type.name then
        return one:eq(other)
      end
    end
  end
  local scope = self:scope({ left, right }, 0)
  return random.condition(scope), true
end

local joins = {}

--- Along a relation, by its name or by itself, to the table or to another alias of it.
function joins.relation(self, query, handles)
  local from = pick(handles)
  local names = sorted_keys((source.of(from).description or {}).relations)
  if #names == 0 then
    return joins.condition(self, query, handles)
  end
  local relation = from.r[pick(names)]
  local target = self:table(relation.table)
  local method = pick { "join", "left_join", "right_join", "full_join" }
  handles[#handles + 1] = target
  local is_alias = target ~= self.schema.tables[relation.table]
  if from == handles[1] and chance(50) then
    return query[method](query, relation.name, is_alias and target or nil), method
  end
  return query[method](query, relation, is_alias and target or nil), method
end

function joins.condition(self, query, handles, depth)
  local target = self:source(depth or 0)
  local on, is_loose = equality(self, pick(handles), target)
  local method = pick { "join", "left_join", "right_join", not is_loose and "full_join" or nil }
  handles[#handles + 1] = target
  return query[method](query, target, on), method
end

function joins.cross(self, query, handles, depth)
  local target = self:source(depth)
  handles[#handles + 1] = target
  return query:cross_join(target), "cross_join"
end

function joins.lateral(self, query, handles, depth)
  local outer = self:scope(handles, 1).columns
  local target
  local array = random.column({ columns = outer }, function(kind)
    return kind.family == "array" and random.is_known(kind) and kind.element.family == "text"
  end)
  if array and chance(60) then
    target = fn.unnest(array):rows(self:new_name "element", { "element text" })
  elseif chance(30) then
    target = self:call()
  else
    target = self:plain(depth - 1, { is_named = true, outer = outer }):as(self:new_name "lateral")
  end
  handles[#handles + 1] = target
  local method = pick { "join_lateral", "left_join_lateral" }
  if chance(30) then
    return query[method](query, target, random.condition(self:scope(handles, 0))), method
  end
  return query[method](query, target), method
end

--- RIGHT and FULL joins go before laterals, which may not look across them.
local function add_joins(self, query, handles, depth)
  local is_outer, has_outer = false, false
  for _ = 1, math.random(0, 2) do
    local kind = pick { "relation", "relation", "relation", "condition", "cross", "lateral" }
    if kind == "lateral" and is_outer then
      kind = "relation"
    end
    local method
    query, method = joins[kind](self, query, handles, depth)
    is_outer = is_outer or method == "right_join" or method == "full_join"
    has_outer = has_outer or method ~= "join" and method ~= "cross_join" and method ~= "join_lateral"
  end
  return query, has_outer
end

-- ---- conditions, outputs, orders ----

local function where(query, scope, handles)
  for _ = 1, math.random(0, 2) do
    if #handles == 1 and chance(30) then
      local column = random.column({ columns = scope.columns }, random.is_sortable)
      if column and column.type.family ~= "array" then
        query = query:where { [column.name] = chance(50) and random.literal(column.type)
          or { random.literal(column.type), random.literal(column.type) } }
      end
    elseif chance(20) then
      query = query:where(random.condition(scope), random.condition(scope))
    else
      query = query:scope(function(q)
        local name = source.of(handles[1]).alias .. "." .. pick(columns_of(handles[1])).name
        return q:where(random.condition(scope), not name:find("^[^.]*%.[^.]*$") and mp.value(true, "bool")
          or q:column(name):is_null())
      end)
    end
  end
  return query
end

--- Columns of any type, and expressions of those that can be written down.
function Generator:outputs(scope, is_named)
  local outputs, has_window = {}, false
  for i = 1, math.random(1, 4) do
    local column = pick(scope.columns)
    local kind = column.type
    local known = random.is_known(kind)
    local one = known and chance(50) and random.expression(scope, kind) or column
    if chance(15) and not is_named then
      one, has_window = random.window(scope), true
    end
    outputs[i] = one:as(self:new_name "c")
  end
  return outputs, has_window
end

local function order_item(column)
  return pick {
    function() return column end,
    function() return column:desc() end,
    function() return column:asc():nulls_first() end,
    function() return column:desc():nulls_last() end,
  }()
end

local function ordered(query, scope)
  local column = random.column({ columns = scope.columns }, random.is_sortable)
  if column and chance(70) then
    query = query:order(order_item(column))
  end
  return query
end

local function bounded(self, query)
  if chance(30) then
    query = query:limit(math.random(0, 50))
  elseif chance(10) then
    local name = "limit" .. #self.params
    self.params[#self.params + 1] = { name = name, value = 10 }
    query = query:limit(mp.param(name))
  end
  return chance(20) and query:offset(math.random(0, 9)) or query
end

local function paged(query, scope)
  local column = random.column({ columns = scope.columns }, function(kind)
    return random.is_sortable(kind) and kind.family ~= "boolean"
  end)
  if not column or not column.not_null then
    return query
  end
  local other = pick(scope.columns)
  local values = { random.literal(column.type) }
  query = query:unordered():order(order_item(column))
  if other ~= column and other.not_null and other.name ~= column.name and random.is_sortable(other.type) then
    query = query:order(order_item(other))
    values[2] = random.literal(other.type)
  end
  return pick { query.after, query.before }(query, values)
end

local function locked(query, handles)
  local options = pick { {}, { skip_locked = true }, { nowait = true }, { of = handles[1] } }
  local method = pick { "for_update", "for_no_key_update", "for_share", "for_key_share" }
  return query[method](query, options)
end

local function is_stored(handles)
  for _, handle in ipairs(handles) do
    local one = source.of(handle)
    if one.kind ~= "table" or one.description.kind then
      return false
    end
  end
  return true
end

-- ---- queries ----

local shapes = {}

--- Outputs of all kinds, then an order, a page, a lock.
function shapes.simple(self, query, scope, handles, options)
  local has_window = false
  if options.is_named or chance(70) then
    local outputs
    outputs, has_window = self:outputs(scope, options.is_named)
    query = query:select(table.unpack(outputs))
    if not options.is_named and chance(20) then
      query = query:add(mp.value(1, "int4"):as(self:new_name "more"))
    end
  elseif #handles > 1 and chance(30) then
    query = query:select(handles[#handles])
  end
  query = ordered(query, scope)
  if chance(15) and not options.has_outer then
    query = paged(query, scope)
  end
  query = bounded(self, query)
  local can_lock = not (options.is_named or options.has_outer or has_window)
  if can_lock and is_stored(handles) and chance(20) then
    query = locked(query, handles)
  end
  return query
end

function shapes.grouped(self, query, scope)
  local outputs, keys = {}, {}
  for _ = 1, math.random(0, 2) do
    local column = random.column({ columns = scope.columns }, random.is_sortable)
    if column then
      keys[#keys + 1] = column
      outputs[#outputs + 1] = column:as(self:new_name "key")
    end
  end
  for _ = 1, math.random(1, 3) do
    outputs[#outputs + 1] = random.aggregate(scope):as(self:new_name "a")
  end
  query = query:select(table.unpack(outputs))
  if #keys > 0 then
    query = query:group_by(table.unpack(keys))
  end
  if chance(40) then
    query = query:having(fn.count():gt(math.random(0, 5)))
  end
  if chance(40) then
    query = query:order(#keys > 0 and chance(50) and keys[1]:desc() or fn.count():desc())
  end
  return bounded(self, query)
end

local function are_sortable(columns)
  for _, column in ipairs(columns) do
    if not random.is_sortable(column.type) then
      return false
    end
  end
  return true
end

function shapes.distinct(self, query, scope, _, options)
  local column = random.column({ columns = scope.columns }, random.is_sortable)
  if not column then
    return shapes.grouped(self, query, scope)
  elseif not options.is_named and are_sortable(scope.columns) then
    return query:distinct()
  elseif chance(50) then
    return query:select(column):distinct():order(chance(50) and column or column.name)
  end
  query = query:select(column:as(self:new_name "d"), fn.now():as(self:new_name "d")):distinct_on(column):order(column)
  return bounded(self, query)
end

--- A query from anything.
---@param options { is_named?: boolean, outer?: moonpool.Column[] }
function Generator:plain(depth, options)
  local main = self:source(depth)
  local handles = { main }
  local query = main:all()
  query, options.has_outer = add_joins(self, query, handles, depth)
  local scope = self:scope(handles, math.max(depth, 0), options.outer)
  query = where(query, scope, handles)
  local shape = pick { "simple", "simple", "simple", "grouped", "distinct" }
  if shape == "distinct" and #handles > 1 then
    shape = "grouped"
  end
  return shapes[shape](self, query, scope, handles, options)
end

--- A query of one column of that type for use inside an expression; nil: of any columns.
function Generator:subquery(scope, kind)
  local outer = table.move(scope.columns, 1, #scope.columns, 1, {})
  table.move(scope.outer or {}, 1, #(scope.outer or {}), #outer + 1, outer)
  if not kind then
    return self:plain(math.min(scope.depth - 1, 1), { outer = outer })
  end
  local handle = self:table(self:table_with(kind))
  local inner = self:scope({ handle }, math.max(scope.depth - 1, 0), outer)
  local query = where(handle:all(), inner, { handle })
  local column = random.column({ columns = inner.columns }, function(other)
    return other.name == kind.name and other.sql == kind.sql
  end)
  return query:select(column or mp.value(random.literal(kind), kind.name)):limit(1)
end

--- A table with a column of the type, if there is one.
function Generator:table_with(kind)
  local found = {}
  for _, name in ipairs(self.names) do
    for _, column in ipairs(columns_of(self.schema.tables[name])) do
      if column.type and column.type.name == kind.name and column.type.sql == kind.sql then
        found[#found + 1] = name
        break
      end
    end
  end
  return found[1] and pick(found)
end

-- ---- unions ----

local SET_METHODS = { "union", "union_all", "intersect", "intersect_all", "except", "except_all" }

local function side_of_set(self, depth, kinds, names)
  local handle = self:table()
  local scope = self:scope({ handle }, depth)
  local outputs = {}
  for i, kind in ipairs(kinds) do
    outputs[i] = random.expression(scope, kind):as(names[i])
  end
  return where(handle:select(table.unpack(outputs)), scope, { handle })
end

function Generator:set(depth)
  local kinds, names = {}, {}
  for i = 1, math.random(1, 3) do
    kinds[i] = types.named(pick { "text", "int4", "int8", "timestamptz", "bool", "uuid", "jsonb", "numeric", "text[]" })
    names[i] = self:new_name "u"
  end
  local set = side_of_set(self, depth, kinds, names)
  for _ = 1, math.random(1, 3) do
    set = set[pick(SET_METHODS)](set, side_of_set(self, 0, kinds, names))
  end
  if chance(50) then
    set = set:order(names[1])
  end
  set = bounded(self, set)
  if chance(20) then
    return set:count()
  elseif chance(10) then
    return mp.select(set:exists():as "found")
  elseif chance(10) then
    return set:scope(function(any) return any:unordered() end)
  elseif chance(20) then
    local handle = set:as(self:new_name "set")
    return handle:where(random.condition(self:scope({ handle }, 1)))
  end
  return set
end

for name, method in pairs(random_change) do
  Generator[name] = method
end

-- ---- whole statements ----

--- A statement, and the values of its mp.param.
---@return table statement
---@return { name: string, value: any }[] params some may be of parts that were thrown away
function Generator:statement()
  self.counter, self.used, self.params = 0, {}, {}
  local depth = math.random(0, 3)
  local statement = pick {
    function() return self:plain(depth, {}) end,
    function() return self:plain(depth, {}) end,
    function() return self:plain(depth, {}) end,
    function() return self:plain(depth, {}):count() end,
    function() return mp.select(mp.exists(self:plain(depth, {})):as "found") end,
    function() return self:set(depth) end,
    function() return self:change(depth) end,
    function() return self:change(depth) end,
    function() return self:plain(depth, {}):with(self:changed(depth)) end,
    function()
      local cte = self:changed(depth)
      return cte:where(random.condition(self:scope({ cte }, 1)))
    end,
  }()
  return statement, self.params
end

return M
