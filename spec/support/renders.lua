--- renders(db, query, text, ...): the query is printed as that text with these parameters, always the same, and the
--- server takes it. Gives its rows.

local assert = require "luassert"
local same = require "spec.support.same"

return function(db, query, text, ...)
  local sql, values = query:to_sql()
  assert.equal(text, sql)
  local expected = table.pack(...)
  assert.equal(expected.n, #values)
  for i = 1, expected.n do
    if type(expected[i]) == "table" then
      assert.equal(#expected[i], #values[i])
      for j = 1, #expected[i] do same(expected[i][j], values[i][j]) end
    else
      same(expected[i], values[i])
    end
  end
  assert.equal(text, (query:to_sql()))
  return db:query(query)
end
