local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"
local same = require "spec.support.same"

local encode, decode, map = mp.yaml.encode, mp.yaml.decode, mp.yaml.map

--- The text between the dots of a block of lines, without the indentation of its first line.
local function lines(text)
  local indent = text:match "^\n?( *)"
  return (text:gsub("^\n", ""):gsub("\n +$", "\n"):gsub("^" .. indent, ""):gsub("\n" .. indent, "\n"))
end

describe("mp.yaml.encode", function()
  it("writes each kind of value", function()
    for text, value in pairs {
      ["true"] = true, ["-5"] = -5, ["1.0"] = 1.0, ["0.1"] = 0.1, ["-0.0"] = -0.0, ["1.0e+30"] = 1e30,
      ["-5.0e-324"] = -5e-324, ["1.5e+300"] = 1.5e300,
        [".inf"] = math.huge,
      ["-.inf"] = -math.huge, ["null"] = mp.null, ["text"] = "text", ["-9223372036854775808"] = math.mininteger,
      ["123456789012345678901234567890"] = mp.numeric "123456789012345678901234567890",
      ["12.50"] = mp.numeric "12.50", ["!!binary YWIA"] = mp.bytes "ab\0", ['!!binary ""'] = mp.bytes "",
      ["!!timestamp 2026-11-24"] = mp.date "2026-11-24",
      ["!!timestamp 2026-11-24T18:39:19.5Z"] = mp.timestamp "2026-11-24T18:39:19.5Z",
      ['"18:39:19"'] = mp.time "18:39:19", ["P1D"] = mp.interval { days = 1 },
      ['"2026-11-24T18:39:19"'] = mp.timestamp.without_zone "2026-11-24T18:39:19",
    } do assert.are.equal(text .. "\n", encode(value)) end
    assert.are.equal(".nan\n", encode(0 / 0))
    assert.are.equal(".nan\n", encode(mp.numeric "NaN"))
    assert.are.equal("-.inf\n", encode(mp.numeric "-Infinity"))
  end)

  it("writes block style, in the order of a map, and with sorted keys for tables", function()
    assert.are.equal(lines [[
      zebra: 1
      apple:
        - 1
        - - 2
          - 3
        - b: 2
          c:
            - d: {}
        - []
      mango: {}
    ]], encode(map { { "zebra", 1 }, { "apple", { 1, { 2, 3 }, { c = { { d = {} } }, b = 2 }, mp.array {} } },
      { "mango", {} } }))
    assert.are.equal("false: 0\n-2: a\n1.5: b\n10: c\nA: d\na: e\naa: f\n",
      encode { aa = "f", a = "e", A = "d", [10] = "c", [1.5] = "b", [-2] = "a", [false] = 0 })
    local value = map { { "b", 1 }, { "a", 2 } }
    value.z, value.d, value.b, value[1] = 1, 2, nil, 3
    assert.are.equal("a: 2\n1: 3\nd: 2\nz: 1\n", encode(value))
    value.a, value.z, value.d, value[1] = nil, nil, nil, nil
    assert.are.equal("{}\n", encode(value))
  end)

  it("keeps the order of what it decodes", function()
    local text = "z: 1\na:\n  y: 2\n  b: 3\nm:\n  - q: 1\n    c: 2\n  - q: 3\n    c: 4\n"
    assert.are.equal(text, encode(decode(text)))
  end)

  it("quotes what would be something else, and nothing else", function()
    local plain = { "text", "a b", "it's", 'say "x"', "a:b", "http://x.org/#a", "a#b", "100 %", "-x", "--x", "1st",
      "3 apples",
      "x,y", "a [b]", "a{b}", "y", "n", "ja", "nul", "truely", "über", "😀", "a & b", "a * b", "a!", "x|y", "-",
        "2024-1x-01",
      "1.2.3x", "=x", "v1.2", "a\\b", "<a>", "(x)", "$1", "/path", "+x", ".x", "a?", "x:y:z" }
    for _, text in ipairs(plain) do
      local expected = text == "-" and '"-"\n' or text .. "\n"
      assert.are.equal(expected, encode(text))
    end
    local quoted = { "", " ", "a ", " a", "null", "Null", "~", "true", "FALSE", "yes", "No", "on", "OFF", "12", "-1",
      "+1", "012",
      "0x1F", "0o7", "0b1", "1_000", "1.5", ".5", "1e3", ".inf", "-.INF", ".NaN", "1:30", "1:30:00", "2024-01-01",
      "2024-1-1", "2024-01-01 10:00:00", "2024-01-01T10:00:00Z", "a: b", "a:", ":a", "a #b", "#a", "- a", "? a",
        "?a", "[a",
      "]a", "{a", "}a", ",a", "&a", "*a", "!a", "|a", ">a", "%a", "@a", "`a", "---", "--- a", "...", "=", "<<",
        "a\tb" }
    for _, text in ipairs(quoted) do
      assert.are.equal('"' .. text:gsub("\t", "\\t") .. '"\n', encode(text))
      assert.are.equal('"' .. text:gsub("\t", "\\t") .. '": 1\n', encode { [text] = 1 })
    end
    assert.are.equal("'\"x\": y'\n", encode '"x": y')
    assert.are.equal("'''a\\b'' \"'\n", encode [['a\b' "]])
    assert.are.equal([["\0\x01\b\e\x7F\r\n\x85\u2028\u2029\uFEFF\uFFFE \\ \""]] .. "\n",
      encode "\0\1\b\27\127\r\n\u{85}\u{2028}\u{2029}\u{FEFF}\u{FFFE} \\ \"")
  end)

  it("writes texts of several lines as literal blocks", function()
    assert.are.equal("sql: |\n  select 1\n    from t\n\n  where x = ': # \"'\n",
      encode { sql = "select 1\n  from t\n\nwhere x = ': # \"'\n" })
    assert.are.equal("- |-\n  a\n  b\n- |+\n  a\n\n\n- |2\n   a\n- |2\n\n  \ta\n- c\n",
      encode { "a\nb", "a\n\n\n", " a\n", "\n\ta\n", "c" })
    assert.are.equal("|\n  a\n  b\n", encode "a\nb\n")
    assert.are.equal("a:\n    - |\n        x\n    - b: |-\n          y\n          z\n",
      encode({ a = { "x\n", { b = "y\nz" } } }, { indent = 4 }):gsub("b: |%-\n      ", "b: |-\n      "))
    for _, text in ipairs { "\n", "\n\n", " \n", "a\n ", "a\r\nb", "a\n\0", "a\n\t" } do
      assert.matches('^"', encode(text))
    end
  end)

  it("folds long texts at single blanks, and never keys", function()
    local words = ("word "):rep(30) .. "end"
    local text = encode({ key = words, list = { words .. ":" , words .. '"' .. ": x" } }, { width = 40 })
    for line in text:gmatch "[^\n]+" do assert.is_true(#line <= 40, line) end
    same({ key = words, list = { words .. ":", words .. '"' .. ": x" } }, decode(text))
    assert.are.equal(words .. "\n", encode(words, { width = 0 }))
    assert.are.equal("ööö ööö ööö\n  ööö\n", encode("ööö ööö ööö ööö", { width = 11 }))
    assert.are.equal(words .. ": 1\n", encode({ [words] = 1 }, { width = 20 }))
    local odd = "a  b   c # d - e : f "
    assert.are.equal(odd:rep(20), decode(encode(odd:rep(20), { width = 10 })))
    assert.are.equal(("x"):rep(300) .. "\n", encode(("x"):rep(300)))
  end)

  it("writes keys that are long, or lists, or maps", function()
    local long = ("k"):rep(1001)
    assert.are.equal("? " .. long .. "\n: 1\n", encode { [long] = 1 })
    assert.are.equal("? - 1\n  - 2\n: a\n? b: 1\n  c: 2\n: - 3\n", encode(map {
      { { 1, 2 }, "a" }, { map { { "b", 1 }, { "c", 2 } }, { 3 } } }))
    assert.are.equal("null: 1\n!!timestamp 2026-01-01: 2\n", encode(map { { mp.null, 1 }, { mp.date "2026-01-01",
      2 } }))
    assert.are.equal('"a\\nb": 1\n', encode { ["a\nb"] = 1 })
  end)

  it("takes the width of an indentation", function()
    assert.are.equal("a:\n    b:\n        - c: 1\n          d: 2\n", encode({ a = { b = { { c = 1, d = 2 } } } },
      { indent = 4 }))
    assert.are.equal("a:\n         b: 1\n", encode({ a = { b = 1 } }, { indent = 9 }))
  end)

  it("writes what reads back the same", function()
    math.randomseed(42)
    local pieces = { " ", "  ", "\n", "\n\n", "a", "b", ":", ": ", "#", " #", "-", "- ", "'", '"', "\\", "\t", "\r",
      "\0", "é", "😀",
      "\u{85}", "\u{2028}", "\u{FEFF}", "{", "}", "[", "]", ",", "&", "*", "!", "|", ">", "%", "@", "`", "?", "? ",
        "1", "0", ".",
      "e", "null", "true", "---", "...", "word word word", "=", "<<", "~" }
    local function text()
      local out = {}
      for i = 1, math.random(0, 12) do out[i] = pieces[math.random(#pieces)] end
      return table.concat(out)
    end
    local function value(depth)
      local kind = math.random(depth > 0 and 8 or 6)
      if kind == 1 then return math.random(-1000, 1000) end
      if kind == 2 then return math.random(-1000, 1000) / 7 end
      if kind == 3 then return mp.null end
      if kind <= 6 then return text() end
      local made = {}
      if kind == 7 then
        for i = 1, math.random(0, 4) do made[i] = value(depth - 1) end
        return mp.array(made)
      end
      for _ = 1, math.random(0, 4) do made[text()] = value(depth - 1) end
      return made
    end
    for i = 1, 3000 do
      local given = value(4)
      local written = encode(given, { width = i % 5 * 10, indent = i % 8 + 2 })
      local ok, read = pcall(decode, written)
      assert(ok, tostring(read) .. "\n" .. written)
      same(given, read)
    end
  end)

  it("writes floats that read back to the bit", function()
    math.randomseed(7)
    for _ = 1, 2000 do
      local value = string.unpack("d", string.pack("I8", math.random(0)))
      if value == value then same(value, decode(encode(value))) end
    end
  end)

  it("refuses what YAML cannot say, and where it is", function()
    assert_raises("usage", "a function has no YAML form\npath: a%[2%].b", encode, { a = { 1, { b = print } } })
    assert_raises("usage", "a userdata has no YAML form", encode, io.stdout)
    assert_raises("usage", "a mp.range has no YAML form", encode, mp.range(1, 2))
    assert_raises("usage", "an mp.json has no YAML form", encode, mp.json {})
    assert_raises("usage", "not valid UTF%-8 at its byte 2\nhint: bytes that are no text", encode, "a\xFF")
    assert_raises("usage", "not valid UTF%-8", encode, { ["\xFF"] = 1 })
    assert_raises("usage", "a list has nothing at 2, but more behind it", encode, { 1, nil, 3 })
    assert_raises("usage", "a list has nothing at 1", encode, { [2] = 1 })
    assert_raises("usage", "an mp.array has a key that is no place in it", encode, mp.array { 1, x = 2 })
    assert_raises("usage", "a table has a table as a key", encode, { [{}] = 1 })
    assert_raises("usage", "a nil has no YAML form", encode)
    local cycle = {}
    cycle.a = { cycle }
    assert_raises("usage", "a table contains itself\npath: a%[1%]", encode, cycle)
    assert_raises("usage", "infinity is out of the range of YAML's timestamps", encode, mp.date.infinity)
    assert_raises("usage", "is out of the range", encode, mp.timestamp { year = -44, month = 3, day = 15 })
    assert_raises("usage", "is out of the range", encode, mp.date { year = 12026, month = 3, day = 15 })
    local deep = {}
    for _ = 1, 1000 do deep = { deep } end
    assert_raises("usage", "nested too deeply: 1,000 levels are allowed", encode, deep)
    assert.is_string(encode(deep[1]))
  end)

  it("refuses options that it does not have", function()
    assert_raises("usage", 'no option "ident"\nhint: did you mean indent', encode, {}, { ident = 2 })
    assert_raises("usage", "indent is 1; expected an integer from 2 to 9", encode, {}, { indent = 1 })
    assert_raises("usage", "width is %-1; expected an integer from 0", encode, {}, { width = -1 })
    assert_raises("usage", "is a number; expected a table of options", encode, {}, 5)
  end)
end)

describe("mp.yaml.map", function()
  it("makes a map that keeps the order of its pairs", function()
    local keys = {}
    for key, value in pairs(map { { "b", 1 }, { 5, 2 }, { "a",
      3 } }) do keys[#keys + 1] = tostring(key) .. "=" .. value end
    assert.are.equal("b=1 5=2 a=3", table.concat(keys, " "))
    assert.are.equal("{}\n", encode(map()))
    assert.is_true(mp.yaml.is_map(map {}))
  end)

  it("refuses what is no list of pairs", function()
    assert_raises("usage", "pair 2 is no table { key, value }", map, { { "a", 1 }, "b" })
    assert_raises("usage", "pair 1 has no key", map, { {} })
    assert_raises("usage", "pair 1 has no key", map, { { 0 / 0, 1 } })
    assert_raises("usage", "pair 1 has no value: for YAML's null say mp.null", map, { { "a" } })
    assert_raises("usage", "pair 2 has the key a, which is there before", map, { { "a", 1 }, { "a", 2 } })
    assert_raises("usage", "is a string; expected a list", map, "x")
  end)
end)
