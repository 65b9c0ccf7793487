--- Prints the tree of a statement: its SQL, and the values of its parameters.
---
--- The text depends on the shape of the tree only, never on a value, so that the server's prepared statements serve all
--- values.

local complain = require "moonpool.query.complain"
local expression = require "moonpool.query.expression"
local from = require "moonpool.query.render.source"
local print = require "moonpool.query.render.expression"
local print_query = require "moonpool.query.render.statement"
local writer = require "moonpool.query.render.writer"

local MOST_PARAMETERS = 65535 -- the protocol counts them in 16 bits

local M = {}

--- The whole text: what stands behind WITH is known when all else is printed.
local function finish(w, prefix)
  local text = table.concat(w.parts, "", 1, w.count)
  if w.ctes then
    from.refuse_hidden_tables(w)
    text = (w.is_recursive and "with recursive " or "with ") .. table.concat(w.ctes, ", ") .. " " .. text
  end
  if w.value_count > MOST_PARAMETERS then
    complain.usage(("the statement has %d parameters; PostgreSQL takes %d"):format(w.value_count, MOST_PARAMETERS),
      "insert fewer rows at a time")
  end
  return {
    text = prefix and prefix .. text or text, values = w.values, count = w.value_count, params = w.params,
    schema = w.schema, schemas = w.schemas,
  }
end

---@class moonpool.query.Compiled
---@field text string
---@field values any[]
---@field count integer of values
---@field params { name: string, number: integer, node: table }[]|false which of the values are for mp.param
---@field schema moonpool.Schema|false that its tables are of
---@field schemas moonpool.Schema[]|false further ones

--- Prints what can be run: a statement, an expression (SELECT of it), or a fragment, which is one as it is.
---@return string? prefix what stands in front of it all
local function print_whole(w, node)
  if node.kind == "explain" then
    print_query(w, node.query, false)
    return "explain " .. (#node.words > 0 and "(" .. table.concat(node.words, ", ") .. ") " or "")
  elseif not expression.is(node) then
    print_query(w, node, false)
  elseif node.kind == "fragment" then
    print.node(w, node)
  else
    writer.add(w, "select ")
    print.output(w, { node = node })
  end
end

--- The SQL and the values of what can be run.
---@param node table
---@return moonpool.query.Compiled
function M.compile(node)
  local w = writer.new()
  return finish(w, print_whole(w, node))
end

--- Which of a schema's tables are part of it.
---@param node table
---@param schema moonpool.Schema
---@return table<string, boolean>
function M.tables_of(node, schema)
  local w = writer.new()
  w.tables = {}
  print_whole(w, node)
  local tables = {}
  for name, owner in pairs(w.tables) do
    tables[name] = owner == schema or nil
  end
  return tables
end

return M
