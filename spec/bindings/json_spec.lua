local mp = require "moonpool"
local cjson = require "cjson"
local assert_raises = require "spec.support.assert_raises"

local encode, decode = mp.json.encode, mp.json.decode

--- Random documents that lua-cjson can say too: no number needs more than its 14 digits.
local function random_value(depth)
  local kind = math.random(depth > 0 and 7 or 5)
  if kind == 1 then
    return math.random(-100000, 100000)
  elseif kind == 2 then
    return math.random(-1000, 1000) / 8
  elseif kind == 3 then
    return math.random(2) == 1
  elseif kind == 4 then
    return cjson.null
  elseif kind == 5 then
    local bytes = {}
    for i = 1, math.random(0, 12) do
      bytes[i] = utf8.char(math.random(2) == 1 and math.random(0, 127) or math.random(128, 0xD7FF))
    end
    return table.concat(bytes)
  end
  local value = {}
  for i = 1, math.random(1, 5) do
    value[kind == 6 and i or "key" .. math.random(1000)] = random_value(depth - 1)
  end
  return value
end

local function nested(depth)
  return ("["):rep(depth) .. ("]"):rep(depth)
end

describe("mp.json.encode", function()
  it("writes each kind of value", function()
    assert.equal("null", encode(mp.null))
    assert.equal("true", encode(true))
    assert.equal("-9223372036854775808", encode(math.mininteger))
    assert.equal("1.0", encode(1.0))
    assert.equal("0.1", encode(0.1))
    assert.equal("-0.0", encode(-0.0))
    assert.equal('"a\\"\\\\\\n\\u0000ü"', encode('a"\\\n\0ü'))
    assert.equal("123456789012345678901234567890.10", encode(mp.numeric("123456789012345678901234567890.10")))
    assert.equal('"2026-11-24T18:39:19Z"', encode(mp.timestamp("2026-11-24T18:39:19Z")))
    assert.equal('"2026-11-24"', encode(mp.date("2026-11-24")))
    assert.equal('"18:39:19"', encode(mp.time("18:39:19")))
    assert.equal('"P1D"', encode(mp.interval { days = 1 }))
  end)

  it("writes lists, objects with sorted keys, and marked lists", function()
    assert.equal('{"a":[1,[null]],"aa":{},"b":[]}', encode { b = mp.array {}, aa = {}, a = { 1, { mp.null } } })
    local keys = {}
    for i = 1, 200 do keys[("k%03d"):format(i)] = i end
    local last = ""
    for key in encode(keys):gmatch('"(k%d+)"') do
      assert.is_true(last < key)
      last = key
    end
    assert.equal("k200", last)
  end)

  it("puts a document into a document", function()
    assert.equal('{"a":{"b":1}}', encode { a = mp.json { b = 1 } })
  end)

  it("refuses what JSON cannot say, and where it is", function()
    assert_raises("usage", "a function has no JSON form %(at a%[2%].b%)", encode, { a = { 1, { b = print } } })
    assert_raises("usage", "JSON has no NaN %(at x%)", encode, { x = 0 / 0 })
    assert_raises("usage", "JSON has no infinity", encode, -math.huge)
    assert_raises("usage", "JSON has no NaN", encode, mp.numeric("NaN"))
    assert_raises("usage", "JSON has no infinity", encode, mp.numeric("-Infinity"))
    assert_raises("usage", "UTF%-8 at its byte 3", encode, "ab\255")
    assert_raises("usage", "UTF%-8", encode, { ["\255"] = 1 })
    assert_raises("usage", "no form for bytes", encode, mp.bytes("x"))
    assert_raises("usage", "nil has no JSON form", encode)
    assert_raises("usage", "userdata has no JSON form", encode, io.stdout)
  end)

  it("refuses tables that are neither list nor object", function()
    assert_raises("usage", 'a list has the key "x" too', encode, { 1, 2, x = 3 })
    assert_raises("usage", "nothing at 2.*hint: write mp.null", encode, { 1, nil, 3 })
    assert_raises("usage", "nothing at 1,", encode, { [1000000000000] = 1 })
    assert_raises("usage", "the key 0", encode, { [0] = 1 })
    assert_raises("usage", "the key 1.5", encode, { [1.5] = 1 })
    assert_raises("usage", "boolean as a key", encode, { [true] = 1 })
    assert_raises("usage", "string as a key", encode, mp.array { x = 1 })
  end)

  it("finds a table that contains itself, at once", function()
    local loop = { big = ("x"):rep(1000000) }
    loop.z = { loop }
    assert_raises("usage", "contains itself %(at z%[1%]%)", encode, loop)
    local shared = { 1 }
    assert.equal("[[1],[1]]", encode { shared, shared })
  end)

  it("goes 1,000 levels deep and no deeper", function()
    local value = mp.array {}
    for _ = 2, 1000 do value = { value } end
    assert.equal(nested(1000), encode(value))
    assert_raises("usage", "1,000 levels", encode, { value })
  end)

  it("asks no metamethod", function()
    local function refuse() error("a metamethod was called") end
    local value = setmetatable({ a = 1 }, { __index = refuse, __pairs = refuse, __len = refuse, __tostring = refuse })
    assert.equal('{"a":1}', encode(value))
  end)
end)

describe("mp.json.decode", function()
  it("keeps integers, floats and decimals apart", function()
    assert.equal("integer", math.type(decode("1")))
    assert.equal(math.maxinteger, decode("9223372036854775807"))
    assert.equal("float", math.type(decode("1.0")))
    assert.equal("9223372036854775808", tostring(decode("9223372036854775808")))
    assert.is_true(mp.numeric.is(decode("0.12345678901234567890")))
    assert.equal("-0.0", tostring(decode("-0")))
    assert.equal(1e300, decode("1e300"))
  end)

  it("keeps null, empty arrays and empty objects", function()
    local value = decode('{"a": null, "b": [], "c": {}, "d": [null]}')
    assert.equal(mp.null, value.a)
    assert.equal('{"a":null,"b":[],"c":{},"d":[null]}', encode(value))
  end)

  it("reads escapes, surrogate pairs and NUL", function()
    assert.equal("a\0ü😀/", decode([["a\u0000\u00fc\ud83d\ude00\/"]]))
  end)

  it("says line and column of a mistake", function()
    for text, pattern in pairs {
      ["[1,\n 2,,"] = "line 2",
      ["{"] = "line 1",
      [""] = "line 1",
      ["1 2"] = "line 1",
      ['"\\ud800"'] = "surrogate",
      ['"\255"'] = "UTF%-8",
      ['{"a":1,"a":2}'] = "two keys",
      [nested(1001)] = "1,000 levels",
      ["1e9999999"] = "numeric's range",
      ["[1e9999999]"] = "numeric's range",
    } do
      assert_raises("decode", pattern, decode, text)
    end
    assert_raises("usage", "table; expected a string", decode, {})
    assert_raises("usage", "nil; expected a string", decode)
  end)

  it("goes 1,000 levels deep", function()
    assert.equal(nested(1000), encode(decode(nested(1000))))
  end)

  it("reads a large document and lets the collector go on", function()
    local list = {}
    for i = 1, 20000 do list[i] = { id = i, name = "name " .. i } end
    assert.same(list, decode(encode(list)))
    assert.is_true(collectgarbage("isrunning"))
    assert_raises("decode", "line", decode, encode(list) .. "x")
    assert.is_true(collectgarbage("isrunning"))
    collectgarbage("stop")
    decode(encode(list))
    assert.is_false(collectgarbage("isrunning"))
    collectgarbage("restart")
  end)

  it("survives a finaliser that reads JSON meanwhile", function()
    local function finalise()
      setmetatable({}, { __gc = function() decode('{"z":["\\u00fcother","text"],"y":[1,2,3,4,5,6,7,8]}') end })
    end
    local text = encode { a = { "\1one", "\1two", { b = "\1three" } } }
    collectgarbage("generational")
    for _ = 1, 3000 do
      finalise()
      assert.equal(text, encode(decode(text)))
    end
    collectgarbage("incremental")
  end)
end)

describe("mp.json", function()
  it("encodes at once, and is equal by its text", function()
    local value = { 1 }
    local document = mp.json(value)
    value[1] = 2
    assert.equal("[1]", tostring(document))
    assert.is_true(document == mp.json { 1 })
    assert.is_false(document == mp.json { 2 })
    assert.is_true(mp.json.is(document))
    assert.equal("null", tostring(mp.json(mp.null)))
  end)

  it("refuses nil", function()
    assert_raises("usage", "hint: for JSON's null say mp.json%(mp.null%)", mp.json)
    assert_raises("usage", "function", mp.json, print)
  end)

  it("agrees with lua-cjson on random documents, both ways", function()
    cjson.encode_number_precision(14)
    for _ = 1, 500 do
      local value = random_value(4)
      local text = encode { value }
      assert.same({ value }, cjson.decode(text))
      assert.same(cjson.decode(text), decode(text))
      assert.same({ value }, decode(cjson.encode { value }))
      assert.equal(text, encode(decode(text)))
    end
  end)
end)
