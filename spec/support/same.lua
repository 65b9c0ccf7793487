--- same(expected, actual): values of Moonpool are equal to the bit, with their kinds: -0.0 is not 0.0, 1 is not 1.0,
--- and no numeric is a number.

local assert = require "luassert"

local function same(expected, actual)
  assert.equal(type(expected), type(actual))
  if type(expected) == "userdata" then
    assert.equal(getmetatable(expected), getmetatable(actual))
    assert.equal(tostring(expected), tostring(actual))
  elseif type(expected) == "number" then
    assert.equal(math.type(expected), math.type(actual))
    assert.equal(("%q"):format(expected), ("%q"):format(actual))
  elseif type(expected) == "table" then
    for key, value in pairs(expected) do same(value, actual[key]) end
    for key in pairs(actual) do assert.not_nil(expected[key]) end
  else
    assert.equal(expected, actual)
  end
end

return same
