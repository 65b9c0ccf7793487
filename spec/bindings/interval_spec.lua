local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"

local interval = mp.interval

describe("mp.interval", function()
  it("reads the server's text and ISO 8601, and prints ISO 8601", function()
    assert.equal("P1DT2H", tostring(interval("1 day 02:00")))
    assert.equal("P1Y2M3DT4H5M6.5S", tostring(interval("P1Y2M3DT4H5M6.5S")))
    assert.equal("PT0S", tostring(interval {}))
  end)

  it("reads a table of amounts", function()
    assert.equal("P1Y2M24DT4H5M6.000007S", tostring(interval {
      years = 1, months = 2, weeks = 3, days = 3, hours = 4, minutes = 5, seconds = 6, microseconds = 7,
    }))
    assert.equal("PT0.5S", tostring(interval { seconds = 0.5 }))
    assert.equal("P-1D", tostring(interval { days = -1 }))
  end)

  it("refuses what is no interval", function()
    assert_raises("usage", "number; expected a string", interval, 5)
    assert_raises("usage", "no field day; its fields are years", interval, { day = 1 })
    assert_raises("usage", "no field 1;", interval, { 1 })
    assert_raises("usage", "days of mp.interval is 1.5", interval, { days = 1.5 })
    assert_raises("usage", "days of mp.interval is 3000000000", interval, { days = 3000000000 })
    assert_raises("usage", "hours of mp.interval", interval, { hours = math.maxinteger })
    assert_raises("usage", "seconds of mp.interval", interval, { seconds = math.huge })
    assert_raises("usage", "seconds of mp.interval", interval, { seconds = "1" })
    assert_raises("usage", "interval", interval, "soon")
  end)

  it("keeps months, days and time apart", function()
    local span = interval("1 year 2 months 3 days 00:00:01")
    assert.same({ 14, 3, 1000000 }, { span.months, span.days, span.microseconds })
    assert.is_nil(span.years)
  end)

  it("adds, subtracts, negates and multiplies", function()
    assert.equal("P3DT1H", tostring(interval("1 day") + interval("2 days 01:00")))
    assert.equal("P-1D", tostring(interval("1 day") - interval("2 days")))
    assert.equal("P-1M", tostring(-interval("1 month")))
    assert.equal("P3DT6H", tostring(interval("1 day 02:00") * 3))
    assert.equal("P3D", tostring(3 * interval("1 day")))
    assert_raises("usage", "mp.interval %* number is not possible", function() return interval("1 day") * 1.5 end)
    assert_raises("usage", "range of intervals", function() return interval { days = 2147483647 } * 2 end)
    local lowest = interval { months = -2147483648 }
    assert_raises("usage", "range of intervals", function() return -lowest end)
    assert_raises("usage", "range of intervals", function() return interval {} - lowest end)
  end)

  it("compares as the server does: a month is 30 days, a day 24 hours", function()
    assert.is_true(interval("1 month") == interval("30 days"))
    assert.is_true(interval("1 day") == interval("24:00:00"))
    assert.is_true(interval("29 days 23:59:59") < interval("1 month"))
    assert.is_true(interval("-1 day") < interval("-23:00"))
    assert_raises("usage", "cannot be compared", function() return interval("1 day") < 1 end)
  end)
end)
