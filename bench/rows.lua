-- 100,000 rows of eight columns into tables by name: the same work as rows.c.
local mp = require "moonpool"

local url, count = arg[1], tonumber(arg[2])
local db = mp.connect(url)

local function read()
  return db:query "select number, id, ratio, label, at, active, key, amount from samples"
end

local function add_up(rows)
  local sum = 0
  for _, row in ipairs(rows) do
    sum = sum + row.number + row.id + math.floor(row.ratio * 1000) + #row.label + row.at:unix_microseconds()
      + (row.active and 1 or 0) + tonumber(row.key:sub(1, 1), 16) + tonumber(row.key:sub(-1), 16)
      + math.floor(row.amount:tonumber() * 100 + 0.5)
  end
  return sum
end

for _ = 2, count do
  read()
end
print(add_up(read()))
