local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"

local numeric = mp.numeric

describe("mp.numeric", function()
  it("keeps every digit and the scale of its text", function()
    local long = "123456789012345678901234567890.10"
    for _, text in ipairs { "12.50", "0", "-0.001", long, "NaN", "Infinity", "-Infinity" } do
      assert.equal(text, tostring(numeric(text)))
    end
    assert.equal(2, numeric("12.50"):scale())
  end)

  it("takes integers and floats, a float by its shortest decimal", function()
    assert.equal("-9223372036854775808", tostring(numeric(math.mininteger)))
    assert.equal("0.1", tostring(numeric(0.1)))
    assert.equal("3", tostring(numeric(3.0)))
    assert.equal("NaN", tostring(numeric(0 / 0)))
    assert.equal("-Infinity", tostring(numeric(-math.huge)))
  end)

  it("gives a numeric back as it is", function()
    local number = numeric("1.0")
    assert.is_true(rawequal(number, numeric(number)))
  end)

  it("refuses what is no number", function()
    assert_raises("usage", "a table; expected a number or a string", numeric, {})
    assert_raises("usage", "nil; expected a number or a string", numeric)
    assert_raises("usage", "abc", numeric, "abc")
    assert_raises("usage", ".", numeric, "")
    assert_raises("usage", ".", numeric, "1\0")
    assert_raises("usage", ".", numeric, "1e999999999")
  end)

  it("calculates exactly, with integers too", function()
    assert.equal("0.3", tostring(numeric("0.1") + numeric("0.2")))
    assert.equal("9223372036854775808", tostring(numeric(1) + math.maxinteger))
    assert.equal("-1.5", tostring(1 - numeric("2.5")))
    assert.equal("121932631356500531347203169112635269",
      tostring(numeric("123456789123456789") * numeric("987654321987654321")))
    assert.equal("-12.50", tostring(-numeric("12.50")))
    assert.equal("NaN", tostring(numeric("Infinity") - numeric("Infinity")))
  end)

  it("does not mix with floats, and says what to do", function()
    assert_raises("usage", "hint: say mp.numeric%(value%) first", function() return numeric(1) + 0.5 end)
    assert_raises("usage", "hint: say mp.numeric%(value%) first", function() return numeric(1) < 0.5 end)
    assert_raises("usage", "expected an mp.numeric or an integer", function() return numeric(1) * {} end)
    assert_raises("usage", "expected an mp.numeric or an integer", function() return "2" + numeric(1) end)
    assert_raises("usage", "mp.date; expected an mp.numeric", function() return numeric(1) + mp.date.today() end)
  end)

  it("divides with a scale only", function()
    assert_raises("usage", "hint: say a:div%(b, scale%)", function() return numeric(1) / 3 end)
    assert.equal("0.33333", tostring(numeric(1):div(3, 5)))
    assert.equal("-0.67", tostring(numeric(-2):div(numeric(3), 2)))
    assert_raises("usage", "division by zero", function() return numeric(1):div(0, 2) end)
    assert_raises("usage", "scale of :div is a no value", function() return numeric(1):div(3) end)
    assert_raises("usage", "scale", function() return numeric(1):div(3, -1) end)
    assert_raises("usage", "scale", function() return numeric(1):div(3, math.maxinteger) end)
  end)

  it("rounds halves away from zero, before the point too", function()
    assert.equal("2.35", tostring(numeric("2.345"):round(2)))
    assert.equal("-3", tostring(numeric("-2.5"):round()))
    assert.equal("1200", tostring(numeric(1234):round(-2)))
    assert_raises("usage", "scale of :round is a string", function() return numeric(1):round("2") end)
  end)

  it("compares by value, whatever the scale", function()
    assert.is_true(numeric("1.0") == numeric("1.00"))
    assert.is_true(numeric("0.1") < numeric("0.2"))
    assert.is_true(numeric(2) < 3 and 3 > numeric(2) and numeric(3) <= 3)
    assert.is_true(numeric("NaN") > numeric("Infinity") and numeric("NaN") == numeric("NaN"))
    assert.is_false(numeric(3) == 3)
    assert.is_false(numeric(3) == mp.date.today())
    assert.is_true(numeric(3):eq(3) and numeric(3):lt(4) and numeric(3):le(3) and numeric(3):gt(2) and numeric(3):ge(3))
    assert.is_false(numeric(3):eq(4) or numeric(3):lt(3) or numeric(3):gt(3))
  end)

  it("becomes a float or an integer when asked", function()
    assert.equal(0.1, numeric("0.1"):tonumber())
    assert.equal("float", math.type(numeric(3):tonumber()))
    assert.equal(3, numeric("3.00"):tointeger())
    assert.equal(math.mininteger, numeric("-9223372036854775808"):tointeger())
    assert.is_nil(numeric("3.5"):tointeger())
    assert.is_nil(numeric("9223372036854775808"):tointeger())
    assert.is_true(numeric("NaN"):is_nan())
    assert.is_false(numeric("Infinity"):is_nan())
  end)

  it("stays within PostgreSQL's range", function()
    local largest = numeric(("9"):rep(131072))
    assert.equal(131072, #tostring(largest))
    assert_raises("usage", "too large", function() return largest + 1 end)
    assert_raises("usage", "too large", function() return largest * largest end)
  end)

  it("joins texts as Lua's own numbers do", function()
    assert.equal("total: 1.50 of 2", "total: " .. numeric("1.50") .. " of " .. numeric(2))
    assert_raises("usage", "operand of .. is a nil", function() return numeric(1) .. nil end)
  end)

  it("tells its own kind", function()
    assert.is_true(numeric.is(numeric(1)))
    assert.is_false(numeric.is(1))
    assert.is_false(numeric.is(mp.interval { days = 1 }))
    assert_raises("usage", "colon", numeric(1).round, 1)
    assert.equal("mp.numeric", getmetatable(numeric(1)))
  end)

  it("survives a finaliser that calculates while it is made", function()
    local function finalise()
      setmetatable({}, { __gc = function() return numeric("99999999999999999999999999999.5") * numeric("3.25") end })
    end
    for i = 1, 2000 do
      finalise()
      assert.equal(tostring(i) .. ".25", tostring(numeric(i) + numeric("0.25")))
    end
  end)
end)
