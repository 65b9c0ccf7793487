-- Begin, update, insert, commit: the same work as transaction.c.
local mp = require "moonpool"

local url, count = arg[1], tonumber(arg[2])
local db = mp.connect(url)
db:script "truncate tellers, payments; insert into tellers select n, 0 from generate_series(1, 1000) n"
for turn = 0, count - 1 do
  local teller, amount = turn * 7919 % 1000 + 1, turn % 100
  db:transaction(function(tx)
    tx:exec("update tellers set balance = balance + $2 where id = $1", teller, amount)
    tx:exec("insert into payments (teller, amount) values ($1, $2)", teller, amount)
  end)
end
print(db:value [[
  select (select sum(id * balance) from tellers) + (select sum(teller * amount) + count(*) from payments)]])
