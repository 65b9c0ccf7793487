-- One row by its key, one statement after the other: the same work as select.c.
local mp = require "moonpool"

local url, count = arg[1], tonumber(arg[2])
local db = mp.connect(url)
local sum = 0
for turn = 0, count - 1 do
  local row = db:one("select id, name, balance from accounts where id = $1", turn * 7919 % 10000 + 1)
  sum = sum + row.id + #row.name + row.balance
end
print(sum)
