--- Functions of the server: mp.fn.lower(column), aggregates with filter, windows, CASE.

local complain = require "moonpool.query.complain"
local core = require "moonpool.core"
local expression = require "moonpool.query.expression"
local source = require "moonpool.query.source"
local types = require "moonpool.query.types"

local usage = complain.usage

---@class moonpool.Expression
local Expression = expression.Expression

local M = {}

--- What a function gives: a type's name, or which argument's type. Others are unknown here, and left to the server.
local RESULTS = {
  count = "int8", row_number = "int8", rank = "int8", dense_rank = "int8", ntile = "int4", percent_rank = "float8",
  cume_dist = "float8", lower = "text", upper = "text", trim = "text", btrim = "text", ltrim = "text", rtrim = "text",
  concat = "text", concat_ws = "text", replace = "text", initcap = "text", md5 = "text", substr = "text",
  left = "text", right = "text", lpad = "text", rpad = "text", reverse = "text", split_part = "text", format = "text",
  string_agg = "text", to_char = "text", length = "int4", char_length = "int4", octet_length = "int4",
  strpos = "int4", cardinality = "int4", array_length = "int4", jsonb_array_length = "int4", now = "timestamptz",
  clock_timestamp = "timestamptz", statement_timestamp = "timestamptz", age = "interval", gen_random_uuid = "uuid",
  jsonb_agg = "jsonb", json_agg = "json", jsonb_object_agg = "jsonb", jsonb_build_object = "jsonb",
  jsonb_build_array = "jsonb", to_jsonb = "jsonb", jsonb_set = "jsonb", json_build_object = "json",
  json_build_array = "json", to_json = "json", bool_and = "bool", bool_or = "bool", every = "bool",
  random = "float8", array_to_string = "text",
  max = 1, min = 1, coalesce = 1, greatest = 1, least = 1, nullif = 1, abs = 1, lag = 1, lead = 1, first_value = 1,
  last_value = 1, nth_value = 1, mode = 1, array_append = 1, array_remove = 1, date_trunc = 2,
}

--- Functions of any type: nothing tells the server what a plain value among their arguments is.
local POLYMORPHIC = {}
for _, name in ipairs {
  "jsonb_build_object", "json_build_object", "jsonb_build_array", "json_build_array", "to_jsonb", "to_json", "concat",
  "concat_ws", "format", "array_agg", "jsonb_agg", "json_agg", "jsonb_object_agg", "json_object_agg", "num_nulls",
  "num_nonnulls", "count", "max", "min", "pg_typeof", "quote_literal", "quote_nullable", "generate_series",
} do
  POLYMORPHIC[name] = true
end

--- Functions of the grammar: their names cannot be quoted, and their arguments have one type.
local WORDS = {
  coalesce = true, greatest = true, least = true, nullif = true, row = true, array = true, grouping = true,
  rollup = true, cube = true,
}

--- How many arguments the grammar asks for, at least and at most.
local COUNTS = {
  coalesce = { 1 }, greatest = { 1 }, least = { 1 }, nullif = { 2, 2 }, grouping = { 1 }, rollup = { 1 },
  cube = { 1 },
}

local function check_count(name, count)
  local least, most = table.unpack(COUNTS[name] or { 0 })
  if count < least or most and count > most then
    usage(("%s has %d argument%s; expected %d%s"):format(name, count, count == 1 and "" or "s", least,
      most and "" or " or more"))
  end
end
--- Those that find the one type among their arguments.
local UNIFYING = { coalesce = true, greatest = true, least = true, nullif = true, array = true }

--- What the server calls the column, where that is not the function's name.
local RESULT_NAMES = { trim = "btrim" }

--- Names that are known here are printed as they are, all others as identifiers, with their schema.
local function name_as_sql(name)
  if WORDS[name] or RESULTS[name] or POLYMORPHIC[name] or name == "sum" or name == "avg" then
    return name
  end
  local parts = {}
  for part in name:gmatch("[^.]+") do
    parts[#parts + 1] = core.quote_identifier(expression.check_name(part, "the function's name"))
  end
  return table.concat(parts, ".")
end

--- What sum and avg give, by what they are given.
local TOTALS = {
  sum = { int2 = "int8", int4 = "int8", int8 = "numeric", numeric = "numeric", float4 = "float4", float8 = "float8" },
  avg = {
    int2 = "numeric", int4 = "numeric", int8 = "numeric", numeric = "numeric", float4 = "float8", float8 = "float8",
  },
}
TOTALS.sum.interval, TOTALS.avg.interval = "interval", "interval"

local function total_of(name, kind)
  local total = kind and TOTALS[name][kind.name]
  return total and types.named(total) or false
end

local function result_of(name, arguments)
  local result = RESULTS[name]
  if type(result) == "string" then
    return types.named(result)
  elseif result then
    return arguments[result] and arguments[result].type or false
  elseif name == "sum" or name == "avg" then
    return total_of(name, arguments[1] and arguments[1].type)
  elseif name == "array_agg" then
    local kind = arguments[1] and arguments[1].type
    return kind and types.array_of(kind) or false
  end
  return false
end

local function read_argument(name, value, first)
  if value == core.null then
    return expression.make { kind = "null", type = false }
  elseif type(value) == "table" and getmetatable(value) == nil or core.array.is(value) then
    return expression.value(value, false)
  end
  local node = expression.any_operand(value, "an argument of " .. name)
  if node.kind == "order" then
    usage("asc, desc and nulls stand within an expression", "for aggregates there is order_by")
  end
  if node.kind ~= "value" or node == value then
    return node
  elseif POLYMORPHIC[name] and not (name == "generate_series" and type(value) == "string") then
    return expression.value(value, false, types.cast_of(value))
  elseif WORDS[name] and first and first.type then
    return expression.operand(first, value, "an argument of " .. name)
  end
  return node
end

--- Plain values alone would all be texts.
local function tell_types(arguments)
  for _, node in ipairs(arguments) do
    if node.kind ~= "null" and (node.kind ~= "value" or node.as_type) then
      return
    end
  end
  for i, node in ipairs(arguments) do
    if node.kind == "value" then
      arguments[i] = expression.value(node.value, false, types.cast_of(node.value))
    end
  end
end

local function call(name, ...)
  local arguments = {}
  check_count(name, select("#", ...))
  for i = 1, select("#", ...) do
    arguments[i] = read_argument(name, (select(i, ...)), arguments[1])
  end
  if UNIFYING[name] then
    tell_types(arguments)
  end
  return expression.make {
    kind = "call", name = RESULT_NAMES[name] or name:match("[^.]+$"), sql = name_as_sql(name), arguments = arguments,
    type = result_of(name, arguments), is_star = name == "count" and #arguments == 0, is_distinct = false,
    filtered_by = false, ordering = false, window = false, group_ordering = false,
  }
end

--- mp.fn.name(...): a call of any function of the server, `mp.fn["schema.name"]` of one in a schema.
---@type table<string, fun(...: any): moonpool.Expression>
M.fn = setmetatable({}, {
  __index = function(functions, name)
    expression.check_name(name, "the function's name")
    if name:find("^%.") or name:find("%.$") or name:find("..", 1, true) then
      usage(("the function's name is %s; expected a name, or \"schema.name\""):format(complain.show(name)))
    end
    local fn = function(...) return call(name, ...) end
    if name:find("^[%l_][%w_]*$") then
      rawset(functions, name, fn)
    end
    return fn
  end,
  __newindex = function() usage("mp.fn cannot be changed") end,
})

-- ---- aggregates and windows ----

local function altered(node, method, field, value)
  if node.kind ~= "call" then
    usage(("%s has no method %s: that is for calls of functions"):format(expression.name_of(node), method))
  elseif WORDS[node.sql] then
    usage(("%s has no method %s: it is a word of SQL and no function"):format(expression.name_of(node), method))
  end
  local copy = {}
  for key, old in next, node do
    copy[key] = old
  end
  copy[field] = value
  return expression.make(copy)
end

--- Only rows for which the condition holds are aggregated.
---@param condition moonpool.Expression
---@return moonpool.Expression
function Expression:filter(condition)
  return altered(self, "filter", "filtered_by", expression.condition(condition, "the argument of filter"))
end

local function need_arguments(node, method)
  if node.kind == "call" and #node.arguments == 0 then
    usage(("%s has no arguments, and no %s"):format(expression.name_of(node), method))
  end
end

--- Each value is aggregated once.
---@return moonpool.Expression
function Expression:distinct()
  need_arguments(self, "distinct")
  return altered(self, "distinct", "is_distinct", true)
end

local function read_nodes(what, ...)
  local nodes = { ... }
  for i = 1, select("#", ...) do
    local is_order = expression.is(nodes[i]) and nodes[i].kind == "order"
    if not expression.is(nodes[i]) or is_order and what == "partition_by" then
      usage(("argument %d of %s is %s; expected a column or an expression"):format(i, what,
        is_order and "an order" or "a " .. complain.type_name(nodes[i])))
    end
  end
  if #nodes == 0 then
    usage(("%s needs a column"):format(what))
  end
  return nodes
end

--- In which order values are aggregated.
---@param ... moonpool.Expression
---@return moonpool.Expression
function Expression:order_by(...)
  need_arguments(self, "order_by")
  return altered(self, "order_by", "ordering", read_nodes("order_by", ...))
end

--- WITHIN GROUP, as percentile_cont needs it.
---@param ... moonpool.Expression
---@return moonpool.Expression
function Expression:within_group(...)
  return altered(self, "within_group", "group_ordering", read_nodes("within_group", ...))
end

local WINDOW_OPTIONS = { "partition_by", "order_by", "rows", "range", "groups" }

local function read_list(what, value)
  if expression.is(value) then
    return { value }
  elseif type(value) ~= "table" then
    usage(("option %s is a %s; expected a column or a list of them"):format(what, complain.type_name(value)))
  end
  return read_nodes(what, table.unpack(value))
end

--- "unbounded preceding", "3 preceding", "current row", ...
local function read_bound(text, what)
  local words = type(text) == "string" and text:lower():gsub("%s+", " ")
  local is_known = words and (words == "current row" or words == "unbounded preceding" or words == "unbounded following"
    or words:find("^%d+ preceding$") or words:find("^%d+ following$"))
  if not is_known then
    usage(("a bound of the option %s is %s; expected \"unbounded preceding\", \"3 preceding\", \"current row\", "
      .. "\"3 following\" or \"unbounded following\""):format(what, complain.show(text)))
  end
  return words
end

local function read_frame(options)
  local frame = false
  for _, unit in ipairs { "rows", "range", "groups" } do
    local bounds = options[unit]
    if bounds ~= nil then
      if frame then
        usage("a window has two frames; expected one of rows, range and groups")
      elseif type(bounds) ~= "table" or #bounds ~= 2 then
        usage(("option %s is a %s; expected two bounds such as { \"3 preceding\", \"current row\" }")
          :format(unit, complain.type_name(bounds)))
      end
      frame = ("%s between %s and %s"):format(unit, read_bound(bounds[1], unit), read_bound(bounds[2], unit))
    end
  end
  return frame
end

--- Computes over the rows around each row, instead of over groups.
---@param window? { partition_by?: any, order_by?: any, rows?: string[], range?: string[], groups?: string[] }
---@return moonpool.Expression
function Expression:over(window)
  window = window or {}
  if type(window) ~= "table" or getmetatable(window) then
    usage(("the argument of over is a %s; expected a table of options"):format(complain.type_name(window)))
  end
  local known = {}
  for _, name in ipairs(WINDOW_OPTIONS) do
    known[name] = true
  end
  for name in pairs(window) do
    if not known[name] then
      usage(("there is no option %s of a window"):format(complain.show(name)), complain.hint(name, WINDOW_OPTIONS))
    end
  end
  return altered(self, "over", "window", {
    partition = window.partition_by ~= nil and read_list("partition_by", window.partition_by),
    ordering = window.order_by ~= nil and read_list("order_by", window.order_by),
    frame = read_frame(window),
  })
end

-- ---- CASE ----

---@class moonpool.Case
local Case = {}
Case.__index = Case
Case.__name = "moonpool.Case"

local function branch_value(self, value)
  local first = self.branches[1]
  if value == core.null then
    return expression.make { kind = "null", type = false }
  end
  if first and first.value.type and not expression.is(value) then
    return expression.operand(first.value, value, "the value of a branch")
  end
  local node = expression.any_operand(value, "the value of a branch")
  return node ~= value and node.kind == "value" and expression.value(value, false, types.cast_of(value)) or node
end

--- A further branch: the value where the condition holds.
---@param condition moonpool.Expression
---@param value any
---@return moonpool.Case
function Case:when(condition, value)
  local branches = table.move(self.branches, 1, #self.branches, 1, {})
  branches[#branches + 1] = {
    condition = expression.condition(condition, "the condition of when"), value = branch_value(self, value),
  }
  return setmetatable({ branches = branches }, Case)
end

local function finish_case(case, default)
  return expression.make {
    kind = "case", branches = case.branches, default = default, type = case.branches[1].value.type,
  }
end

--- The value where no condition holds. Ends the CASE.
---@param value any
---@return moonpool.Expression
function Case:otherwise(value)
  return finish_case(self, branch_value(self, value))
end

--- Ends the CASE: NULL where no condition holds.
---@return moonpool.Expression
function Case:finish()
  return finish_case(self, false)
end

--- CASE: mp.case(condition, value):when(condition, value):otherwise(value).
---@param condition moonpool.Expression
---@param value any
---@return moonpool.Case
function M.case(condition, value)
  return Case.when({ branches = {} }, condition, value)
end

-- ---- functions that give rows ----

--- Functions whose columns have to be told with their types.
local RECORD = {
  json_to_record = true, jsonb_to_record = true, json_to_recordset = true, jsonb_to_recordset = true,
}

--- A function as a table: mp.fn.generate_series(1, 10):rows("numbers", { "n int4" }).
---@param alias string
---@param columns string[] "name type" of each
---@return moonpool.Derived
function Expression:rows(alias, columns)
  if self.kind ~= "call" then
    usage(("%s gives no rows: that is for calls of functions"):format(expression.name_of(self)))
  end
  expression.check_name(alias, "the alias")
  local declared = source.declare(columns, "the function " .. self.name)
  local definition = {}
  for i, column in ipairs(declared) do
    definition[i] = core.quote_identifier(column.name)
    if RECORD[self.name] then
      definition[i] = definition[i] .. " " .. (column.type or types.text).sql
    end
  end
  return source.make({
    kind = "call", alias = alias, node = self, definition = "(" .. table.concat(definition, ", ") .. ")",
  }, declared)
end

local function check_rows(declared, rows)
  if type(rows) ~= "table" or source.is(rows) or expression.is(rows) then
    usage(("the third argument of rows is a %s; expected a list of rows"):format(complain.type_name(rows)))
  end
  local names, known = {}, {}
  for j, column in ipairs(declared) do
    names[j], known[column.name] = column.name, true
  end
  local count = #rows
  for key, row in next, rows do
    if math.type(key) ~= "integer" or key < 1 or key > count or type(row) ~= "table" then
      usage(("the rows have the %s at %s; expected a list of tables, without holes")
        :format(complain.type_name(row), type(key) == "number" and tostring(key) or complain.show(key)))
    end
    for name in next, row do
      if not known[name] then
        usage(("row %d of rows has %s, which is no column of it"):format(key, complain.show(name)),
          complain.hint(name, names))
      end
    end
  end
end

--- A list of rows as a table: for joins, and for updates of many rows.
---@param alias string
---@param columns string[] "name type" of each
---@param rows table[]
---@return moonpool.Derived
function M.rows(alias, columns, rows)
  expression.check_name(alias, "the alias")
  local declared = source.declare(columns, "the rows")
  check_rows(declared, rows)
  local lists = {}
  for j, column in ipairs(declared) do
    if not column.type or column.type.family == "array" then
      usage(("column %s of the rows has %s"):format(complain.show(column.name),
        column.type and "an array's type" or "no type"), "write \"name type\", with a type that is no array")
    end
    local list = {}
    for i = 1, #rows do
      local value = rows[i][column.name]
      if value == nil or value == core.null then
        list[i] = core.null
      else
        expression.check_value({ kind = "element", type = column.type }, value)
        list[i] = types.as_element(column.type, value)
      end
    end
    lists[j] = expression.value(core.array(list), false, column.type.sql .. "[]")
  end
  return source.make({ kind = "rows", alias = alias, lists = lists }, declared)
end

return M
