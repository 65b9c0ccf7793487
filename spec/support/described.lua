--- A database's tables as a script sees them, without a generated file between.

local read = require "moonpool.schema.read"
local schema = require "moonpool.schema"

--- Reads a schema of the database as `moonpool schema generate` does, and makes its tables.
---@param db moonpool.Database
---@param name? string "public" if absent
---@return moonpool.Schema
return function(db, name)
  local description = read.describe(db, { schema = name or "public" })
  description.name = "described"
  return schema.define(description)
end
