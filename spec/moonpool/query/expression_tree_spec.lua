--- Random trees of constants, computed in Lua and by the server: whatever is nested in whatever, the printed text is
--- the same tree.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"

local NULL = mp.null
local TREES <const> = 3000
local DEPTH <const> = 4

--- A number from 1 to n, always in the same order.
local state
local function pick(n)
  state = (state * 6364136223846793005 + 1442695040888963407)
  return (state >> 33) % n + 1
end

local make = {} -- per type: makes a tree of this depth, and gives it with its value, or NULL

local function any(values) -- NULL if one of them is
  for _, value in ipairs(values) do
    if value == NULL then return NULL end
  end
end

local function negate(value)
  if value == NULL then return NULL end
  return not value
end

local function conjunction(a, b)
  if a == false or b == false then return false end
  return any { a, b } or true
end

local function disjunction(a, b)
  return negate(conjunction(negate(a), negate(b)))
end

--- The value of a comparison, of whose sides none is NULL.
local COMPARISONS = {
  eq = function(a, b) return a == b end,
  ne = function(a, b) return a ~= b end,
  lt = function(a, b) return a < b end,
  le = function(a, b) return a <= b end,
  gt = function(a, b) return a > b end,
  ge = function(a, b) return a >= b end,
}
local COMPARISON_NAMES = { "eq", "ne", "lt", "le", "gt", "ge" }

local function compared(name, a, b)
  return any { a, b } or COMPARISONS[name](a, b)
end

local function case(kind, depth)
  local condition, holds = make.bool(depth - 1)
  local one, x = make[kind](depth - 1)
  local other, y = make[kind](depth - 1)
  return mp.case(condition, one):otherwise(other), holds == true and x or holds ~= true and y
end

--- With false as the value of a branch, `and` and `or` would not do.
local function bool_case(depth)
  local condition, holds = make.bool(depth - 1)
  local one, x = make.bool(depth - 1)
  local other, y = make.bool(depth - 1)
  if holds ~= true then x = y end
  return mp.case(condition, one):otherwise(other), x
end

local NUMBER = {
  function(depth)
    local a, x = make.number(depth - 1)
    local b, y = make.number(depth - 1)
    return a + b, any { x, y } or x + y
  end,
  function(depth)
    local a, x = make.number(depth - 1)
    local b, y = make.number(depth - 1)
    return a - b, any { x, y } or x - y
  end,
  function(depth)
    local a, x = make.number(depth - 1)
    local b, y = make.number(depth - 1)
    return a * b, any { x, y } or x * y
  end,
  function(depth)
    local a, x = make.number(depth - 1)
    local b = pick(4)
    return a / b, x == NULL and NULL or (x >= 0 and x // b or -(-x // b))
  end,
  function(depth)
    local a, x = make.number(depth - 1)
    local b = pick(4)
    return a % b, x == NULL and NULL or math.fmod(x, b)
  end,
  function(depth)
    local a, x = make.number(depth - 1)
    return -a, x == NULL and NULL or -x
  end,
  function(depth)
    local a, x = make.number(depth - 1)
    return 3 - a, x == NULL and NULL or 3 - x
  end,
  function(depth)
    local a, x = make.bool(depth - 1)
    return a:cast("int4"):cast("int8"), x == NULL and NULL or x and 1 or 0
  end,
  function(depth)
    local a, x = make.text(depth - 1)
    return mp.fn.length(a):cast "int8", x == NULL and NULL or #x
  end,
  function(depth) return case("number", depth) end,
  function(depth)
    local a, x = make.number(depth - 1)
    local b, y = make.number(depth - 1)
    return mp.fn.coalesce(a, b), x == NULL and y or x
  end,
  function(depth)
    local a, x = make.number(depth - 1)
    local b, y = make.number(depth - 1)
    return mp.sql "$a - $b" { a = a, b = b }, any { x, y } or x - y
  end,
  function(depth)
    local a, x = make.number(depth - 1)
    return mp.value(mp.select(a:as "n")), x
  end,
}

local BOOL = {
  function(depth)
    local a, x = make.bool(depth - 1)
    local b, y = make.bool(depth - 1)
    return a & b, conjunction(x, y)
  end,
  function(depth)
    local a, x = make.bool(depth - 1)
    local b, y = make.bool(depth - 1)
    return a | b, disjunction(x, y)
  end,
  function(depth)
    local a, x = make.bool(depth - 1)
    return ~a, negate(x)
  end,
  function(depth)
    local name = COMPARISON_NAMES[pick(6)]
    local a, x = make.number(depth - 1)
    local b, y = make.number(depth - 1)
    return a[name](a, b), compared(name, x, y)
  end,
  function(depth)
    local name = COMPARISON_NAMES[pick(2)]
    local a, x = make.bool(depth - 1)
    local b, y = make.bool(depth - 1)
    return a[name](a, b), compared(name, x, y)
  end,
  function(depth)
    local name = COMPARISON_NAMES[pick(2)]
    local a, x = make.text(depth - 1)
    local b, y = make.text(depth - 1)
    return a[name](a, b), compared(name, x, y)
  end,
  function(depth)
    local a, x = make.number(depth - 1)
    local b, y = make.number(depth - 1)
    local c, z = make.number(depth - 1)
    return a:between(b, c), conjunction(compared("ge", x, y), compared("le", x, z))
  end,
  function(depth)
    local kind = ({ "number", "bool", "text" })[pick(3)]
    local a, x = make[kind](depth - 1)
    if pick(2) == 1 then return a:is_null(), x == NULL end
    return a:is_not_null(), x ~= NULL
  end,
  function(depth)
    local a, x = make.bool(depth - 1)
    if pick(2) == 1 then return a:is_true(), x == true end
    return a:is_false(), x == false
  end,
  function(depth)
    local kind = ({ "number", "bool", "text" })[pick(3)]
    local a, x = make[kind](depth - 1)
    local b, y = make[kind](depth - 1)
    if pick(2) == 1 then return a:is_distinct_from(b), x ~= y end
    return a:is_not_distinct_from(b), x == y
  end,
  function(depth)
    local a, x = make.number(depth - 1)
    if pick(2) == 1 then return a:in_ { 0, 1, 2 }, x == NULL and NULL or x >= 0 and x <= 2 end
    return a:not_in { 0, 1, 2 }, x == NULL and NULL or x < 0 or x > 2
  end,
  function(depth)
    local a, x = make.number(depth - 1)
    if pick(2) == 1 then return a:any(">", { 5, 1 }), x == NULL and NULL or x > 1 end
    return a:all(">", { 5, 1 }), x == NULL and NULL or x > 5
  end,
  function(depth)
    local a, x = make.text(depth - 1)
    if pick(2) == 1 then return a:like "a%", x == NULL and NULL or x:sub(1, 1) == "a" end
    return a:not_like "a%", x == NULL and NULL or x:sub(1, 1) ~= "a"
  end,
  bool_case,
  function(depth)
    local a, x = make.bool(depth - 1)
    local b, y = make.bool(depth - 1)
    return mp.sql "$a or $b" { a = a, b = b }, disjunction(x, y)
  end,
  function(depth)
    local a, x = make.bool(depth - 1)
    return mp.exists(mp.select(mp.value(1):as "n"):where(a)), x == true
  end,
  function(depth)
    local a, x = make.bool(depth - 1)
    return a:as "name", x
  end,
}

local TEXT = {
  function(depth)
    local a, x = make.text(depth - 1)
    local b, y = make.text(depth - 1)
    return a .. b, any { x, y } or x .. y
  end,
  function(depth)
    local a, x = make.text(depth - 1)
    return a .. "c", x == NULL and NULL or x .. "c"
  end,
  function(depth)
    local a, x = make.number(depth - 1)
    return a:cast "text", x == NULL and NULL or ("%d"):format(x)
  end,
  function(depth)
    local a, x = make.bool(depth - 1)
    return a:cast "text", x == NULL and NULL or tostring(x)
  end,
  function(depth) return case("text", depth) end,
}

local function leaf(value, kind)
  if pick(6) == 1 then value = NULL end
  return mp.value(value, kind), value
end

function make.number(depth)
  if depth == 0 then return leaf(pick(6) - 3, "int8") end
  return NUMBER[pick(#NUMBER)](depth)
end

function make.bool(depth)
  if depth == 0 then return leaf(pick(2) == 1, "bool") end
  return BOOL[pick(#BOOL)](depth)
end

function make.text(depth)
  if depth == 0 then return leaf(({ "a", "b", "" })[pick(3)], "text") end
  return TEXT[pick(#TEXT)](depth)
end

describe("a tree of expressions", function()
  local db

  setup(function() db = mp.connect { url = cluster.url(), max_size = 2 } end)
  teardown(function() db:close() end)

  --- Many trees are the columns of a query, so that there are few round trips.
  local function check(seed, count)
    state = seed
    local columns, expected, kinds = {}, {}, { "number", "bool", "text" }
    for i = 1, count do
      local node, value = make[kinds[i % 3 + 1]](pick(DEPTH))
      columns[i] = mp.sql "($x)" { x = node }:as("c" .. i)
      expected[i] = value
    end
    local row = db:one(mp.select(table.unpack(columns)))
    for i = 1, count do
      local given = row["c" .. i]
      if given == nil then given = NULL end
      if given ~= expected[i] then
        error(("%s is %s on the server, expected %s"):format(mp.select(columns[i]):to_sql(), given, expected[i]))
      end
    end
  end

  it("means to the server what it means in Lua", function()
    for seed = 1, TREES // 30 do
      check(seed, 30)
    end
  end)
end)
