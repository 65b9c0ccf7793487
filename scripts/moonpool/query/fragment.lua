--- mp.sql: SQL by hand, as a statement of its own or as a part of the builder's.
---
---     users:where(mp.sql[[ lower(email) = lower($email) ]] { email = given })

local complain = require "moonpool.query.complain"
local core = require "moonpool.core"
local expression = require "moonpool.query.expression"
local source = require "moonpool.query.source"
local statement = require "moonpool.query.statement"

local usage = complain.usage

local M = {}

--- What a fragment was made of: its text, and what its names were bound to.
---@type table<moonpool.Expression, { text: string, bindings: table<string, moonpool.Expression> }>
local made_of = setmetatable({}, { __mode = "k" })

--- Texts that were cut before; scripts write them as literals, so there are few.
local by_text = setmetatable({}, { __mode = "v" })

--- The pieces of a text, and its names.
local function pieces_of(text)
  local found = by_text[text]
  if not found then
    local trimmed = text:match("^%s*(.-)%s*$")
    if trimmed == "" then
      usage("the fragment is empty; expected SQL")
    end
    -- A comment up to the line's end must not reach what comes behind the fragment.
    found = { pieces = core.sql_pieces(trimmed:find("--", 1, true) and trimmed .. "\n" or trimmed), names = {} }
    for _, piece in ipairs(found.pieces) do
      if type(piece) == "table" then
        found.names[piece[1]] = true
      end
    end
    by_text[text] = found
  end
  return found
end

local function names_of(parts)
  local names = {}
  for name in pairs(parts.names) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

--- What stands for a name: an expression, a query, a table's name, or a value.
local function binding(name, value)
  if expression.is(value) then
    return value
  elseif source.is(value) then
    local one = source.of(value)
    return expression.make { kind = "source_name", quoted = one.quoted, type = false, source = one }
  elseif type(value) == "table" and statement.is(value) then
    return expression.make { kind = "query", query = value, type = false }
  elseif value == nil or type(value) == "function" or type(value) == "thread" then
    usage(("parameter %s of the fragment is a %s"):format(complain.show(name), type(value)))
  end
  return expression.value(value, false)
end

local function make(text, parts, bindings)
  local pieces = {}
  for i, piece in ipairs(parts.pieces) do
    if type(piece) == "string" then
      pieces[i] = piece
    else
      local name = piece[1]
      pieces[i] = bindings[name] or expression.make { kind = "param", name = name, type = false, as_type = false }
    end
  end
  local node = expression.make { kind = "fragment", pieces = pieces, type = false }
  made_of[node] = { text = text, bindings = bindings }
  return node
end

--- A fragment called with a table binds its names, further ones when it is called again.
function expression.metatable.__call(node, values)
  local made = made_of[node]
  if not made then
    usage(("%s is no function"):format(expression.name_of(node)))
  elseif type(values) ~= "table" or getmetatable(values) ~= nil then
    usage(("a fragment is called with a %s; expected { name = value }"):format(complain.type_name(values)))
  end
  local parts, bindings = pieces_of(made.text), {}
  for name, value in next, made.bindings do
    bindings[name] = value
  end
  for name, value in next, values do
    if not parts.names[name] then
      usage(("the fragment has no parameter %s"):format(complain.show(name)), complain.hint(name, names_of(parts)))
    end
    bindings[name] = binding(name, value)
  end
  return make(made.text, parts, bindings)
end

--- SQL by hand. Its $names are bound by a call with a table, or when the statement is run.
---@param text string an expression, or a whole statement; no semicolon
---@return moonpool.Expression
function M.sql(text)
  if type(text) ~= "string" then
    usage(("the argument of mp.sql is a %s; expected a string"):format(complain.type_name(text)))
  end
  return make(text, pieces_of(text), {})
end

--- A fragment that is a query, as a table to read from: mp.from_sql("alias", fragment, { "id uuid", "total int8" }).
---@param alias string
---@param fragment moonpool.Expression|string
---@param columns string[] "name type" of each column, in order
---@return moonpool.Derived
function M.from_sql(alias, fragment, columns)
  expression.check_name(alias, "the alias")
  local node = type(fragment) == "string" and M.sql(fragment) or fragment
  if not expression.is(node) or node.kind ~= "fragment" then
    usage(("the second argument of from_sql is a %s; expected mp.sql[[ ... ]]"):format(complain.type_name(node)))
  end
  return source.make({ kind = "fragment", alias = alias, node = node }, source.declare(columns, "the fragment"))
end

return M
