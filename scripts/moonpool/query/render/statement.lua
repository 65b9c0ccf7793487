--- Prints whole statements.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local from = require "moonpool.query.render.source"
local print = require "moonpool.query.render.expression"
local writer = require "moonpool.query.render.writer"

local usage = complain.usage
local quote = core.quote_identifier
local add, add_list = writer.add, writer.add_list

local print_node, print_operand, print_ordering, print_output = print.node, print.operand, print.ordering, print.output
local print_query

--- All columns of a source: the same text each time.
local function all_columns(one)
  local text = one.all_text
  if not text then
    local columns = {}
    for i, column in ipairs(one.columns) do
      columns[i] = column.sql
    end
    text = table.concat(columns, ", ")
    one.all_text = text
  end
  return text
end

local function print_outputs(w, statement)
  if statement.outputs then
    return add_list(w, statement.outputs, print_output)
  end
  add(w, all_columns(statement.main))
end

local function print_bounds(w, query)
  if query.count_limit then
    add(w, " limit ")
    print_node(w, query.count_limit)
  end
  if query.skipped then
    add(w, " offset ")
    print_node(w, query.skipped)
  end
end

local function print_lock(w, locking)
  add(w, " " .. locking.strength)
  if #locking.of > 0 then
    local names = {}
    for i, one in ipairs(locking.of) do
      names[i] = one.quoted
    end
    add(w, " of " .. table.concat(names, ", "))
  end
  if locking.waiting then
    add(w, " " .. locking.waiting)
  end
end

local function print_distinct(w, distinctness)
  if distinctness == true then
    return add(w, "distinct ")
  end
  add(w, "distinct on (")
  add_list(w, distinctness, print_node)
  add(w, ") ")
end

local function attach(w, statement)
  for _, one in ipairs(statement.attached or {}) do
    from.need_cte(w, one.cte)
  end
end

local function add_places(w, places)
  if not w.places then
    w.places = places
    return
  end
  local all = {}
  for one, place in next, w.places do
    all[one] = place
  end
  for one, place in next, places do
    all[one] = place
  end
  w.places = all
end

local statement_printers = {}

local function print_groups(w, query)
  if query.grouping then
    add(w, " group by ")
    add_list(w, query.grouping, print_node)
  end
  if query.group_condition then
    add(w, " having ")
    print_node(w, query.group_condition)
  end
end

--- SELECT all FROM the table is the same text each time.
local function print_all(w, one)
  local text = one.select_all
  if not text then
    text = ("select %s from %s"):format(all_columns(one), one.text)
    one.select_all = text
  end
  from.note_schema(w, one)
  add(w, text)
end

local function print_head(w, query)
  if query.main and query.main.kind == "table" and not query.outputs and not query.distinctness then
    return print_all(w, query.main)
  end
  add(w, query.outputs and #query.outputs == 0 and "select" or "select ")
  if query.distinctness then
    print_distinct(w, query.distinctness)
  end
  print_outputs(w, query)
  if query.main then
    add(w, " from ")
    from.source(w, query.main)
  end
end

function statement_printers.select(w, query)
  if query.attached then
    attach(w, query)
  end
  if query.places then
    add_places(w, query.places)
  end
  print_head(w, query)
  if query.joins then
    from.joins(w, query.joins)
  end
  if query.condition then
    add(w, " where ")
    print_node(w, query.condition)
  end
  print_groups(w, query)
  if query.ordering then
    print_ordering(w, query.ordering)
  end
  print_bounds(w, query)
  if query.locking then
    print_lock(w, query.locking)
  end
end

function statement_printers.set(w, set)
  local outer = w.frame.parent
  add(w, "(")
  print_query(w, set.left, outer)
  add(w, ") " .. set.operator .. " (")
  print_query(w, set.right, outer)
  add(w, ")")
  if set.ordering then
    print_ordering(w, set.ordering)
  end
  print_bounds(w, set)
end

local function print_tuple(w, tuple)
  add(w, "(")
  add_list(w, tuple, print_operand)
  add(w, ")")
end

local function print_target_columns(w, columns)
  local names = {}
  for i, column in ipairs(columns) do
    names[i] = column.quoted
  end
  add(w, " (" .. table.concat(names, ", ") .. ") ")
end

local function print_content(w, content)
  if #content.columns == 0 then
    return add(w, " default values")
  end
  print_target_columns(w, content.columns)
  if content.query then
    print_query(w, content.query, false)
  elseif content.lists then
    add(w, "select * from unnest(")
    add_list(w, content.lists, print_node)
    add(w, ")")
  else
    add(w, "values ")
    add_list(w, content.tuples, print_tuple)
  end
end

local function print_set(w, set)
  add(w, "set ")
  for i, one in ipairs(set) do
    add(w, (i > 1 and ", " or "") .. one.column.quoted .. " = ")
    print_operand(w, one.value)
  end
end

local function print_conflict(w, conflict)
  local target = conflict.target
  add(w, " on conflict")
  if target.constraint then
    add(w, " on constraint " .. quote(target.constraint))
  elseif #target.columns > 0 then
    local names = {}
    for i, column in ipairs(target.columns) do
      names[i] = column.quoted
    end
    add(w, " (" .. table.concat(names, ", ") .. ")")
    if target.condition then
      add(w, " where ")
      print_node(w, target.condition)
    end
  end
  if conflict.action == "nothing" then
    return add(w, " do nothing")
  end
  add(w, " do update ")
  w.frame.has_excluded = true
  print_set(w, conflict.set)
  if conflict.condition then
    add(w, " where ")
    print_node(w, conflict.condition)
  end
end

local function print_returning(w, statement)
  if statement.outputs then
    add(w, " returning ")
    print_outputs(w, statement)
  end
end

function statement_printers.insert(w, insert)
  attach(w, insert)
  add(w, "insert into ")
  from.source(w, insert.main)
  print_content(w, insert.content)
  if insert.conflict then
    print_conflict(w, insert.conflict)
  elseif insert.target then
    usage("on_conflict does not say what is to be done", "go on with do_nothing() or do_update(...)")
  end
  print_returning(w, insert)
end

local function print_condition(w, statement)
  if statement.condition then
    add(w, " where ")
    print_node(w, statement.condition)
  elseif not statement.is_everywhere then
    usage(("the %s of %s has no condition"):format(statement.kind, statement.main.alias),
      "add :where(condition), or :everywhere() for all rows")
  end
end

local function print_further(w, word, joins)
  for i, join in ipairs(joins or {}) do
    add(w, i == 1 and word or ", ")
    from.source(w, join.source)
  end
end

function statement_printers.update(w, update)
  attach(w, update)
  add(w, "update ")
  from.source(w, update.main)
  add(w, " ")
  print_set(w, update.set)
  print_further(w, " from ", update.joins)
  print_condition(w, update)
  print_returning(w, update)
end

function statement_printers.delete(w, delete)
  attach(w, delete)
  add(w, "delete from ")
  from.source(w, delete.main)
  print_further(w, " using ", delete.joins)
  print_condition(w, delete)
  print_returning(w, delete)
end

--- Prints a statement in a frame of its own. outer: what it may refer to besides.
function print_query(w, statement, outer)
  local before = w.frame
  local reads = statement.kind ~= "set"
  w.frame = {
    main = reads and statement.main, joins = reads and statement.joins or false, parent = outer, has_excluded = false,
    kind = statement.kind, join_count = false,
  }
  statement_printers[statement.kind](w, statement)
  w.frame = before
end

print.query = print_query

return print_query
