local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"

local FORM = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-(%x)%x%x%x%-([89ab])%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

describe("mp.uuid", function()
  it("is random, never twice the same, and lower case", function()
    local seen = {}
    for _ = 1, 1000 do
      local uuid = mp.uuid()
      assert.equal("4", uuid:match(FORM))
      assert.equal(uuid:lower(), uuid)
      assert.is_nil(seen[uuid])
      seen[uuid] = true
    end
  end)

  it("of version 7 begins with the milliseconds since 1970", function()
    local before = os.time()
    local uuid = mp.uuid { version = 7 }
    assert.equal("7", uuid:match(FORM))
    local seconds = tonumber((uuid:sub(1, 13):gsub("-", "")), 16) // 1000
    assert.is_true(seconds >= before - 1 and seconds <= os.time() + 1)
  end)

  it("refuses other versions and options", function()
    assert_raises("usage", "version of mp.uuid is 1; expected 4 .random. or 7", mp.uuid, { version = 1 })
    assert_raises("usage", "version of mp.uuid is x", mp.uuid, { version = "x" })
    assert_raises("usage", "no option versoin", mp.uuid, { versoin = 7 })
    assert_raises("usage", "number; expected nothing", mp.uuid, 7)
  end)
end)
