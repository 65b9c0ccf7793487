-- One row by its key, asked by a text, by a stored query with a new value, or by a query built each time:
-- query.lua text|stored|built <url> <count>. All three send the same statement.
local mp = require "moonpool"

local way, url, count = arg[1], arg[2], tonumber(arg[3])
local schema = require("moonpool.schema").define {
  schema = "public",
  enums = {},
  tables = {
    accounts = {
      columns = {
        { "id", "int4", not_null = true }, { "name", "text", not_null = true }, { "balance", "int8", not_null = true },
      },
      primary_key = { "id" },
    },
  },
}
local accounts = schema.accounts
local db = mp.connect { url = url, schema_drift = "ignore" }

local text = (accounts:where { id = 1 }):to_sql()
local stored = accounts:where { id = mp.param "id" }
local ways = {
  text = function(id) return db:one(text, id) end,
  stored = function(id) return db:one(stored, { id = id }) end,
  built = function(id) return db:one(accounts:where { id = id }) end,
}

local ask, sum = ways[way], 0
for turn = 0, count - 1 do
  local row = ask(turn * 7919 % 10000 + 1)
  sum = sum + row.id + #row.name + row.balance
end
print(sum)
