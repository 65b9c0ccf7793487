-- A select with two parameters that is never prepared: the same work as unprepared.c.
local mp = require "moonpool"

local url, count = arg[1], tonumber(arg[2])
local db = mp.connect { url = url, prepare = "never" }
local sum = 0
for turn = 0, count - 1 do
  local row = db:one("select id, name, balance from accounts where id = $1 and balance >= $2",
    turn * 7919 % 10000 + 1, turn % 100)
  sum = sum + row.id + #row.name + row.balance
end
print(sum)
