--- Random inserts, updates and deletes: methods of the generator in random_query.lua.

local mp = require "moonpool"
local random = require "spec.support.random_expression"
local source = require "moonpool.query.source"

local pick, chance = random.pick, random.chance

local M = {}

local function columns_of(handle)
  return source.of(handle).columns
end

local function known_columns(handle)
  local found = {}
  for _, column in ipairs(columns_of(handle)) do
    if random.is_known(column.type) and column.type.name ~= "json" then
      found[#found + 1] = column
    end
  end
  return found
end

local function can_be_set(column)
  local description = column.description
  return random.is_known(column.type) and not (description.generated or description.identity == "always")
end

local function must_be_given(column)
  local description = column.description
  return column.not_null and not (description.default or description.identity or description.generated)
end

local function value_for(column, scope)
  if not column.not_null and chance(15) then
    return mp.null
  elseif scope and chance(40) then
    return random.expression(scope, column.type)
  end
  return random.literal(column.type)
end

--- A row, or nil where a column needs a value that cannot be written down.
local function row_for(handle, scope)
  local row = {}
  for _, column in ipairs(columns_of(handle)) do
    if can_be_set(column) and (must_be_given(column) or chance(40)) then
      row[column.name] = value_for(column, scope)
    elseif must_be_given(column) then
      return nil
    end
  end
  return row
end

local function content_for(self, handle, depth)
  local scope = self:scope({}, depth)
  local first = row_for(handle, scope)
  if not first or chance(40) then
    return first
  elseif chance(60) then
    local rows = {}
    for i = 1, math.random(1, 3) do
      rows[i] = row_for(handle, chance(30) and scope or nil)
    end
    return next(rows[1]) and rows or first
  end
  local outputs, from = {}, self:table()
  local from_scope = self:scope({ from }, depth)
  for _, column in ipairs(known_columns(handle)) do
    if first[column.name] ~= nil then
      outputs[#outputs + 1] = random.expression(from_scope, column.type):as(column.name)
    end
  end
  local is_whole = #known_columns(handle) == #columns_of(handle)
  return is_whole and #outputs > 0 and from:select(table.unpack(outputs)) or first
end

local function settable(handle)
  local found = {}
  for _, column in ipairs(columns_of(handle)) do
    if can_be_set(column) then
      found[#found + 1] = column
    end
  end
  return found
end

local function set_for(handle, scope)
  local columns, set = settable(handle), {}
  for _ = 1, math.random(1, 3) do
    local column = columns[1] and pick(columns)
    if column then
      set[column.name] = value_for(column, scope)
    end
  end
  return next(set) and set
end

local function with_conflict(self, insert, handle)
  local key = source.of(handle).description.primary_key
  if not key or #key == 0 then
    return insert:on_conflict():do_nothing()
  end
  insert = insert:on_conflict(table.unpack(key))
  local columns = settable(handle)
  if chance(30) or #columns == 0 then
    return insert:do_nothing()
  elseif chance(40) then
    return insert:do_update(pick(columns).name)
  end
  local one = pick(columns)
  local scope = self:scope({ handle, handle.excluded }, 1)
  if chance(50) then
    return insert:do_update { [one.name] = handle.excluded.c[one.name] }
  end
  return insert:do_update({ [one.name] = random.expression(scope, one.type) }, random.condition(scope))
end

local function returned(self, statement, handle, is_named)
  if not is_named and chance(50) then
    return statement
  elseif chance(40) then
    return statement:returning()
  end
  local scope = self:scope({ handle }, 0)
  return statement:returning(table.unpack((self:outputs(scope, true))))
end

function M:insert(depth)
  local handle = self:table(pick(self.writable))
  local content = content_for(self, handle, depth)
  if not content then
    return self:insert(depth)
  end
  local statement = handle:insert(content)
  return chance(40) and with_conflict(self, statement, handle) or statement, handle
end

--- The update or delete of rows, by itself, by a query, or with further tables.
local function changing(self, depth, start, further)
  local handle = self:table(pick(self.writable))
  local handles = { handle }
  local scope = self:scope(handles, depth)
  if chance(20) then
    local query = handle:where(random.condition(scope))
    return start(query, handle, scope), handle
  elseif chance(10) then
    return start(handle, handle, scope):everywhere(), handle
  end
  local other = chance(40) and self:source(depth)
  if other then
    scope = self:scope({ handle, other }, depth)
  end
  local statement = start(handle, handle, scope)
  if other then
    statement = statement[further](statement, other)
  end
  return statement:where(random.condition(scope)), handle
end

function M:update(depth)
  return changing(self, depth, function(from, handle, scope)
    local own = { columns = scope.columns, depth = scope.depth, params = scope.params, query = scope.query }
    return from:update(set_for(handle, own) or { [columns_of(handle)[1].name] = columns_of(handle)[1] })
  end, "from")
end

function M:delete(depth)
  return changing(self, depth, function(from) return from:delete() end, "using")
end

--- An insert, update or delete. is_named: it returns columns with names of their own.
function M:change(depth, is_named)
  local statement, handle = self[pick { "insert", "update", "delete" }](self, math.max(depth, 0))
  if depth > 1 and chance(30) then
    statement = statement:with(self:changed(depth - 1))
  end
  return returned(self, statement, handle, is_named)
end

return M
