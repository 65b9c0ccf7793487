--- Prints what a statement reads from, behind FROM and JOIN.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local print = require "moonpool.query.render.expression"
local writer = require "moonpool.query.render.writer"

local usage = complain.usage
local quote = core.quote_identifier
local add, add_list = writer.add, writer.add_list

local M = {}

local function raise_two_ctes(name)
  usage(("two common table expressions are called %s"):format(complain.show(name)), "give one another name")
end

--- Where a table has the name of a CTE that is known there, the server would read from that.
local function refuse_hidden(tables, names)
  for _, one in ipairs(tables) do
    if names[one.name] and one.base_text == quote(one.name) then
      usage(("the common table expression %s hides the table of that name"):format(complain.show(one.name)),
        "give it another name")
    end
  end
end

local function tables_read(w)
  return { w.first_table or nil, table.unpack(w.further_tables or {}) }
end

--- In a statement with CTEs: their bodies know those before them, and all in WITH RECURSIVE.
function M.refuse_hidden_tables(w)
  refuse_hidden(tables_read(w), w.cte_of)
  if w.is_recursive then
    refuse_hidden(w.body_tables, w.cte_of)
  end
end

local function print_body(w, cte)
  local first, further = w.first_table, w.further_tables
  w.first_table, w.further_tables = false, false
  local body = writer.apart(w, print.query, cte.query, false)
  local tables = tables_read(w)
  refuse_hidden(tables, w.cte_known)
  table.move(tables, 1, #tables, #w.body_tables + 1, w.body_tables)
  w.cte_known[cte.name] = true
  w.first_table, w.further_tables = first, further
  return body
end

--- Prints a CTE once, behind those that it reads from.
function M.need_cte(w, cte)
  if not w.ctes then
    w.ctes, w.cte_of, w.cte_known, w.body_tables = {}, {}, {}, {}
  end
  local present = w.cte_of[cte.name]
  if present == cte then
    return
  elseif present then
    raise_two_ctes(cte.name)
  end
  w.cte_of[cte.name] = cte
  w.is_recursive = w.is_recursive or cte.is_recursive or false
  local head = quote(cte.name) .. " as "
  if cte.materialized ~= nil then
    head = head .. (cte.materialized and "materialized " or "not materialized ")
  end
  local body = print_body(w, cte)
  w.ctes[#w.ctes + 1] = head .. "(" .. body .. ")"
end

local function quoted_names(one)
  local names = {}
  for i, name in ipairs(one.names) do
    names[i] = quote(name)
  end
  return "(" .. table.concat(names, ", ") .. ")"
end

local source_printers = {}

--- Remembers of which schema a table is.
function M.note_schema(w, one)
  local schema = one.schema
  if w.tables then
    w.tables[one.name] = schema
  end
  if not w.first_table then
    w.first_table = one
  elseif w.first_table ~= one then
    w.further_tables = w.further_tables or {}
    w.further_tables[#w.further_tables + 1] = one
  end
  if not w.schema then
    w.schema = schema
  elseif w.schema ~= schema then
    w.schemas = w.schemas or {}
    w.schemas[#w.schemas + 1] = schema
  end
end

function source_printers.table(w, one)
  M.note_schema(w, one)
  add(w, one.text)
end

function source_printers.cte(w, one)
  if #one.columns == 0 and one.cte.query.kind ~= "select" and not one.cte.query.outputs then
    usage(("%s gives no rows: it is the %s of %s"):format(one.alias, one.cte.query.kind, one.cte.query.main.alias),
      "add :returning(...) to it; one that is to be run only is sent along by :with")
  end
  M.need_cte(w, one.cte)
  add(w, quote(one.cte.name))
  if one.alias ~= one.cte.name then
    add(w, " as " .. one.quoted)
  end
end

function source_printers.query(w, one, outer)
  add(w, "(")
  print.query(w, one.query, outer)
  add(w, ") as " .. one.quoted)
end

function source_printers.call(w, one, outer)
  local frame = w.frame
  w.frame = outer
  print.node(w, one.node)
  w.frame = frame
  add(w, " as " .. one.quoted .. one.definition)
end

function source_printers.fragment(w, one, outer)
  local frame = w.frame
  w.frame = outer
  add(w, "(")
  print.node(w, one.node)
  w.frame = frame
  add(w, ") as " .. one.quoted .. quoted_names(one))
end

function source_printers.rows(w, one)
  add(w, "unnest(")
  add_list(w, one.lists, print.node)
  add(w, ") as " .. one.quoted .. quoted_names(one))
end

--- Prints a source with its alias.
function M.source(w, one, is_lateral)
  local printer = source_printers[one.kind]
  if not printer then
    usage(("%s cannot be read from"):format(one.alias))
  end
  if is_lateral then
    add(w, "lateral ")
  end
  return printer(w, one, is_lateral and w.frame or w.frame.parent)
end

local JOINS = {
  inner = " join ", left = " left join ", right = " right join ", full = " full join ", cross = " cross join ",
}

function M.joins(w, joins)
  local frame = w.frame
  for i, join in ipairs(joins) do
    add(w, JOINS[join.kind])
    frame.join_count = i - 1
    M.source(w, join.source, join.is_lateral)
    frame.join_count = i
    if join.on then
      add(w, " on ")
      print.node(w, join.on)
    end
  end
  frame.join_count = false -- all of them
end

--- A source in a text that may go on with a name for it.
function print.source_name(w, one, is_renamed)
  if is_renamed and one.kind == "table" then
    M.note_schema(w, one)
    return add(w, one.base_text)
  end
  return source_printers[one.kind](w, one, false)
end

return M
