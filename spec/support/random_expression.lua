--- Random expressions that a person would call well-typed, by the type that is wanted.
---
--- A scope says what an expression may use: `columns` (of the query itself), `outer` (of the queries around it, or
--- nil), `depth` (how much deeper it may go), `params` (where the values of mp.param are put), and
--- `query(scope, kind)`, which makes a query of one column of that type.

local mp = require "moonpool"
local types = require "moonpool.query.types"

local fn = mp.fn

local M = {}

function M.pick(list)
  return list[math.random(#list)]
end

function M.chance(percent)
  return math.random(100) <= percent
end

local pick, chance = M.pick, M.chance

-- ---- values ----

local TEXTS = {
  "", "a", "ada@example.org", "it's", '"', "--", "/*", "*/", ";", "$1", "\\", "%", "_", "\n", "é", "𝄞", "null",
  "{}",
  "x'; drop table users; --", ("x"):rep(100),
}

local function text() return pick(TEXTS) end

local LITERALS = {
  int2 = function() return math.random(-100, 100) end,
  int4 = function() return math.random(-100000, 100000) end,
  int8 = function() return math.random(-1 << 40, 1 << 40) end,
  oid = function() return math.random(0, 9999) end,
  float4 = function() return math.random() * 10 end,
  float8 = function() return math.random() * 1e9 end,
  numeric = function() return pick { 1, 1.5, "12.50", mp.numeric("-3.25") } end,
  text = text, varchar = text, bpchar = text, citext = text,
  name = function() return pick { "a", "it's", "é" } end,
  char = function() return pick { "a", "'" } end,
  bool = function() return chance(50) end,
  timestamptz = function() return pick { "2024-02-29 12:00:00+00", mp.timestamp("2024-02-29T12:00:00Z") } end,
  timestamp = function() return pick { "2024-02-29 12:00:00", "infinity" } end,
  date = function() return pick { "2024-02-29", mp.date("2023-01-31") } end,
  time = function() return "12:30:00" end,
  timetz = function() return "12:30:00+02" end,
  interval = function() return pick { "1 day", mp.interval("2 hours") } end,
  uuid = function() return mp.uuid() end,
  jsonb = function() return pick { { a = 1 }, { 1, 2 }, "text", 7, true } end,
  bytea = function() return pick { "", "abc", "\0\1" } end,
  int4range = function() return "[1,5)" end,
  int8range = function() return "[1,5)" end,
  numrange = function() return "[1.5,2]" end,
  tsrange = function() return "[2024-01-01,2024-02-01)" end,
  tstzrange = function() return "[2024-01-01 00:00+00,2024-02-01 00:00+00)" end,
  daterange = function() return "[2024-01-01,2024-02-01)" end,
}
LITERALS.json = LITERALS.jsonb

--- Can a value of the type be written down?
function M.is_known(kind)
  if not kind then
    return false
  elseif kind.family == "array" then
    return M.is_known(kind.element) and kind.element.family ~= "array" and kind.element.name ~= "json"
  end
  if kind.labels then
    -- A name with a dot is taken for one of another schema, where this server has none.
    return #kind.labels > 0 and kind.name ~= "teams.Row"
  end
  return LITERALS[kind.name] ~= nil
end

--- A value that fits the type.
function M.literal(kind)
  if kind.labels then
    return pick(kind.labels)
  elseif kind.family == "array" then
    local list = {}
    for i = 1, math.random(0, 3) do
      list[i] = M.literal(kind.element)
    end
    return list
  end
  return LITERALS[kind.name]()
end

--- Types that a script can name as they are.
local function is_nameable(kind)
  if kind.family == "array" then
    return is_nameable(kind.element) and kind.element.sql == types.named(kind.element.name).sql
  end
  return LITERALS[kind.name] ~= nil
end

--- An array of a domain's values compares with no array of the type below it.
local function is_domain(kind)
  return rawget(kind, "family") == nil
end

local EQUALITY = {
  number = true, text = true, boolean = true, moment = true, time = true, interval = true, uuid = true, enum = true,
  bytes = true, range = true,
}

--- Has the type an equality and an order?
function M.is_sortable(kind)
  if not kind or not M.is_known(kind) then
    return false
  elseif kind.family == "array" then
    return M.is_sortable(kind.element)
  elseif kind.labels and not rawget(kind, "labels") then
    return false -- a domain over an enum: the server finds no operators for some of them
  end
  return EQUALITY[kind.family] or kind.name == "jsonb"
end

-- ---- columns ----

--- A column that the test takes, if there is one.
function M.column(scope, test)
  local found = {}
  for _, columns in ipairs { scope.columns, scope.outer or {} } do
    for _, column in ipairs(columns) do
      if column.type and test(column.type) then
        found[#found + 1] = column
      end
    end
  end
  return found[1] and pick(found)
end

local function of_family(family)
  return function(kind) return kind.family == family and kind.name ~= "oid" and kind.name ~= "json" end
end

local function same_as(kind)
  return function(other) return other.name == kind.name and other.sql == kind.sql end
end

local function deeper(scope)
  local copy = {}
  for key, value in pairs(scope) do
    copy[key] = value
  end
  copy.depth = scope.depth - 1
  return copy
end
M.deeper = deeper

-- ---- expressions of a type ----

local function given(scope, kind)
  if not is_nameable(kind) then
    return nil
  elseif chance(30) then
    local name = "p" .. #scope.params + 1
    scope.params[#scope.params + 1] = { name = name, value = M.literal(kind) }
    return mp.param(name, kind.name)
  end
  return mp.value(M.literal(kind), kind.name)
end

local by_family = {}

function by_family.number(scope, kind)
  local other = M.expression(scope, kind)
  if kind.name == "oid" then
    return nil
  end
  return pick {
    function() return -other end,
    function() return other + math.random(1, 9) end,
    function() return other - M.expression(scope, kind) end,
    function() return 2 * other end,
    function() return fn.abs(other) end,
  }()
end

function by_family.text(scope, kind)
  local other = M.expression(scope, kind):cast "text"
  local json = M.column(scope, of_family "json")
  local any = M.column(scope, M.is_sortable)
  local made = pick {
    function() return fn.lower(other) end,
    function() return other .. text() end,
    function() return text() .. other end,
    function() return json and json:text("a", 0, "it's") or fn.upper(other) end,
    function() return any and any:cast "text" or fn.md5(other) end,
    function() return fn.concat(other, 1, true, any or "x") end,
    function() return mp.sql [[ replace($text, '$', $other) ]] { text = other, other = "x" }:cast "text" end,
  }()
  return made:cast(kind.name)
end

function by_family.boolean(scope)
  return M.condition(scope)
end

function by_family.moment(scope, kind)
  local other = M.expression(scope, kind)
  return pick {
    function() return fn.date_trunc(pick { "day", "month" }, other):cast(kind.name) end,
    function() return (other + mp.value("1 day", "interval")):cast(kind.name) end,
    function() return fn.now():cast(kind.name) end,
  }()
end

function by_family.json(scope, kind)
  local other = M.expression(scope, kind)
  if kind.name == "json" then
    return other:get("a")
  end
  return pick {
    function() return other:get("a", 1) end,
    function() return other .. { b = 2 } end,
    function() return fn.jsonb_build_object("k'", other, "n", 1) end,
    function() return fn.to_jsonb(M.column(scope, M.is_sortable) or 1) end,
  }()
end

function by_family.array(scope, kind)
  local other = M.expression(scope, kind)
  if kind.element.family == "enum" then
    return nil
  end
  return other .. M.expression(scope, kind)
end

--- What can be made of expressions of any type.
local function general(scope, kind)
  local one = M.expression(scope, kind)
  return pick {
    function() return fn.coalesce(one, M.literal(kind)) end,
    function() return M.is_sortable(kind) and fn.nullif(one, M.literal(kind)) or one end,
    function() return mp.case(M.condition(scope), one):when(M.condition(scope), M.literal(kind)):finish() end,
    function() return mp.case(M.condition(scope), one):otherwise(M.expression(scope, kind)) end,
    function() return fn.coalesce(scope.query(scope, kind), one) end,
  }()
end

--- An expression of the type. Of types without literals, there must be a column.
function M.expression(scope, kind)
  local column = M.column(scope, same_as(kind))
  if scope.depth > 0 and M.is_known(kind) then
    scope = deeper(scope)
    local made = chance(50) and by_family[kind.family] and by_family[kind.family](scope, kind)
    if made or chance(60) then
      return made or general(scope, kind)
    end
  end
  if column and chance(80) then
    return column
  end
  local made = given(scope, kind) or column
  if not made then
    -- An enum: nothing but a column, or a cast of text, has its type.
    return mp.case(mp.value(true, "bool"), fn.coalesce(scope.query(scope, kind), M.literal(kind))):finish()
  end
  return made
end

-- ---- conditions ----

local function list_of(kind)
  local list = {}
  for i = 1, math.random(0, 4) do
    list[i] = M.literal(kind)
  end
  return list
end

local COMPARISONS = { "eq", "ne", "lt", "le", "gt", "ge" }

--- A plain value, an expression of the type, or a query.
local function right_side(scope, kind)
  if chance(50) then
    return M.literal(kind)
  elseif scope.depth > 0 and chance(30) then
    return scope.query(deeper(scope), kind)
  end
  return M.expression(deeper(scope), kind)
end

local function compare(scope, one)
  return one[pick(COMPARISONS)](one, right_side(scope, one.type))
end

local comparisons = {
  compare, compare, compare,
  function(scope, one) return one:between(right_side(scope, one.type), M.literal(one.type)) end,
  function(_, one) return one:is_null() end,
  function(_, one) return one:is_not_null() end,
  function(_, one) return one.type.family == "array" and one:is_null() or one:in_(list_of(one.type)) end,
  function(_, one) return one.type.family == "array" and one:is_null() or one:not_in(list_of(one.type)) end,
  function(scope, one)
    return one.type.family == "array" and one:is_null() or one:in_(scope.query(deeper(scope), one.type))
  end,
  function(scope, one)
    return one.type.family == "array" and one:is_null()
      or one:all(pick { "=", "<>", ">=" }, scope.query(deeper(scope), one.type))
  end,
  function(_, one)
    return one.type.family == "array" and one:is_null() or one:any(pick { "=", "<" }, list_of(one.type))
  end,
  function(scope, one) return one:is_distinct_from(chance(20) and mp.null or right_side(scope, one.type)) end,
  function(scope, one) return one:is_not_distinct_from(right_side(scope, one.type)) end,
}

local special = {}

function special.text(_, one)
  local method = pick { "like", "not_like", "ilike", "not_ilike", "matches", "imatches", "starts_with" }
  return one[method](one, text())
end

function special.json(scope, one)
  if one.type.name == "json" then
    return one:text("a"):eq("x")
  end
  return pick {
    function() return one:contains { a = 1 } end,
    function() return one:contained_in(M.expression(deeper(scope), one.type)) end,
    function() return one:has_key(text()) end,
    function() return one:has_any_key { "a", "it's" } end,
    function() return one:has_all_keys { "a" } end,
    function() return one:text("a", 0):cast("numeric"):gt(1) end,
    function() return one:op("@>", one) end,
  }()
end

function special.array(_, one)
  return pick {
    function() return one:contains(M.literal(one.type)) end,
    function() return one:contained_in(M.literal(one.type)) end,
    function() return one:overlaps(M.literal(one.type)) end,
    function() return one:has(M.literal(one.type.element)) end,
    function() return one:at(1):eq(M.literal(one.type.element)) end,
  }()
end

function special.range(_, one)
  return pick {
    function() return one:contains(M.literal(one.type.element)) end,
    function() return one:contained_in(one) end,
    function() return one:overlaps(M.literal(one.type)) end,
  }()
end

function special.boolean(_, one)
  return pick { one, ~one, one:is_true(), one:is_false() }
end

function special.number(scope, one)
  local other = M.column(scope, of_family "number")
  return one.type.name == "oid" and one:gt(1) or other and one:gt(other) or one:op("+", 1):gt(2)
end

function special.moment(scope, one)
  local other = M.column(scope, of_family "moment")
  return other and one:le(other) or (one - one):is_null()
end

local function simple_condition(scope)
  local one = M.column(scope, M.is_known)
  if not one then
    return mp.value(chance(50), "bool")
  elseif scope.depth > 0 and chance(30) then
    one = M.expression(deeper(scope), one.type)
  end
  if not one.type or not M.is_known(one.type) then
    return one:is_null()
  elseif special[one.type.family] and (chance(30) or not M.is_sortable(one.type)) then
    return special[one.type.family](scope, one)
  elseif not M.is_sortable(one.type) then
    return one:is_not_null()
  end
  return pick(comparisons)(scope, one)
end

--- Something that is true or false.
function M.condition(scope)
  if scope.depth > 0 and chance(40) then
    local inner = deeper(scope)
    return pick {
      function() return M.condition(inner) & M.condition(inner) end,
      function() return M.condition(inner) | M.condition(inner) end,
      function() return ~M.condition(inner) end,
      function() return mp.exists(scope.query(inner, nil)) end,
      function() return ~scope.query(inner, nil):exists() end,
      function() return mp.sql [[ $one is not null -- all of it ]] { one = M.condition(inner) } end,
      function() return mp.sql [[ exists ($query) ]] { query = scope.query(inner, nil) } end,
    }()
  end
  return simple_condition(scope)
end

-- ---- over groups and windows ----

local NOT_LARGEST = { name = true, char = true, bpchar = true }
local LARGEST = { number = true, text = true, moment = true, time = true, interval = true, enum = true }

local function summable(kind)
  return kind.family == "number" and kind.name ~= "oid" or kind.family == "interval"
end

local AGGREGATES = {
  function() return fn.count() end,
  function(scope)
    local column = M.column(scope, M.is_sortable)
    return column and fn.count(column):distinct()
  end,
  function(scope)
    local column = M.column(scope, function(kind)
      return LARGEST[kind.family] and M.is_sortable(kind) and not NOT_LARGEST[kind.name]
    end)
    return column and fn[pick { "max", "min" }](column)
  end,
  function(scope)
    local column = M.column(scope, summable)
    return column and fn[pick { "sum", "avg" }](column)
  end,
  function(scope)
    local column = M.column(scope, function(kind)
      return kind.family ~= "array" and not is_domain(kind) and M.is_sortable(kind)
    end)
    return column and fn.array_agg(column):order_by(chance(50) and column:desc():nulls_last() or column)
  end,
  function(scope)
    local column = M.column(scope, of_family "text")
    return column and fn.string_agg(column:cast "text", ", "):order_by(column)
  end,
  function(scope)
    local column = M.column(scope, function() return true end)
    return column and fn.jsonb_agg(column)
  end,
  function(scope)
    return fn[pick { "bool_and", "bool_or" }](M.condition(scope))
  end,
  function(scope)
    local column = M.column(scope, function(kind) return summable(kind) and kind.family == "number" end)
    return column and fn.percentile_cont(0.5):within_group(column)
  end,
}

local function own_of(scope)
  return { columns = scope.columns, depth = 0, params = scope.params, query = scope.query }
end

--- An aggregate over the query's own columns.
function M.aggregate(scope)
  local own = own_of(scope)
  local made = pick(AGGREGATES)(own) or fn.count()
  return chance(25) and made:filter(M.condition(own)) or made
end

local FRAMES = {
  { "unbounded preceding", "current row" }, { "3 preceding", "1 following" }, { "current row", "unbounded following" },
}

--- A window function over the query's own columns.
function M.window(scope)
  local own = own_of(scope)
  local column = M.column(own, M.is_sortable)
  if not column then
    return fn.row_number():over()
  end
  local over = { order_by = chance(50) and { column:desc(), column } or column }
  if chance(50) then
    over.partition_by = M.column(own, M.is_sortable)
  end
  if chance(40) then
    over[pick { "rows", "groups" }] = pick(FRAMES)
  end
  return pick {
    function() return fn.row_number() end,
    function() return fn.dense_rank() end,
    function() return fn.ntile(4) end,
    function() return fn.lag(column, 1) end,
    function() return fn.lead(column) end,
    function() return fn.first_value(column) end,
    function() return fn.count(column) end,
  }():over(over)
end

return M
