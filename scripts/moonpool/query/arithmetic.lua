--- What Lua's operators mean for expressions: arithmetic and the joining of texts, and those that have no meaning.

local complain = require "moonpool.query.complain"
local expression = require "moonpool.query.expression"
local types = require "moonpool.query.types"

local usage = complain.usage
local METATABLE = expression.metatable
local is, binary, check_value = expression.is, expression.binary, expression.check_value
local typed_name = expression.typed_name

local ARITHMETIC = {
  number = true, moment = true, time = true, interval = true, range = true, json = true, other = true,
}

local function result_of(left, right)
  local a, b = left.type, right.type
  if a and b and a.name == b.name and a.family == "number" then
    return a
  end
  return false
end

--- The server would not know what is added to a date: days, or a text such as "1 month".
local function beside_date(value)
  return math.type(value) == "integer" and "int4" or type(value) == "string" and "interval"
end

--- Plain numbers beside a number take its type; whatever else is left to the server.
local function arithmetic_operand(value, other)
  if is(value) then
    return value
  end
  local node = expression.any_operand(value, "the operand")
  if node.kind == "value" and other.type and other.type.family == "number" then
    check_value(other, value)
    local fits = math.type(value) ~= "float" or other.type.name:find("^float")
    return expression.value(value, fits and other.type, not fits and types.cast_of(value))
  elseif node.kind == "value" and other.type and other.type.family ~= "json" then
    return expression.value(value, false, other.type.name == "date" and beside_date(value)
      or type(value) == "userdata" and types.cast_of(value))
  end
  return node
end

local function arithmetic(op)
  return function(left, right)
    local known = is(left) and left or right
    if known.type and not ARITHMETIC[known.type.family] then
      usage(("%s has no operator %s"):format(typed_name(known), op), "cast it: :cast(\"numeric\")")
    end
    left, right = arithmetic_operand(left, known), arithmetic_operand(right, known)
    return binary(op, left, right, result_of(left, right))
  end
end

METATABLE.__add = arithmetic("+")
METATABLE.__sub = arithmetic("-")
METATABLE.__mul = arithmetic("*")
METATABLE.__div = arithmetic("/")
METATABLE.__mod = arithmetic("%")

METATABLE.__pow = arithmetic("^")

--- Lua compares at once, and knows no rows.
local function refuse_comparison(name)
  return function()
    usage("expressions cannot be compared with < and > of Lua", ("write column:%s(value)"):format(name))
  end
end

METATABLE.__lt = refuse_comparison("lt")
METATABLE.__le = refuse_comparison("le")

function METATABLE.__len()
  usage("an expression has no length in Lua", "write mp.fn.length(column), or mp.fn.cardinality(column) for an array")
end

function METATABLE.__unm(node)
  expression.need_family(node, "number", "-")
  return expression.make { kind = "negative", operand = node, type = node.type }
end

--- A plain value beside an array is an array or an element, beside a document a document; else it is a text.
local function concat_side(value, other)
  if is(value) then
    return value
  end
  local node = expression.any_operand(value, "the operand of ..", other)
  if node.kind ~= "value" then
    return node
  elseif not other or other.family == "json" or other.family == "other" then
    return node
  elseif other.family ~= "array" then
    return expression.value(type(value) == "number" and tostring(value) or value, types.text, "text")
  end
  local kind = type(value) == "table" and other or other.element
  check_value({ kind = "element", type = kind }, value)
  return expression.value(value, other, kind.sql)
end

local function concat_type(a, b)
  for _, family in ipairs { "array", "json", "text" } do
    if a and a.family == family then
      return family == "text" and (not b or b.family ~= "array" and b.family ~= "json") and types.text or a
    elseif b and b.family == family then
      return family == "text" and types.text or b
    end
  end
  return false
end

--- SQL's ||: texts, arrays and jsonb documents are joined.
function METATABLE.__concat(left, right)
  local known = is(left) and left or right
  left, right = concat_side(left, known.type), concat_side(right, known.type)
  return binary("||", left, right, concat_type(left.type, right.type))
end
