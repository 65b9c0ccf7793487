--- Prints expressions.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local expression = require "moonpool.query.expression"
local writer = require "moonpool.query.render.writer"

local usage = complain.usage
local quote = core.quote_identifier
local add, add_list, add_parameter = writer.add, writer.add_list, writer.add_parameter

--- What other files of this folder put here, since they stand on this one.
local M = {
  query = nil, ---@type fun(w: moonpool.query.Writer, statement: table, outer: moonpool.query.Frame|false)
  source_name = nil, ---@type fun(w: moonpool.query.Writer, source: moonpool.query.Source, is_renamed: boolean)
}

local printers = {}
local print_node

--- What needs no parentheses, wherever it stands.
local ATOMS = {
  column = true, value = true, call = true, cast = true, param = true, subquery = true, exists = true, name = true,
  row = true, null = true, subscript = true, case = true, ["true"] = true, default = true, alias = true,
}

local function print_operand(w, node)
  if ATOMS[node.kind] then
    return printers[node.kind](w, node)
  end
  add(w, "(")
  print_node(w, node)
  add(w, ")")
end

function print_node(w, node)
  return printers[node.kind](w, node)
end

--- May a column of the source be named here? If another source has its alias in a nearer query, that one is meant.
---@return boolean is_visible
---@return moonpool.query.Source? hiding
local function is_visible(frame, one)
  local alias = one.alias
  while frame do
    local main, joins, hiding = frame.main, frame.joins, nil
    if one == main or one.kind == "excluded" and one.of == main and frame.has_excluded then
      return true
    end
    if frame.kind == "fragment" then
      return true -- what it reads is the script's to know
    end
    if main and main.alias == alias then
      hiding = main
    end
    for i = 1, frame.join_count or joins and #joins or 0 do
      local other = joins[i].source
      if other == one then
        return true
      end
      hiding = hiding or other.alias == alias and other
    end
    if hiding then
      return false, hiding
    end
    frame = frame.parent
  end
  return false
end

local function aliases_of(frame)
  local aliases = {}
  while frame do
    aliases[#aliases + 1] = frame.main and frame.main.alias or nil
    for _, join in ipairs(frame.joins or {}) do
      aliases[#aliases + 1] = join.source.alias
    end
    frame = frame.parent
  end
  return aliases
end

--- How each statement comes to read from a further table.
local READING = {
  select = "join it: :join(%s)", update = "read it too: :from(%s)", delete = "read it too: :using(%s)",
  insert = "insert a query, or :select a value from %s",
}

local function raise_at(w, one, message, hint)
  error(core.error { kind = "usage", message = message, hint = hint, where = w.places and w.places[one] or nil })
end

local function raise_hidden(w, node, hiding)
  local one = node.source
  raise_at(w, one, ("%s: another table is called %s in this query"):format(expression.name_of(node), one.alias),
    one.name and one.name == hiding.name and "each call of as makes a table of its own: keep it in a variable"
      or "read one of them under another name: :as \"other\"")
end

local function is_joined_later(frame, one)
  for _, join in ipairs(frame and frame.joins or {}) do
    if join.source == one then
      return true
    end
  end
  return false
end

local function raise_not_read(w, node)
  local one = node.source
  local _, hiding = is_visible(w.frame, one)
  if hiding then
    raise_hidden(w, node, hiding)
  elseif one.kind == "excluded" then
    usage(("%s is known in do_update only"):format(expression.name_of(node)))
  elseif is_joined_later(w.frame, one) then
    raise_at(w, one, ("%s: %s is joined later"):format(expression.name_of(node), one.alias),
      "join it before the condition that needs it")
  end
  local aliases = aliases_of(w.frame)
  local read = #aliases > 0 and "it reads from " .. table.concat(aliases, ", ") or "it reads from no table"
  raise_at(w, one, ("%s: %s is not part of this query"):format(expression.name_of(node), one.alias),
    read .. "; " .. READING[w.frame and w.frame.kind or "select"]:format(one.alias))
end

function printers.column(w, node)
  local frame = w.frame
  if not (frame and node.source == frame.main) and not is_visible(frame, node.source) then
    raise_not_read(w, node)
  end
  local count = w.count + 1
  w.count = count
  w.parts[count] = node.sql
end

function printers.value(w, node)
  return add_parameter(w, node, node.value, node.as_type)
end

function printers.param(w, node)
  return writer.add_param(w, node, node.as_type)
end

function printers.null(w)
  add(w, "null")
end

printers["true"] = function(w)
  add(w, "true")
end

function printers.name(w, node)
  add(w, quote(node.name))
end

function printers.binary(w, node)
  print_operand(w, node.left)
  add(w, " " .. node.operator .. " ")
  return print_operand(w, node.right)
end

function printers.between(w, node)
  print_operand(w, node.operand)
  add(w, " between ")
  print_operand(w, node.low)
  add(w, " and ")
  return print_operand(w, node.high)
end

function printers.postfix(w, node)
  print_operand(w, node.operand)
  add(w, " " .. node.operator)
end

function printers.negative(w, node)
  add(w, "-")
  return print_operand(w, node.operand)
end

--- Comparisons stand in `and` and `or` without parentheses; those two do not within each other.
local function print_term(w, node, operator)
  if node.kind == "logic" and node.operator ~= operator or node.kind == "fragment" then
    return print_operand(w, node)
  end
  return print_node(w, node)
end

function printers.logic(w, node)
  print_term(w, node.left, node.operator)
  add(w, node.operator == "and" and " and " or " or ")
  return print_term(w, node.right, node.operator)
end

printers["not"] = function(w, node)
  add(w, "not (")
  print_node(w, node.operand)
  add(w, ")")
end

function printers.quantified(w, node)
  print_operand(w, node.left)
  add(w, (" %s %s "):format(node.operator, node.quantifier))
  if node.right.kind == "subquery" then
    return print_operand(w, node.right)
  end
  add(w, "(")
  print_node(w, node.right)
  add(w, ")")
end

function printers.cast(w, node)
  local operand = node.operand
  if operand.kind == "value" and not operand.as_type then
    return add_parameter(w, operand, operand.value, node.type.sql)
  elseif operand.kind == "param" and not operand.as_type then
    return writer.add_param(w, operand, node.type.sql)
  end
  add(w, "(")
  print_node(w, operand)
  add(w, ")::" .. node.type.sql)
end

function printers.subscript(w, node)
  add(w, "(")
  print_node(w, node.operand)
  add(w, ")[")
  print_node(w, node.index)
  add(w, "]")
end

function printers.row(w, node)
  add(w, "(")
  add_list(w, node.items, print_node)
  add(w, ")")
end

--- A name is given among the outputs only; wherever else it is used, it is the expression.
function printers.alias(w, node)
  return print_operand(w, node.operand)
end

local function print_output(w, output)
  local node = output.node
  if node.kind ~= "alias" then
    return print_node(w, node)
  end
  print_operand(w, node.operand)
  add(w, " as " .. quote(node.name))
end

function printers.order()
  usage("asc, desc and nulls stand within an expression", "they are for order and order_by only")
end

local function print_order_item(w, node)
  if node.kind ~= "order" then
    return print_node(w, node)
  end
  print_operand(w, node.operand)
  if node.direction then
    add(w, " " .. node.direction)
  end
  if node.nulls then
    add(w, " nulls " .. node.nulls)
  end
end

function printers.case(w, node)
  add(w, "case")
  for _, branch in ipairs(node.branches) do
    add(w, " when ")
    print_node(w, branch.condition)
    add(w, " then ")
    print_operand(w, branch.value)
  end
  if node.default then
    add(w, " else ")
    print_operand(w, node.default)
  end
  add(w, " end")
end

local function print_ordering(w, ordering)
  add(w, " order by ")
  add_list(w, ordering, print_order_item)
end

local function print_window(w, window)
  add(w, " over (")
  local blank = ""
  if window.partition then
    add(w, "partition by ")
    add_list(w, window.partition, print_node)
    blank = " "
  end
  if window.ordering then
    add(w, blank .. "order by ")
    add_list(w, window.ordering, print_order_item)
    blank = " "
  end
  if window.frame then
    add(w, blank .. window.frame)
  end
  add(w, ")")
end

--- array[...] of elements; array(...) is for a query.
local function print_array(w, node)
  add(w, "array[")
  add_list(w, node.arguments, print_node)
  add(w, "]")
end

function printers.call(w, node)
  local first = node.arguments[1]
  if node.sql == "array" and not (first and first.kind == "subquery") then
    return print_array(w, node)
  end
  add(w, node.sql or quote(node.name))
  add(w, node.is_distinct and "(distinct " or "(")
  if node.is_star then
    add(w, "*")
  end
  add_list(w, node.arguments, print_node)
  if node.ordering then
    print_ordering(w, node.ordering)
  end
  add(w, ")")
  if node.group_ordering then
    add(w, " within group (")
    add(w, "order by ")
    add_list(w, node.group_ordering, print_order_item)
    add(w, ")")
  end
  if node.filtered_by then
    add(w, " filter (where ")
    print_node(w, node.filtered_by)
    add(w, ")")
  end
  if node.window then
    print_window(w, node.window)
  end
end

--- A query within a fragment: in parentheses of its own, whatever stands around it, since those of `lower($query)` are
--- no parentheses of a query. A change of data takes one pair only, in WITH.
local function print_embedded(w, query, before, behind)
  local is_change = query.kind ~= "select" and query.kind ~= "set"
  local is_wrapped = is_change and before:find("%(%s*$") and behind:find("^%s*%)")
  add(w, is_wrapped and "" or "(")
  M.query(w, query, w.frame)
  add(w, is_wrapped and "" or ")")
end

--- A table within a fragment: its name before a point and where the query reads from it, else what FROM says.
local function print_source_name(w, one, behind, outer)
  if behind:find("^%s*%.") or is_visible(outer, one) then
    return add(w, one.quoted)
  end
  return M.source_name(w, one, behind:find("^%s+[aA][sS]%s") ~= nil)
end

--- Does the fragment read from tables itself, so that nobody knows which columns its names may be?
local function reads_itself(node, outer)
  for _, piece in ipairs(node.pieces) do
    if type(piece) == "table" and piece.kind == "source_name" and not is_visible(outer, piece.source) then
      return true
    end
  end
  return not outer
end

--- A fragment's own text, with nodes where its names stand.
function printers.fragment(w, node)
  local pieces, outer = node.pieces, w.frame
  if reads_itself(node, outer) then
    w.frame = { kind = "fragment", main = false, joins = false, parent = outer, has_excluded = false }
  end
  for i, piece in ipairs(pieces) do
    if type(piece) == "string" then
      add(w, piece)
    elseif piece.kind == "query" then
      print_embedded(w, piece.query, pieces[i - 1], pieces[i + 1])
    elseif piece.kind == "source_name" then
      print_source_name(w, piece.source, pieces[i + 1], outer)
    else
      print_operand(w, piece)
    end
  end
  w.frame = outer
end

function printers.subquery(w, node)
  add(w, "(")
  M.query(w, node.query, w.frame)
  add(w, ")")
end

function printers.exists(w, node)
  add(w, "exists (")
  M.query(w, node.query, w.frame)
  add(w, ")")
end

function printers.default(w)
  add(w, "default")
end

M.node = print_node
M.operand = print_operand
M.output = print_output
M.ordering = print_ordering

return M
