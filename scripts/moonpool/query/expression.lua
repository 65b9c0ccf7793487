--- Expressions: columns, values, operators. Each is a node of a tree that nothing changes after it was made; render.lua
--- prints it.
---
--- A node has `kind`, which says what else it has, and `type`, a moonpool.query.Type or false where it is not known.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local types = require "moonpool.query.types"

local null = core.null

---@class moonpool.Expression
---@operator band(moonpool.Expression): moonpool.Expression
---@operator bor(moonpool.Expression): moonpool.Expression
---@operator bnot: moonpool.Expression
---@operator add(any): moonpool.Expression
---@operator sub(any): moonpool.Expression
---@operator mul(any): moonpool.Expression
---@operator div(any): moonpool.Expression
---@operator mod(any): moonpool.Expression
---@operator unm: moonpool.Expression
---@operator concat(any): moonpool.Expression
---@field to_sql fun(self: moonpool.Expression): string, any[] the text and the values that would be sent
local Expression = {}

---@class moonpool.Column: moonpool.Expression

local METATABLE = { __name = "moonpool.Expression" }

local M = { Expression = Expression, metatable = METATABLE }

--- What other files put here, since they stand on this one: whether a value is a query or a table, and the query as an
--- expression.
M.subquery_of = nil ---@type fun(value: any): table?

local usage = complain.usage

---@param node table
---@return moonpool.Expression
local function make(node)
  return setmetatable(node, METATABLE)
end
M.make = make

---@param value any
---@return boolean
function M.is(value)
  return getmetatable(value) == METATABLE
end

local is = M.is

--- How a message names an expression.
---@param node table
---@return string
function M.name_of(node)
  if node.kind == "column" then
    return node.source.alias .. "." .. node.name
  elseif node.kind == "call" then
    return node.name .. "(...)"
  elseif node.kind == "param" then
    return "mp.param " .. complain.show(node.name)
  end
  return "the expression"
end

local name_of = M.name_of

local function typed_name(node)
  return node.type and ("%s, which is %s,"):format(name_of(node), node.type.name) or name_of(node)
end

local function raise_value(node, value, wanted, hint)
  if type(value) == "string" and node.type.labels then
    usage(("%s, a %s, has no label %s"):format(name_of(node), node.type.name, complain.show(value)), hint)
  elseif type(value) == "string" then
    usage(("%s is %s, which %s does not fit; expected %s")
      :format(name_of(node), node.type.name, complain.show(value), wanted), hint)
  end
  local shown = math.type(value) and ("the %s %s"):format(math.type(value), value)
    or ("a value of type %s"):format(complain.type_name(value))
  usage(("%s is %s, which %s does not fit; expected %s"):format(name_of(node), node.type.name, shown, wanted), hint)
end

local function check_value(node, value)
  local kind = node.type
  local wanted = kind and kind.wanted(kind, value)
  if wanted then
    raise_value(node, value, wanted, kind.labels and complain.hint(value, kind.labels, "its labels are"))
  end
end
M.check_value = check_value

--- A value as a node: it becomes a parameter. One node is one parameter, however often it is used.
---@param value any
---@param kind moonpool.query.Type|false
---@param cast? string|false
---@return moonpool.Expression
function M.value(value, kind, cast)
  return make { kind = "value", value = value, type = kind or false, as_type = cast or false }
end

--- What the builder itself makes, and what it lacks to be an expression.
local UNFINISHED = {
  ["moonpool.Case"] = "end it with :otherwise(value) or :finish()",
  ["moonpool.Relation"] = "a relation is for join",
}

---@param value any
---@param what string for messages
function M.refuse_unfinished(value, what)
  local unfinished = type(value) == "table" and UNFINISHED[complain.type_name(value)]
  if unfinished then
    usage(("%s is a %s; expected a value or an expression"):format(what, complain.type_name(value)), unfinished)
  end
end

--- Refuses what can never be an operand.
local function refuse(value, what)
  M.refuse_unfinished(value, what)
  if value == nil then
    usage(("%s is nil; expected a value or an expression"):format(what),
      "for NULL there is is_null(), or mp.null in a row")
  elseif type(value) == "function" or type(value) == "thread" then
    usage(("%s is a %s; expected a value or an expression"):format(what, type(value)))
  end
end

--- An expression, a query or a plain value as a node, if its type goes with that of `node`.
---@param node table the other side
---@param value any
---@param what string for messages
---@return table
local function operand(node, value, what)
  local lua = type(value)
  if lua ~= "table" and lua ~= "nil" and lua ~= "function" and lua ~= "thread" and value ~= null then
    check_value(node, value)
    return { kind = "value", value = value }
  elseif is(value) then
    if not types.are_comparable(node.type, value.type) then
      usage(("%s cannot be compared with %s: it is %s")
        :format(typed_name(node), name_of(value), value.type.name), "cast one of them: :cast(\"type\")")
    end
    return value
  end
  local subquery = type(value) == "table" and M.subquery_of(value)
  if subquery then
    return operand(node, subquery, what)
  end
  if value == nil or value == null then
    usage(("%s is %s"):format(what, value == nil and "nil" or "mp.null"),
      "NULL equals nothing: use is_null() or is_not_null()")
  end
  refuse(value, what)
  check_value(node, value)
  return { kind = "value", value = value }
end
M.operand = operand

--- Any operand, of whatever type.
---@param value any
---@param what string
---@param kind? moonpool.query.Type|false that the server will take a plain value for
---@return table
function M.any_operand(value, what, kind)
  if is(value) then
    return value
  end
  local subquery = type(value) == "table" and M.subquery_of(value)
  if subquery then
    return subquery
  end
  refuse(value, what)
  return M.value(value, kind)
end

local function binary(op, left, right, kind)
  return make { kind = "binary", operator = op, left = left, right = right, type = kind }
end
M.binary = binary

-- ---- comparisons ----

local function refuse_json(node, op)
  if node.type and node.type.name == "json" then
    usage(("%s has no operator %s"):format(typed_name(node), op), "cast it to jsonb")
  end
end

local function comparison(op, method)
  local what = "the argument of " .. method
  return function(self, value)
    refuse_json(self, op)
    return binary(op, self, operand(self, value, what), types.boolean)
  end
end

--- Equal. NULL equals nothing: see is_null and is_not_distinct_from.
Expression.eq = comparison("=", "eq")
Expression.ne = comparison("<>", "ne")
Expression.lt = comparison("<", "lt")
Expression.le = comparison("<=", "le")
Expression.gt = comparison(">", "gt")
Expression.ge = comparison(">=", "ge")

local function distinctness(op)
  return function(self, value)
    if value == null then
      return binary(op, self, make { kind = "null", type = false }, types.boolean)
    end
    return binary(op, self, operand(self, value, "the argument"), types.boolean)
  end
end

--- Like `ne`, but NULL is a value like any other; takes mp.null.
Expression.is_distinct_from = distinctness("is distinct from")
Expression.is_not_distinct_from = distinctness("is not distinct from")

---@param low any
---@param high any
---@return moonpool.Expression low <= self and self <= high
function Expression:between(low, high)
  return make {
    kind = "between",
    operand = self,
    low = operand(self, low, "the first argument of between"),
    high = operand(self, high, "the second argument of between"),
    type = types.boolean,
  }
end

local function postfix(op)
  return function(self)
    return make { kind = "postfix", operator = op, operand = self, type = types.boolean }
  end
end

Expression.is_null = postfix("is null")
Expression.is_not_null = postfix("is not null")
Expression.is_true = postfix("is true")
Expression.is_false = postfix("is false")

-- ---- lists and subqueries ----

--- An expression as a list is an array, of what can be compared.
local function check_list(node, list, what)
  local kind = list.type
  if not kind or kind.family == "other" then
    return
  elseif kind.family ~= "array" then
    usage(("%s is %s, which is %s; expected a list, a query or an array"):format(what, name_of(list), kind.name))
  elseif not types.are_comparable(node.type, kind.element) then
    usage(("%s cannot be compared with elements of %s: they are %s")
      :format(typed_name(node), name_of(list), kind.element.name), "cast one of them: :cast(\"type\")")
  end
end

--- A list is one parameter, an array: so the text of the statement is the same for any number of elements.
local function list_operand(node, list, what)
  if is(list) then
    check_list(node, list, what)
    return list
  end
  local subquery = type(list) == "table" and M.subquery_of(list)
  if subquery then
    return operand(node, subquery, what)
  end
  if type(list) ~= "table" then
    usage(("%s is a %s; expected a list, a query or an expression"):format(what, complain.type_name(list)))
  end
  local count = #list
  local copy = table.move(list, 1, count, 1, {})
  for key in next, list do
    if math.type(key) ~= "integer" or key < 1 or key > count then
      usage(("%s has the key %s; expected a list without holes"):format(what, complain.show(tostring(key))))
    end
  end
  for i = 1, count do
    local item = copy[i]
    if item == nil then
      usage(("%s has no element %d; expected a list without holes"):format(what, i))
    elseif item == null then
      usage(("element %d of %s is mp.null"):format(i, what), "NULL equals nothing: add | column:is_null()")
    elseif is(item) or type(item) == "table" and M.subquery_of(item) then
      usage(("element %d of %s is an expression; expected values"):format(i, what), "join conditions with |")
    end
    check_value(node, item)
    copy[i] = type(item) == "table" and node.type and types.as_element(node.type, item) or item
  end
  return { kind = "value", value = core.array(copy) }
end

M.list_operand = list_operand

local function quantified(node, op, quantifier, list, what)
  refuse_json(node, op)
  return make {
    kind = "quantified", operator = op, quantifier = quantifier, left = node,
    right = list_operand(node, list, what), type = types.boolean,
  }
end

--- Equal to an element of the list, or to a row of the query.
---@param list any[]|moonpool.Query|moonpool.Expression
---@return moonpool.Expression
function Expression:in_(list)
  return quantified(self, "=", "any", list, "the argument of in_")
end

---@param list any[]|moonpool.Query|moonpool.Expression
---@return moonpool.Expression
function Expression:not_in(list)
  return quantified(self, "<>", "all", list, "the argument of not_in")
end

--- PostgreSQL's rule for operators: these bytes only, and nothing that would begin a comment.
local function check_operator(op)
  local is_word = op == "like" or op == "ilike"
  local is_sign = type(op) == "string" and #op < 64 and op:find("^[-+*/<>=~!@#%%^&|`?]+$")
    and (#op == 1 or not op:find("[-+]$") or op:find("[~!@#%%^&|`?]")) -- else it would be read as two
  if not is_word and (not is_sign or op:find("--", 1, true) or op:find("/*", 1, true)) then
    usage(("the operator is %s; expected one of PostgreSQL's, such as \"<=\" or \"@>\""):format(complain.show(op)))
  end
  return op
end

--- The comparison holds for one element at least.
---@param op string such as ">="
---@param list any[]|moonpool.Query|moonpool.Expression
---@return moonpool.Expression
function Expression:any(op, list)
  return quantified(self, check_operator(op), "any", list, "the list of any")
end

--- The comparison holds for all elements.
---@param op string such as ">="
---@param list any[]|moonpool.Query|moonpool.Expression
---@return moonpool.Expression
function Expression:all(op, list)
  return quantified(self, check_operator(op), "all", list, "the list of all")
end

--- Any operator of the server, also one that an extension brings. The result's type is `kind`.
---@param op string such as "<->"
---@param value any
---@param kind? string a type's name
---@return moonpool.Expression
function Expression:op(op, value, kind)
  local right = M.any_operand(value, "the second argument of op")
  return binary(check_operator(op), self, right, kind and types.parse(kind) or false)
end

-- ---- text ----

local function need_family(node, family, method, hint)
  if node.type and node.type.family ~= family and node.type.family ~= "other" then
    usage(("%s has no method %s: that is for %s"):format(typed_name(node), method, family), hint)
  end
end

M.typed_name = typed_name
M.need_family = need_family

local function pattern(op, method)
  local what = "the argument of " .. method
  return function(self, value)
    need_family(self, "text", method, "cast it: :cast(\"text\")")
    return binary(op, self, operand(self, value, what), types.boolean)
  end
end

Expression.like = pattern("like", "like")
Expression.not_like = pattern("not like", "not_like")
Expression.ilike = pattern("ilike", "ilike")
Expression.not_ilike = pattern("not ilike", "not_ilike")
--- POSIX regular expressions, and without regard to case.
Expression.matches = pattern("~", "matches")
Expression.imatches = pattern("~*", "imatches")
Expression.starts_with = pattern("^@", "starts_with")

-- ---- and, or, not ----

local function condition(value, what)
  if not is(value) then
    usage(("%s is a %s; expected a condition such as column:eq(value)"):format(what, complain.type_name(value)),
      type(value) == "boolean" and "Lua's == compares objects: write column:eq(value)" or nil)
  elseif value.type and value.type.family ~= "boolean" and value.type.family ~= "other" then
    usage(("%s is no condition"):format(typed_name(value)), "compare it: column:eq(value)")
  end
  return value
end
M.condition = condition
M.refuse = refuse

local function logic(op)
  return function(left, right)
    return make {
      kind = "logic", operator = op, type = types.boolean,
      left = condition(left, "the left side"), right = condition(right, "the right side"),
    }
  end
end

METATABLE.__band = logic("and")
METATABLE.__bor = logic("or")

function METATABLE.__bnot(node)
  return make { kind = "not", operand = condition(node, "what ~ negates"), type = types.boolean }
end

M.both = METATABLE.__band

-- ---- types, names, order ----

---@param name string a type, such as "int4", "numeric(10,2)", "text[]"
---@return moonpool.Expression
function Expression:cast(name)
  local kind = types.parse(name)
  return make { kind = "cast", operand = self, type = kind }
end

--- The name of a column of the result.
---@param name string
---@return moonpool.Expression
function Expression:as(name)
  return make { kind = "alias", operand = self, name = M.check_name(name, "the alias"), type = self.type }
end

--- A name that can stand for a column or a table.
---@param name any
---@param what string for messages
---@return string
function M.check_name(name, what)
  if type(name) ~= "string" or name == "" then
    usage(("%s is %s; expected a name"):format(what, name == "" and "empty" or "a " .. complain.type_name(name)))
  elseif #name > 63 then
    usage(("%s %s has %d bytes; PostgreSQL cuts names behind 63"):format(what, complain.show(name), #name))
  elseif name:find("\0", 1, true) or not utf8.len(name) then
    usage(("%s %s has a NUL byte or is not UTF-8"):format(what, complain.show(name)))
  end
  return name
end

local function ordered(node, field, value)
  local is_order = node.kind == "order"
  local order = make {
    kind = "order", type = false, operand = is_order and node.operand or node,
    direction = is_order and node.direction, nulls = is_order and node.nulls,
  }
  order[field] = value
  return order
end

---@return moonpool.Expression
function Expression:asc() return ordered(self, "direction", "asc") end
---@return moonpool.Expression
function Expression:desc() return ordered(self, "direction", "desc") end
--- NULLs come before all others, or behind them. By default they are the largest.
---@return moonpool.Expression
function Expression:nulls_first() return ordered(self, "nulls", "first") end
---@return moonpool.Expression
function Expression:nulls_last() return ordered(self, "nulls", "last") end

local function raise_unknown(_, name)
  local names = {}
  for method in pairs(Expression) do
    names[#names + 1] = method
  end
  table.sort(names)
  usage(("an expression has no method %s"):format(complain.show(name)), complain.hint(name, names))
end

METATABLE.__index = setmetatable(Expression, { __index = raise_unknown })

function METATABLE.__newindex()
  usage("an expression cannot be changed")
end

return M
