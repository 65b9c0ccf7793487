--- Where columns were written that are of no table of their query: for an error that can only come later, since a join
--- may follow, or an outer query may have the table.

local core = require "moonpool.core"
local statement = require "moonpool.query.statement"

--- The fields of each kind of expression in which others stand, or lists of them.
local PARTS = {
  ["not"] = { "operand" }, postfix = { "operand" }, alias = { "operand" }, order = { "operand" }, cast = { "operand" },
  negative = { "operand" }, between = { "operand", "low", "high" }, subscript = { "operand", "index" },
  quantified = { "left", "right" }, case = { "branches", "default" }, fragment = { "pieces" },
  call = { "arguments", "filtered_by", "ordering", "group_ordering", "window" },
}

local note

--- A part is an expression, or a list or record of parts.
local function note_part(query, part, places)
  if type(part) ~= "table" then
    return places
  elseif rawget(part, "kind") then
    return note(query, part, places)
  end
  for _, inner in next, part do
    places = note_part(query, inner, places)
  end
  return places
end

--- Adds this line of the script for each source that an expression needs and the query does not read from.
---@param query moonpool.Query
---@param node table
---@param places table<moonpool.query.Source, string>|false
---@return table<moonpool.query.Source, string>|false places
function note(query, node, places)
  local kind = node.kind
  if kind == "column" then
    local one = node.source
    if one ~= query.main and not (places and places[one]) and not statement.reads(query, one) then
      local longer = { [one] = core.where() }
      for other, place in next, places or {} do
        longer[other] = place
      end
      places = longer
    end
  elseif kind == "binary" or kind == "logic" then
    places = note(query, node.left, places)
    places = note(query, node.right, places)
  else
    for _, field in ipairs(PARTS[kind] or {}) do
      places = note_part(query, rawget(node, field), places)
    end
  end
  return places
end

return note
