local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"

describe("mp.array", function()
  it("marks the table it was given, and leaves it a table", function()
    local list = { 1, 2 }
    assert.is_true(rawequal(list, mp.array(list)))
    assert.is_true(mp.array.is(list))
    assert.is_true(rawequal(list, mp.array(list)))
    list[3] = 3
    assert.equal(3, #list)
    assert.equal("1,2,3", table.concat(list, ","))
    assert.is_nil(list.anything)
  end)

  it("tells marked tables from others", function()
    assert.is_false(mp.array.is {})
    assert.is_false(mp.array.is(1))
    assert.is_false(mp.array.is(mp.bytes("")))
    assert.is_true(mp.array.is(mp.json.decode("[]")))
  end)

  it("fills holes and the end with null when it is told the count", function()
    local list = mp.array({ 1, nil, 3 }, 5)
    assert.same({ 1, mp.null, 3, mp.null, mp.null }, list)
  end)

  it("refuses what is no list", function()
    assert_raises("usage", "string; expected a table", mp.array, "x")
    assert_raises("usage", "nil; expected a table", mp.array)
    assert_raises("usage", "metatable already", mp.array, setmetatable({}, {}))
    assert_raises("usage", "count of mp.array is %-1", mp.array, {}, -1)
    assert_raises("usage", "count of mp.array is x", mp.array, {}, "x")
    assert_raises("usage", "count of mp.array", mp.array, {}, math.maxinteger)
  end)
end)
