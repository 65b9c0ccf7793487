local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"
local same = require "spec.support.same"

local decode, decode_all = mp.yaml.decode, mp.yaml.decode_all

local function keys_of(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  return keys
end

--- Every table in the value, counted by how often it is met.
local function tables_of(value, found)
  if type(value) == "table" then
    found[value] = (found[value] or 0) + 1
    for key, item in pairs(value) do
      tables_of(key, found)
      tables_of(item, found)
    end
  end
  return found
end

describe("mp.yaml.decode", function()
  it("reads plain words by the core schema of YAML 1.2", function()
    local function each(words, expected)
      for word in words:gmatch("%S+") do same(expected, decode(word)) end
    end
    each("null Null NULL ~", mp.null)
    each("true True TRUE", true)
    each("false False FALSE", false)
    each("12 +12 012 0xC 0xc 0o14", 12)
    each("-12 -012", -12)
    each("1.5 +1.5 15e-1 0.15E1 1.50", 1.5)
    each(".5 +.5 5.e-1", 0.5)
    each("1. 1.0 1e0", 1.0)
    each(".inf .Inf .INF +.inf", math.huge)
    each("-.inf -.Inf", -math.huge)
    for word in (".nan .NaN .NAN"):gmatch "%S+" do assert.is_true(decode(word) ~= decode(word)) end
    same(-0.0, decode "-0.0")
    same(math.mininteger, decode "-9223372036854775808")
    same(math.maxinteger, decode "9223372036854775807")
    same(math.maxinteger, decode "0x7fffffffffffffff")
    same(0.1, decode "0.1000000000000000055511151231257827")
    same(1.7976931348623157e308, decode "1.7976931348623157e308")
  end)

  it("takes what other versions of YAML have given meaning for text", function()
    local words = "yes no on off y n Yes NO On OFF nULL tRUE TrUe 1:30 1:30.5 1_000 0b11 0x 0o8 0xg -0x1 08x + - . .. "
      .. "-.nan .infinity inf nan NaN 1e 1e+ 1.2.3 --1 2024-01-01 2024-01-01T10:00:00Z 1,000 = =x 0o -0o7 +0x1"
    for word in words:gmatch "%S+" do
      if word ~= "-" then same(word, decode(word)) end
    end
  end)

  it("keeps what does not fit into an integer as a numeric", function()
    same(mp.numeric "9223372036854775808", decode "9223372036854775808")
    same(mp.numeric "-9223372036854775809", decode "-9223372036854775809")
    same(mp.numeric "18446744073709551615", decode "0xFFFFFFFFFFFFFFFF")
    same(mp.numeric "36893488147419103231", decode "0o3777777777777777777777")
    same(mp.numeric("1" .. ("0"):rep(99)), decode("1" .. ("0"):rep(99)))
    same(mp.numeric "340282366920938463463374607431768211455", decode("0x" .. ("F"):rep(32)))
  end)

  it("reads decimals as floats, or exactly when it is asked to", function()
    local exact = { decimals = "numeric" }
    same({ 1.10, 3 }, decode "[1.10, 3]")
    same(mp.numeric "1.10", decode("1.10", exact))
    same(mp.numeric ".5", decode(".5", exact))
    same(mp.numeric "-5.", decode("-5.", exact))
    same(mp.numeric "12345678901234567890.123456789", decode("12345678901234567890.123456789", exact))
    same(mp.numeric "1e400", decode("1e400", exact))
    same(3, decode("3", exact))
    same(math.huge, decode(".inf", exact))
    assert_raises("yaml", "\"1e400\" is beyond what a float holds", decode, "1e400")
    assert_raises("yaml", "\"1e999999999999999999999\" is beyond", decode, "1e999999999999999999999")
    assert_raises("yaml", "more digits than are read", decode, "0x" .. ("f"):rep(3000))
    same(0.0, decode "1e-999999999999999999999")
  end)

  it("reads every style of text", function()
    same("a b", decode "a\n b")
    same("it's", decode "'it''s'")
    same("a b\nc", decode "'a\n  b\n\n  c'")
    same('x "y" \n\t\0\\ é 😀', decode [["x \"y\" \n\t\0\\ \xe9 \U0001F600"]])
    same("a b", decode '"a \\\n   b"')
    same({ sql = "select 1\n  from t\n" }, decode "sql: |\n  select 1\n    from t\n")
    same({ sql = "a\nb" }, decode "sql: |-\n  a\n  b\n\n")
    same({ sql = "a\n\n", b = 1 }, decode "sql: |+\n  a\n\nb: 1")
    same({ sql = " a\nb\n" }, decode "sql: |2\n   a\n  b\n")
    same({ text = "a b\n" }, decode "text: >\n  a\n  b\n")
    same({ text = "" }, decode "text: ''")
    same("# no comment", decode "'# no comment'")
  end)

  it("keeps breaks of other scripts within a text", function()
    same("a\u{2028}b \u{2029} c\u{85}d", decode "a\u{2028}b \u{2029} c\u{85}d")
    same({ t = "x\u{2028}y\n\u{85}z\n" }, decode "t: |\n  x\u{2028}y\n  \u{85}z\n")
    same({ ["\u{85}é\u{a0}"] = "\u{a1}" }, decode "\"\u{85}é\u{a0}\": '\u{a1}'")
  end)

  it("takes a '?' for the beginning of a key only before a blank", function()
    same({ ["?foo"] = "bar", bar = 42 }, decode "{ ?foo: bar, bar: 42 }")
    same({ "?x", "a ?b", { ["?c"] = 1 }, { "?d" } }, decode "[?x, a ?b, ?c: 1, [?d]]")
    same({ a = "?b", c = "?'?'" }, decode "{\"a\":?b, c: ?'?'}")
    same({ "?x ?y\n", "?z ?", " ?é", "\u{85}?" }, decode "- |\n  ?x ?y\n- ?z ?\n- ' ?é'\n- '\u{85}?'")
    same({ { a = mp.null }, { b = 1 } }, decode "[? a, ? b : 1]")
    same({ a = "\u{E000}", ["?b"] = "\u{E001}" }, decode "{a: \u{E000}, ?b: \"\\uE001\"}")
    local ok, err = pcall(decode, "{?a: é, ?b: c: d}")
    assert.are.same({ false, 1, 14, "{?a: é, ?b: c: d}" }, { ok, err.line, err.column, err.source })
    ok, err = pcall(decode, "{?a: b}\n# é\1")
    assert.are.same({ false, 2, 4 }, { ok, err.line, err.column })
  end)

  it("takes a ':' for the end of a key only before a blank, or behind one that is quoted or a flow", function()
    same({ x = ":x" }, decode "{x: :x}")
    same({ ":x", "::vector", { a = "::b" }, { a = ":b" }, { [":c"] = 1 } },
      decode "[:x, ::vector, {a: ::b}, {\"a\"::b}, :c: 1]")
    same({ { a = "b" }, { a = "b" }, { a = "b" }, { a = "b" } }, decode "[{'a' :b}, {\"a\"\t:b}, \"a\" :b, {a: b}]")
    same({ a = "b :c ?d ::e", [":f"] = "g\n :h\n" }, decode "a: b :c ?d ::e\n:f: |\n  g\n   :h\n")
    assert.are.equal("x", select(2, next(decode "{[1] :x}")))
    same({ "a :b" }, decode "[a :b]")
    local ok, err = pcall(decode, "&a :b: [\n  é :c, ?d, }")
    assert.are.same({ false, 2, 13 }, { ok, err.line, err.column })
  end)

  it("keeps a last line of blanks that has no end", function()
    same({ "\n" }, decode "- |+\n   ")
    same({ foo = "x\n \n" }, decode "foo: |\n  x\n   ")
    same({ foo = "x" }, decode "foo: |\n  x")
    same({ a = "b" }, decode "a: b\n  ")
  end)

  it("refuses a dash that stands alone in a flow", function()
    for _, text in ipairs { "[-]", "[-, -]", "{a: -}", "[[-, a]]" } do
      assert_raises("yaml", "a '%-' cannot stand alone here.*hint: a text that is '%-' must be quoted", decode, text)
    end
    same({ "-", "-a", { ["-"] = 1 } }, decode "['-', -a, -: 1]")
  end)

  it("keeps the order of keys", function()
    local map = decode "zebra: 1\napple: 2\nmango: {x: 1, b: 2, a: 3}\n1: 4\ntrue: 5\n"
    assert.are.same({ "zebra", "apple", "mango", 1, true }, keys_of(map))
    assert.are.same({ "x", "b", "a" }, keys_of(map.mango))
  end)

  it("keeps the order of many keys, and of maps with the same ones", function()
    for _, count in ipairs { 31, 32, 33, 34, 500 } do
      local lines, expected = {}, {}
      for i = 1, count do
        expected[i] = ("key%d"):format(i * 7919 % 10007)
        lines[i] = ("  %s: %d"):format(expected[i], i)
      end
      local text = "-\n" .. table.concat(lines, "\n") .. "\n"
      for _, map in ipairs(decode(text .. text .. text)) do
        assert.are.same(expected, keys_of(map))
        assert.are.equal(count, map[expected[count]])
      end
    end
  end)

  it("goes by keys that were added behind the others, and not by those that were removed", function()
    local map = decode "a: 1\nb: 2\nc: 3\n"
    map.b, map.d, map.a = nil, 4, 5
    assert.are.same({ "a", "c", "d" }, keys_of(map))
    map.b = 6
    assert.are.same({ "a", "b", "c", "d" }, keys_of(map))
    for key in pairs(map) do map[key] = nil end
    assert.are.same({}, keys_of(map))
    assert.are.same({}, keys_of(decode "{}"))
  end)

  it("tells maps and lists, also empty ones", function()
    local value = decode "list: []\nmap: {}\nnothing:\n"
    assert.is_true(mp.array.is(value.list))
    assert.is_true(mp.yaml.is_map(value.map))
    assert.is_false(mp.yaml.is_map(value.list) or mp.array.is(value.map) or mp.yaml.is_map {} or mp.yaml.is_map "x")
    assert.are.equal(mp.null, value.nothing)
    assert.are.equal('{"list":[],"map":{},"nothing":null}', mp.json.encode(value))
  end)

  it("reads long lists", function()
    for _, count in ipairs { 63, 64, 65, 127, 128, 129, 1000 } do
      local items = {}
      for i = 1, count do items[i] = i end
      local value = decode("[" .. table.concat(items, ", ") .. "]")
      assert.are.equal(count, #value)
      assert.are.equal(count * (count + 1) // 2, (load("return " .. table.concat(value, "+")))())
    end
  end)

  it("reads keys that are no strings", function()
    local value = decode "1: a\n1.5: b\ntrue: c\nnull: d\n? [x, y]\n: e\n? {k: v}\n: f\n"
    local keys = keys_of(value)
    assert.are.same({ 1, 1.5, true, mp.null }, { table.unpack(keys, 1, 4) })
    assert.are.same({ "x", "y" }, { table.unpack(keys[5]) })
    assert.are.equal("v", keys[6].k)
    assert.are.equal("aefb", value[1] .. value[keys[5]] .. value[keys[6]] .. value[1.5])
    assert_raises("yaml", "%.nan cannot be a key", decode, "a: 1\n.nan: 2")
  end)

  it("refuses a key that is there twice", function()
    assert_raises("yaml", 'the key "name" is there twice\nline 3: name: c\n        ^', decode,
      "name: a\nb: 1\nname: c")
    assert_raises("yaml", "a key is there twice", decode, "1: a\n2: b\n0x1: c")
    assert_raises("yaml", "a key is there twice", decode, "? [1, {a: b}]\n: x\n? [1, {a: b}]\n: y")
    assert_raises("yaml", "a key is there twice", decode, "!!timestamp 2024-01-01: x\n!!timestamp 2024-01-01: y")
    assert_raises("yaml", "a key is there twice", decode, "18446744073709551616: x\n18446744073709551616: y")
    local long = ("k"):rep(200)
    assert_raises("yaml", "is there twice", decode, long .. ": 1\n" .. long .. ": 2")
    local many = {}
    for i = 1, 100 do many[i] = ("key%d: %d"):format(i, i) end
    many[101] = "key7: 1"
    assert_raises("yaml", '"key7" is there twice\nline 101', decode, table.concat(many, "\n"))
    same({ { a = 1 }, { a = 2 } }, decode "- {a: 1}\n- {a: 2}")
  end)

  it("honours YAML's own tags", function()
    same("12", decode "!!str 12")
    same("12", decode "! 12")
    same(12, decode "!!int '12'")
    same(12.0, decode "!!float 12")
    same(1e30, decode("!!float 1" .. ("0"):rep(30)))
    same(true, decode "!!bool 'true'")
    same(mp.null, decode "!!null ''")
    same(mp.null, decode "!!null")
    same("", decode "!!str")
    same({ 1 }, decode "!!seq [1]")
    same({ a = 1 }, decode "!!map {a: 1}")
    same({ a = 1 }, decode "!<tag:yaml.org,2002:map> {a: 1}")
    same(12, decode "%TAG !y! tag:yaml.org,2002:\n---\n!y!int '12'")
  end)

  it("refuses what is not what its tag says", function()
    for text, why in pairs {
      ["!!int x"] = '"x" is no integer', ["!!int 1.5"] = "is no integer", ["!!int no"] = "is no integer",
      ["!!float x"] = "is no number", ["!!bool yes"] = "is neither true nor false", ["!!null x"] = "is not null",
      ["!!seq x"] = "is no list", ["!!map x"] = "is no map", ["!!map [x]"] = "the tag !!map is on a list",
      ["!!seq {x: 1}"] = "the tag !!seq is on a map", ["!!str [x]"] = "the tag !!str is on a list",
      ["!!binary x"] = "is no base 64", ["!!binary 'YQ='"] = "is no base 64", ["!!binary YR=="] = "is no base 64",
      ["!!binary '===='"] = "is no base 64", ["!!binary YQ==YQ=="] = "is no base 64",
      ["!!timestamp x"] = "is no timestamp", ["!!timestamp 2024-13-01"] = "is no timestamp",
      ["!!timestamp 2024-01-01Tx"] = "is no timestamp",
      ['!!timestamp "2024-01-01T10:00:00\\0Z"'] = "is no timestamp", ["!!timestamp 2024-01-01 "] = nil,
    } do assert_raises("yaml", why, decode, text) end
  end)

  it("reads bytes", function()
    for bytes, text in pairs { [""] = "''", a = "YQ==", ab = "YWI=", abc = "YWJj", ["\0\255\n"] = "AP8K" } do
      local value = decode("!!binary " .. text)
      assert.is_true(mp.bytes.is(value))
      assert.are.equal(bytes, value:string())
    end
    assert.are.equal("hello world", decode("b: !!binary |\n  aGVsbG8g\n  d29ybGQ=\n").b:string())
  end)

  it("reads days and moments", function()
    same(mp.date "2001-12-14", decode "!!timestamp 2001-12-14")
    for _, text in ipairs {
      "2001-12-15T02:59:43.1Z", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5",
      "2001-12-15 2:59:43.10", "'2001-12-15  02:59:43.1 +00:00'", "2001-12-15T02:59:43.1z",
    } do same(mp.timestamp "2001-12-15T02:59:43.1Z", decode("!!timestamp " .. text)) end
  end)

  it("refuses other tags, or hands them to a function", function()
    assert_raises("yaml", "the tag !env is not known\nline 1: a: !env HOME\n           ^\npath: a", decode,
      "a: !env HOME")
    assert_raises("yaml", "the tag !!python/object is not known", decode, "!!python/object [x]")
    assert_raises("yaml", "the tag !<tag:example.org,2000:x> is not known", decode, "!<tag:example.org,2000:x> y")
    assert_raises("yaml", "the document does not define what this tag begins with", decode, "!x!y z")
    local seen = {}
    local function tag(name, value)
      seen[#seen + 1] = name
      return { name, value }
    end
    local value = decode("a: !env 12\nb: !point [1, 2]\nc: !m {x: !env y}\n!k d: e\n", { tag = tag })
    assert.are.same({ "!env", "!point", "!env", "!m", "!k" }, seen)
    assert.are.same({ "!env", "12" }, value.a)
    assert.are.same({ 1, 2 }, { table.unpack(value.b[2]) })
    assert.are.same({ "!env", "y" }, value.c[2].x)
    assert_raises("yaml", "made nothing of the tag", decode, "!x y", { tag = function() end })
    local ok, err = pcall(decode, "!x y", { tag = function() error("mine", 0) end })
    assert.are.same({ false, "mine" }, { ok, err })
  end)

  it("gives a copy for each alias", function()
    local value = decode "a: &x {p: 1, q: [1, {r: 2}]}\nb: *x\nc: [*x, *x]\n? *x\n: *x\nd: &s text\ne: *s\n&k f: *k\n"
    assert.are.equal(2, value.c[2].q[2].r)
    assert.are.same({ "p", "q" }, keys_of(value.c[1]))
    assert.are.same({ "text", "f" }, { value.e, value.f })
    for _, count in pairs(tables_of(value, {})) do assert.are.equal(1, count) end
    value.b.q[1] = 5
    assert.are.equal(1, value.a.q[1])
    same({ 1, 1, 2, 2 }, decode "[&a 1, *a, &a 2, *a]")
    local keyed = decode "a: &x {? [k] : 1}\nb: *x"
    local first, second = next(keyed.a), next(keyed.b)
    assert.are.equal("kk", first[1] .. second[1])
    assert.are_not.equal(first, second)
    assert.are.equal(second, keys_of(keyed.b)[1])
  end)

  it("refuses an alias that means nothing, or itself", function()
    assert_raises("yaml", "there is no anchor &x before this alias\nline 1: a: %*x\n           ^", decode, "a: *x")
    assert_raises("yaml", "there is no anchor &x", decode, "[*x, &x 1]")
    assert_raises("yaml", "%*x stands within what it repeats", decode, "&x [1, *x]")
    assert_raises("yaml", "%*x stands within what it repeats", decode, "&x {a: [*x]}")
    same({ 1, 1 }, decode "&x [&x 1, *x]")
    assert_raises("yaml", "there is no anchor", decode_all, "--- &x 1\n--- *x\n")
  end)

  it("merges maps at <<", function()
    local text = "base: &b {p: 1, q: 2}\nmore: &m {q: 3, r: 4}\n"
    local value = decode(text .. "one: {x: 0, <<: *b, q: 9}\ntwo: {<<: [*b, *m]}\nthree: {q: 7, <<: {q: 8, z: 1}}\n")
    assert.are.same({ "x", "p", "q" }, keys_of(value.one))
    assert.are.equal(9, value.one.q)
    assert.are.same({ "p", "q", "r" }, keys_of(value.two))
    assert.are.same({ 2, 7, 1 }, { value.two.q, value.three.q, value.three.z })
    local written = {}
    for i = 1, 40 do written[i] = ("k%d: %d"):format(i, i) end
    assert.are.equal(41, #keys_of(decode(table.concat(written, "\n") .. "\n<<: {k1: 0, z: 1}\n")))
    assert.are.equal("x", decode("{<<: x}", { merge = false })["<<"])
    assert.are.equal("x", decode("{'<<': x}")["<<"])
    same({ a = 1 }, decode "{!!merge <<: {a: 1}}")
    same({ "<<" }, decode "[<<]")
    same({ a = "<<" }, decode "a: <<")
  end)

  it("refuses a merge of what is no map, and of keys that are there twice", function()
    assert_raises("yaml", "a merge key, <<, takes a map or a list of maps\nline 2: <<: x\n            ^", decode,
      "a: 1\n<<: x")
    assert_raises("yaml", "takes a map or a list of maps", decode, "<<: [{a: 1}, 2]")
    assert_raises("yaml", '"q" is there twice', decode, "<<: {a: 1}\nq: 1\nq: 2")
    assert_raises("yaml", '"a" is there twice', decode, "<<: {a: 1}\na: 1\na: 2")
  end)

  it("reads texts in any Unicode encoding, with a byte-order mark or without", function()
    local text = "größe: 😀\nn: 1\n"
    local function encoded(format, mark)
      local out = { mark }
      for _, code in utf8.codes(text) do
        if format:find("2$") and code > 0xFFFF then
          out[#out + 1] = string.pack(format, 0xD800 + (code - 0x10000 >> 10))
          out[#out + 1] = string.pack(format, 0xDC00 + (code - 0x10000 & 0x3FF))
        else
          out[#out + 1] = string.pack(format, code)
        end
      end
      return table.concat(out)
    end
    for _, bytes in ipairs {
      text, "\xEF\xBB\xBF" .. text, encoded(">I2", "\xFE\xFF"), encoded("<I2", "\xFF\xFE"), encoded(">I4",
        "\0\0\xFE\xFF"),
      encoded("<I4", "\xFF\xFE\0\0"),
    } do same({ ["größe"] = "😀", n = 1 }, decode(bytes)) end
    text = "n: 1"
    for _, format in ipairs { ">I2", "<I2", ">I4", "<I4" } do same({ n = 1 }, decode(encoded(format, ""))) end
  end)

  it("refuses bytes that are no text, with their place", function()
    assert_raises("yaml", "not valid UTF%-8 at its byte 7 %(from 0%)\nline 2: ü\u{FFFD}\n         %^", decode,
      "a: b\nü\xFFx")
    assert_raises("yaml", "not valid UTF%-8 at its byte 0", decode, "\x80")
    assert_raises("yaml", "not valid UTF%-8 at its byte 6", decode, "\xEF\xBB\xBFa: \xC3")
    assert_raises("yaml", "not valid UTF%-16 at its byte 4", decode, "\xFF\xFEa\0\0\xD8")
    assert_raises("yaml", "not valid UTF%-16 at its byte 2", decode, "\xFE\xFF\xDC\0")
    assert_raises("yaml", "not valid UTF%-16 at its byte 4", decode, "\xFF\xFEa\0b")
    assert_raises("yaml", "not valid UTF%-32 at its byte 4", decode, "\0\0\xFE\xFF\0\x11\0\0")
    assert_raises("yaml", "a control character cannot stand in a document", decode, "a: \1")
    assert_raises("yaml", "a control character cannot stand", decode, "a: x\0y")
    assert_raises("yaml", "a control character cannot stand", decode, "a: \u{FFFE}")
  end)

  it("gives null for a text without a document, and for one that is only null", function()
    for _, text in ipairs { "", "\n\n", "# remark\n", "---\n", "null", "~", "\xEF\xBB\xBF" } do
      assert.are.equal(mp.null, decode(text))
    end
  end)

  it("reads one document, and decode_all all of them", function()
    assert_raises("yaml", "the text has a second document\nline 2: %-%-%-\n        ^\n"
      .. "hint: write one document in a file; mp.yaml.decode_all", decode, "a\n---\nb")
    same({ "a", mp.null, { x = 1 } }, decode_all "a\n---\n---\nx: 1\n...\n")
    assert.is_true(mp.array.is(decode_all ""))
    assert.are.equal(0, #decode_all "# nothing")
    assert.is_nil(decode_all("a: 1\n---\nb: 2\n")[2].a)
    assert_raises("yaml", "line 2", decode_all, "a\n--- [\n")
  end)

  it("refuses what libyaml would take for something else", function()
    assert_raises("yaml", "the document before has not ended", decode_all, "a: 1\n%YAML 1.2\n---\nb\n")
    assert_raises("yaml", "the document before has not ended", decode_all, "---\nk: v\n%TAG !a! tag:b\n---\n")
    same({ "a", "b" }, decode_all "a\n...\n%YAML 1.2\n---\nb\n")
    assert_raises("yaml", "an anchor's name has letters, digits", decode, "key: &an:chor value")
    same({ ":x", ":x" }, decode "[&a ':x', *a]")
  end)

  it("tells the positions of keys and values to who asks for them", function()
    local positions = {}
    local value = mp.yaml.decode("é: x\nrows:\n  - id: 1\n    t: &t {p: 2}\n  - *t\n  - <<: *t\n    q: 3\n",
      { positions = positions })
    local function at(table, key) return ("%d:%d"):format(table[key] >> 24, table[key] & 0xFFFFFF) end
    assert.are.same({ "1:4", "3:3" }, { at(positions[value], "é"), at(positions[value], "rows") })
    assert.are.same({ "1:1", "2:1" }, { at(positions.keys[value], "é"), at(positions.keys[value], "rows") })
    assert.are.same({ "3:5", "5:5", "6:5" }, {
      at(positions[value.rows], 1), at(positions[value.rows], 2), at(positions[value.rows], 3) })
    assert.are.same({ "3:9", "4:11" }, { at(positions[value.rows[1]], "id"), at(positions[value.rows[1].t],
      "p") == "4:15"
      and at(positions.keys[value.rows[1].t], "p") == "4:12" and "4:11" })
    assert.are.equal("4:15", at(positions[value.rows[2]], "p"))
    assert.are.equal("4:15", at(positions[value.rows[3]], "p"))
    assert.are.equal("7:5", at(positions.keys[value.rows[3]], "q"))
    assert.are.equal("1:1", at(positions, "root"))
    assert.matches("^é: x\n", positions.lines)
  end)

  it("refuses what is no text, and options that it does not have", function()
    assert_raises("usage", "the text of mp.yaml.decode is a table; expected a string", decode, {})
    assert_raises("usage", "is a nil; expected a string", decode_all)
    assert_raises("usage", "no option \"max_dept\"\nhint: did you mean max_depth", decode, "a", { max_dept = 1 })
    assert_raises("usage", "max_depth is 0; expected an integer from 1", decode, "a", { max_depth = 0 })
    assert_raises("usage", "max_depth is 1001; expected an integer from 1 to 1000", decode, "a", { max_depth = 1001 })
    assert_raises("usage", "max_nodes is x; expected", decode, "a", { max_nodes = "x" })
    assert_raises("usage", 'decimals is 5; expected "float" or "numeric"', decode, "a", { decimals = 5 })
    assert_raises("usage", "merge is x; expected true or false", decode, "a", { merge = "x" })
    assert_raises("usage", "tag is x; expected a function", decode, "a", { tag = "x" })
    assert_raises("usage", "an option has no name", decode, "a", { 1 })
    assert_raises("usage", "is a number; expected a table of options", decode, "a", 5)
  end)

  it("is a parameter for jsonb", function()
    assert_raises("usage", "has the key 1", mp.json.encode, decode "1: a\n2: b")
    assert.are.equal('{"b":[1,{"c":null}],"z":{}}', mp.json.encode(decode "z: {}\nb: [1, {c: }]"))
  end)
end)
