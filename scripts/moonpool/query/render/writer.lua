--- What is printed so far, and the parameters that it has.

local M = {}

--- What is printed so far.
---@class moonpool.query.Writer
---@field parts string[]
---@field count integer of parts
---@field values any[] of the parameters; mp.param's nodes stand for themselves
---@field value_count integer
---@field numbers table<any, integer> the parameter that a node has already, or a name of mp.param
---@field frame moonpool.query.Frame|false what columns may refer to
---@field ctes string[]|false what stands behind WITH
---@field cte_of table<string, table>|false the one of each name
---@field schema moonpool.Schema|false that a table is of
---@field schemas moonpool.Schema[]|false the others
---@field tables table<string, moonpool.Schema>|false which ones there are, if that is asked for
---@field first_table moonpool.query.Source|false that is read from
---@field further_tables moonpool.query.Source[]|false
---@field body_tables moonpool.query.Source[]|false that CTEs read from
---@field cte_known table<string, boolean>|false names of the CTEs that are printed
---@field places table<moonpool.query.Source, string>|false
---@field is_recursive boolean
---@field params table[]|false the nodes of mp.param, with the numbers of their values

--- What a part of a statement reads from.
---@class moonpool.query.Frame
---@field kind string of its statement
---@field main moonpool.query.Source|false
---@field joins moonpool.query.Join[]|false
---@field parent moonpool.query.Frame|false
---@field join_count integer|false how many of the joins are visible; false: all

--- Appends to the text.
---@param w moonpool.query.Writer
---@param text string
local function add(w, text)
  local count = w.count + 1
  w.count = count
  w.parts[count] = text
end

M.add = add

--- Runs a printer apart, and returns its text.
function M.apart(w, printer, ...)
  local parts, count = w.parts, w.count
  w.parts, w.count = {}, 0
  printer(w, ...)
  local text = table.concat(w.parts, "", 1, w.count)
  w.parts, w.count = parts, count
  return text
end

--- Prints all nodes, with commas between them.
function M.add_list(w, nodes, printer, separator)
  for i = 1, #nodes do
    if i > 1 then
      add(w, separator or ", ")
    end
    printer(w, nodes[i])
  end
end

local PLACEHOLDERS = {} -- the first ones, made once
for number = 1, 64 do
  PLACEHOLDERS[number] = "$" .. number
end

--- The parameter of that key, which is made when it is new.
local function add_parameter(w, key, value, as_type)
  local number = w.numbers[key]
  if not number then
    number = w.value_count + 1
    w.value_count = number
    w.values[number] = value
    w.numbers[key] = number
  end
  local text = PLACEHOLDERS[number] or "$" .. number
  return add(w, as_type and text .. "::" .. as_type or text)
end

M.add_parameter = add_parameter

--- One name is one value, however many nodes have it.
function M.add_param(w, node, as_type)
  local is_new = not w.numbers[node.name]
  add_parameter(w, node.name, node, as_type)
  if is_new then
    w.params = w.params or {}
    w.params[#w.params + 1] = { name = node.name, number = w.value_count, node = node }
  end
end

---@return moonpool.query.Writer
function M.new()
  return {
    parts = {}, count = 0, values = {}, value_count = 0, numbers = {}, frame = false, ctes = false, cte_of = false,
    schema = false, schemas = false, tables = false, places = false, is_recursive = false, params = false,
    first_table = false, further_tables = false, body_tables = false, cte_known = false,
  }
end

return M
