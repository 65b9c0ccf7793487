--- The methods of JSON documents, arrays and ranges.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local expression = require "moonpool.query.expression"
local types = require "moonpool.query.types"

local usage = complain.usage
local null = core.null
local make = expression.make
local is, binary, operand, check_value = expression.is, expression.binary, expression.operand, expression.check_value
local list_operand, refuse, typed_name = expression.list_operand, expression.refuse, expression.typed_name

---@class moonpool.Expression
local Expression = expression.Expression

local function need_one_of(node, families, method)
  if node.type and not families[node.type.family] and node.type.family ~= "other" then
    local names = {}
    for name in pairs(families) do
      names[#names + 1] = name
    end
    table.sort(names)
    usage(("%s has no method %s: that is for %s"):format(typed_name(node), method, table.concat(names, ", ")))
  end
end

local JSON = { json = true }

local function step(node, op, key, kind, method)
  need_one_of(node, JSON, method)
  if math.type(key) == "integer" then
    return binary(op, node, expression.value(key, types.int4, "int4"), kind)
  elseif type(key) ~= "string" then
    usage(("a key of %s is a %s; expected a string, or a whole number from 0"):format(method, complain.type_name(key)))
  end
  return binary(op, node, expression.value(key, types.text, "text"), kind)
end

local function path(node, method, ...)
  local count = select("#", ...)
  if count == 0 then
    usage(("%s needs a key"):format(method))
  end
  local last = select(count, ...)
  for i = 1, count - 1 do
    node = step(node, "->", (select(i, ...)), node.type, method)
  end
  return node, last
end

--- The part of a JSON document under these keys, one inside the other; a whole number is an index from 0.
---@param ... string|integer
---@return moonpool.Expression
function Expression:get(...)
  local node, last = path(self, "get", ...)
  return step(node, "->", last, node.type, "get")
end

--- The same as text, for comparisons and casts.
---@param ... string|integer
---@return moonpool.Expression
function Expression:text(...)
  local node, last = path(self, "text", ...)
  return step(node, "->>", last, types.text, "text")
end

local CONTAINERS = { json = true, array = true, range = true }

--- A part of a document, array or range; a range takes an element too.
local function containment(op, method)
  return function(self, value)
    need_one_of(self, CONTAINERS, method)
    if is(value) then
      return binary(op, self, value, types.boolean)
    end
    refuse(value, "the argument of " .. method)
    if value == null then
      usage(("the argument of %s is mp.null"):format(method), "NULL is part of nothing: use is_null()")
    end
    local kind = self.type
    if kind and kind.family == "range" and not core.range.is(value) then
      check_value({ kind = "element", type = kind.element }, value)
      return binary(op, self, expression.value(value, kind.element, kind.element and kind.element.sql), types.boolean)
    end
    if kind then
      check_value(self, value)
    end
    return binary(op, self, expression.value(value, kind, kind and kind.family ~= "other" and kind.sql), types.boolean)
  end
end

Expression.contains = containment("@>", "contains")
Expression.contained_in = containment("<@", "contained_in")

local SETS = { array = true, range = true }

--- Have the two arrays or ranges an element in common?
---@return moonpool.Expression
function Expression:overlaps(value)
  need_one_of(self, SETS, "overlaps")
  return binary("&&", self, operand(self, value, "the argument of overlaps"), types.boolean)
end

--- Has the document this key, or its list this text?
---@param key string
---@return moonpool.Expression
function Expression:has_key(key)
  need_one_of(self, JSON, "has_key")
  if type(key) ~= "string" and not is(key) then
    usage(("the argument of has_key is a %s; expected a string"):format(complain.type_name(key)))
  end
  return binary("?", self, is(key) and key or expression.value(key, types.text), types.boolean)
end

local function keys(op, method)
  return function(self, list)
    need_one_of(self, JSON, method)
    local right = list_operand({ kind = "element", type = types.text }, list, "the argument of " .. method)
    return binary(op, self, right, types.boolean)
  end
end

Expression.has_any_key = keys("?|", "has_any_key")
Expression.has_all_keys = keys("?&", "has_all_keys")

local ARRAY = { array = true }

--- Is the value an element of the array?
---@return moonpool.Expression
function Expression:has(value)
  need_one_of(self, ARRAY, "has")
  local element = { kind = "element", type = self.type and self.type.element or false }
  return make {
    kind = "quantified", operator = "=", quantifier = "any", left = operand(element, value, "the argument of has"),
    right = self, type = types.boolean,
  }
end

--- The element at a place of the array, from 1.
---@param index integer|moonpool.Expression
---@return moonpool.Expression
function Expression:at(index)
  need_one_of(self, ARRAY, "at")
  if not is(index) and math.type(index) ~= "integer" then
    usage(("the argument of at is a %s; expected a whole number, or an expression"):format(complain.type_name(index)))
  end
  local node = is(index) and index or expression.value(index, types.int4, "int4")
  return make { kind = "subscript", operand = self, index = node, type = self.type and self.type.element or false }
end
