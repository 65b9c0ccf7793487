local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"

describe("mp.bytes", function()
  it("keeps every byte and does not print them", function()
    local raw = "a\0\255\n"
    local bytes = mp.bytes(raw)
    assert.equal(raw, bytes:string())
    assert.equal(4, #bytes)
    assert.equal("<bytes 4>", tostring(bytes))
    assert.equal(0, #mp.bytes(""))
  end)

  it("is equal when its bytes are", function()
    assert.is_true(mp.bytes("ab") == mp.bytes("a" .. "b"))
    assert.is_false(mp.bytes("ab") == mp.bytes("ac"))
    assert.is_false(mp.bytes("1") == mp.json(1))
    local long = ("x"):rep(100000)
    assert.is_true(mp.bytes(long) == mp.bytes(long:sub(1, 50000) .. long:sub(50001)))
  end)

  it("takes nothing but a string", function()
    assert_raises("usage", "number; expected a string", mp.bytes, 12)
    assert_raises("usage", "nil; expected a string", mp.bytes)
    assert_raises("usage", "expected an mp.bytes", mp.bytes("").string, "text")
  end)
end)
