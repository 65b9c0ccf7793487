--- Random calls of the query builder with arguments of any kind: most of them wrong.
---
---     local call = require("spec.support.wrong_query").new(schema)
---     local name, ok, result = call()

local mp = require "moonpool"
local expression = require "moonpool.query.expression"
local random = require "spec.support.random_expression"
local random_query = require "spec.support.random_query"
local source = require "moonpool.query.source"

local fn, pick, chance = mp.fn, random.pick, random.chance

local M = {}

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

-- ---- arguments ----

local STRINGS = {
  "", " ", "id", "name", "id; drop table users", "--", "/*", "*/", '"', "'", "\0", "id\0", "\xff", ("n"):rep(63),
  ("n"):rep(64), "users.id", ".", "..", "a.b.c", ".id", "int4", "text[]", "numeric(10,2)", "int4[", "=", "<>", "--=",
  "@>", "= any", "or", "id int8", "x y z", "excluded", "*", "$1", "$name", "materialized", "nowait", "1", "-1", "true",
  "é", "\27[31m", "current row", "asc", "owner", "_source", "c", "r", "kind", "__index", "alias", "select",
}

local function count() return math.random(-2, 1000) end

--- Plain values, good and bad; each call makes new ones.
local VALUES = {
  function() return nil end,
  function() return true end,
  function() return false end,
  count, count,
  function() return pick { 0.5, -0.0, 1e308, 1 / 0, -1 / 0, 0 / 0, math.mininteger, math.maxinteger } end,
  function() return pick(STRINGS) end,
  function() return pick(STRINGS) end,
  function() return mp.null end,
  function() return {} end,
  function() return { 1, 2 } end,
  function() return { pick(STRINGS) } end,
  function() return { [pick(STRINGS)] = pick(STRINGS) } end,
  function() return { 1, nil, 3 } end,
  function() return { mp.null } end,
  function() return { {} } end,
  function() return { [{}] = 1, [1.5] = 2, [true] = 3 } end,
  function() return setmetatable({}, { __index = function() error("an index that fails") end }) end,
  function() return mp.array {} end,
  function() return mp.numeric "1.5" end,
  function() return mp.date "2024-01-01" end,
  function() return mp.uuid() end,
  function() return type end,
  function() return function(x) return x end end,
  function() return function() error("a function that fails", 0) end end,
  function() return coroutine.create(type) end,
  function() return io.stdout end,
}

--- Options with right names and any values.
local OPTIONS = {
  "of", "skip_locked", "nowait", "materialized", "distinct", "constraint", "where", "partition_by", "order_by", "rows",
  "range", "groups", "analyze", "format", "verbose",
}

local Caller = {}
Caller.__index = Caller

function Caller:options()
  return { [pick(OPTIONS)] = self:argument() }
end

--- Something of the builder: a column, an expression, a table, a statement that a person would write.
function Caller:object()
  return pick(self.objects)()
end

--- A row for insert and update, or what looks like one.
function Caller:row()
  local row = {}
  local columns = source.of(self.random.schema.tables[pick(self.random.names)]).columns
  for _ = 1, math.random(1, 3) do
    row[pick(columns).name] = self:argument()
  end
  return row
end

function Caller:argument()
  local kind = math.random(10)
  if kind <= 5 then
    return pick(VALUES)()
  elseif kind <= 8 then
    return self:object()
  elseif kind == 9 then
    return chance(50) and self:options() or self:row()
  end
  return { self:argument(), self:argument() }
end

-- ---- calls ----

local OPERATORS = {
  ["+"] = function(a, b) return a + b end,
  ["-"] = function(a, b) return a - b end,
  ["*"] = function(a, b) return a * b end,
  ["/"] = function(a, b) return a / b end,
  ["%"] = function(a, b) return a % b end,
  [".."] = function(a, b) return a .. b end,
  ["&"] = function(a, b) return a & b end,
  ["|"] = function(a, b) return a | b end,
  ["~"] = function(a) return ~a end,
  ["unary -"] = function(a) return -a end,
  ["()"] = function(a, ...) return a(...) end,
  ["index"] = function(a, name) return a[name] end,
  ["c"] = function(a, name) return a.c[name] end,
  -- Lua asks nobody when a field that is there is set: that would spoil the schema for all that comes later.
  ["set"] = function(a, name, value)
    if rawget(a, name) == nil then
      a[name] = value
    end
  end,
}
local OPERATOR_NAMES = sorted_keys(OPERATORS)

--- What mp has for queries. mp.sql is left out: its text is the script's own.
local ENTRIES = { "case", "rows", "cte", "recursive", "param", "value", "exists", "select", "from_sql" }

local FUNCTIONS = {
  "lower", "coalesce", "sum", "count", "jsonb_agg", "array_agg", "generate_series", "nullif", "concat",
}

local function is_callable(value)
  return type(value) == "function"
end

local function methods_of(object)
  local methods = {}
  local at = object
  while type(at) == "table" do
    for name, value in next, at do
      if type(name) == "string" and is_callable(value) and name:find("^%l") then
        methods[name] = true
      end
    end
    at = type(getmetatable(at)) == "table" and rawget(getmetatable(at), "__index")
  end
  return sorted_keys(methods)
end

local function arguments(self)
  local list = { n = math.random(0, 3) }
  for i = 1, list.n do
    list[i] = self:argument()
  end
  return list
end

--- Of expressions: on all else, an operator is an error of Lua in the script's own line.
local function call_operator(self)
  local name = pick(OPERATOR_NAMES)
  local object, given = self:object(), arguments(self)
  if not expression.is(object) then
    name = "index"
  end
  return name, function()
    if #name == 1 and name ~= "~" and name ~= "c" and chance(20) and given[1] ~= nil then
      return OPERATORS[name](given[1], object)
    end
    return OPERATORS[name](object, table.unpack(given, 1, given.n))
  end
end

local function call_entry(self)
  local given = arguments(self)
  if chance(30) then
    local name = chance(80) and pick(FUNCTIONS) or pick(STRINGS)
    return "fn." .. name, function() return fn[name](table.unpack(given, 1, given.n)) end
  end
  local name = pick(ENTRIES)
  -- A good beginning leads deeper.
  if name == "cte" or name == "recursive" or name == "rows" or name == "from_sql" then
    given = chance(70) and { n = 3, "some", table.unpack(given, 1, 2) } or given
  end
  return "mp." .. name, function() return mp[name](table.unpack(given, 1, given.n)) end
end

local function call_method(self)
  local object, given = self:object(), arguments(self)
  local kind = getmetatable(object)
  local methods = self.methods[kind]
  if not methods then
    methods = methods_of(object)
    if source.is(object) then
      methods = sorted_keys(source.Table)
    elseif type(getmetatable(object)) == "table" then
      methods = methods_of(getmetatable(object).__index)
    end
    self.methods[kind] = methods
  end
  if #methods == 0 then -- a relation has none
    return call_operator(self)
  end
  local name = pick(methods)
  self.called[name] = (self.called[name] or 0) + 1
  return name, function() return object[name](object, table.unpack(given, 1, given.n)) end
end

--- Makes a call, of which nothing is known but that it must not fail in another way than by an error of kind "usage".
---@return string name what was called
---@return fun(): any call
function Caller:call()
  local generator = self.random
  generator.counter, generator.used, generator.params = 0, {}, {}
  return pick { call_operator, call_entry, call_method, call_method, call_method, call_method }(self)
end

--- What a result can go on with: most of what is made here is a part of something.
function Caller:keep(result)
  local kind = type(result) == "table" and getmetatable(result)
  if self.is_builder[kind] and #self.kept < 40 then
    self.kept[#self.kept + 1] = result
  end
end

--- Is the error one that a script is owed: the builder's own, or that of a function it was given?
---@param err any
function M.is_expected(err)
  if mp.is_error(err) then
    return err.kind == "usage" and err.where ~= nil
  end
  return tostring(err):find "that fails" ~= nil
end

---@param schema moonpool.Schema
function M.new(schema)
  local generator = random_query.new(schema)
  local self = setmetatable({ random = generator, kept = {}, methods = {}, called = {}, is_builder = {} }, Caller)
  local function some_table() return schema.tables[pick(generator.names)] end
  local function some_column()
    return pick(source.of(chance(80) and self.table or some_table()).columns)
  end
  self.table = some_table()
  self.objects = {
    some_table, some_column, some_column,
    function() return some_table():as "other" end,
    function() return (generator:statement()) end,
    function() return (generator:statement()) end,
    function() return some_table():all() end,
    function() return some_table():select(some_column()):limit(1) end,
    function() local one = some_table() return one:select(pick(source.of(one).columns)) end,
    function() return some_column():eq(mp.param "value") end,
    function() return some_column():as "named" end,
    function() return some_column():desc() end,
    function() return fn.count(some_column()) end,
    function() return fn.row_number():over() end,
    function() return mp.case(some_column():is_null(), 1) end,
    function() return mp.value(1, "int4") end,
    function() return mp.sql [[ now() ]] end,
    function() return mp.sql [[ $one ]] end,
    function() return some_table():delete() end,
    function() return some_table():all():explain() end,
    function() return mp.cte("cte", some_table():select(some_column():as "x")) end,
    function() local t = some_table() return t:update { [pick(source.of(t).columns).name] = mp.sql "default" } end,
    function()
      local one = some_table()
      local names = sorted_keys(source.of(one).description.relations or {})
      return names[1] and one.r[pick(names)] or one
    end,
    function() return some_table().excluded end,
    function() return self.kept[1] and pick(self.kept) or some_table() end,
    function() return self.kept[1] and pick(self.kept) or some_table() end,
  }
  -- An object may itself be impossible; then another one is.
  for i, make in ipairs(self.objects) do
    self.objects[i] = function()
      local ok, made = pcall(make)
      return ok and made or some_table()
    end
  end
  local case = mp.case(mp.value(true), 1)
  for _, one in ipairs { some_table(), some_column(), some_table():all(), some_table():delete(), case } do
    self.is_builder[getmetatable(one)] = true
  end
  return self
end

return M
