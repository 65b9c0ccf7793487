-- Connect, one select, exit: the same work as connect.c.
local mp = require "moonpool"

local db = mp.connect(arg[1])
print(db:value "select name from accounts where id = 1")
