local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"
local shell = require "spec.support.shell"

local decode = mp.yaml.decode

--- How long a failing decode takes, and what memory it leaves at its end, before any collection.
local function cost_of_refusing(text, options)
  collectgarbage() collectgarbage()
  local before, begun = collectgarbage "count", os.clock()
  local ok = pcall(decode, text, options)
  local seconds, kilobytes = os.clock() - begun, collectgarbage "count" - before
  assert.is_false(ok)
  return seconds, kilobytes
end

local function laughs(levels)
  local lines = { "a0: &a0 [x, x, x, x, x, x, x, x, x, x]" }
  for i = 1, levels do
    lines[i + 1] = ("a%d: &a%d [%s]"):format(i, i, (("*a%d, "):format(i - 1)):rep(10))
  end
  return table.concat(lines, "\n")
end

describe("mp.yaml.decode's limits", function()
  it("refuse large texts", function()
    assert_raises("yaml", "the text has 6 bytes, and 5 are allowed\nline 2: …\n        %^\nhint: the option max_bytes",
      decode, "a: 1\n\n", { max_bytes = 5 })
    assert.are.equal(1, decode("a: 1\n", { max_bytes = 5 }).a)
    local text = ("a"):rep(100 << 20)
    assert_raises("yaml", "the text has 104857600 bytes, and 16777216 are allowed", decode, text)
    assert.is_true(cost_of_refusing(text) < 0.1)
    assert.are.equal(100 << 20, #decode(text, { max_bytes = 100 << 20 }))
  end)

  it("refuse deep nesting", function()
    for _, open in ipairs { "[", "{", "- ", "? ", "a: {", "[\n", "{? " } do
      local text = open:rep(1000000)
      assert_raises("yaml", "nested too deeply: 100 levels are allowed", decode, text, { max_bytes = 1 << 25 })
      local seconds, kilobytes = cost_of_refusing(text, { max_bytes = 1 << 25 })
      assert.is_true(seconds < 0.2, seconds .. " s for " .. open)
      assert.is_true(kilobytes < 100, kilobytes .. " kB for " .. open)
    end
    local function nested(depth) return ("["):rep(depth) .. ("]"):rep(depth) end
    assert.is_table(decode(nested(100)))
    assert_raises("yaml", "100 levels are allowed", decode, nested(101))
    assert.is_table(decode(nested(1000), { max_depth = 1000 }))
    assert_raises("yaml", "nested too deeply: 1000 levels are allowed", decode, nested(1001), { max_depth = 1000 })
    assert_raises("yaml", "nested too deeply: 2 levels are allowed\nline 1: %[%[%[1%]%]%]\n          ^", decode,
      "[[[1]]]", { max_depth = 2 })
  end)

  it("count the depth of what aliases repeat", function()
    local text = "a: &a [[1]]\nb: &b [*a]\nc: [*b]"
    assert.is_table(decode(text, { max_depth = 5 }))
    assert_raises("yaml", "nested too deeply: 4 levels", decode, text, { max_depth = 4 })
    local chain = { "a0: &a0 []" }
    for i = 1, 200 do chain[i + 1] = ("a%d: &a%d [*a%d]"):format(i, i, i - 1) end
    assert_raises("yaml", "nested too deeply", decode, table.concat(chain, "\n"))
  end)

  it("refuse too many nodes", function()
    assert.is_table(decode("[1, {a: b}]", { max_nodes = 5 }))
    assert_raises("yaml", "more than 4 nodes", decode, "[1, {a: b}]", { max_nodes = 4 })
    assert_raises("yaml", "more than 7 nodes %(lists, maps, keys and values%), with what its aliases repeat", decode,
      "[&a [1, 2], *a, *a]", { max_nodes = 7 })
    assert_raises("yaml", "more than 1000000 nodes", decode, "[" .. ("x,"):rep(1000001) .. "]")
  end)

  it("refuse long keys", function()
    assert.is_table(decode(("k"):rep(1000) .. ": 1"))
    assert_raises("yaml", "a key of 1025 bytes, and 1024 are allowed", decode, "? " .. ("k"):rep(1025) .. "\n: 1")
    assert_raises("yaml", "a key of 4 bytes, and 3 are allowed\nline 2: bbbb: 2\n        ^", decode,
      "aaa: 1\nbbbb: 2", { max_key = 3 })
    assert_raises("yaml", "and 20 are allowed", decode, "? [" .. ("x, "):rep(10) .. "]\n: 1", { max_key = 20 })
  end)

  it("refuse amplification within milliseconds and kilobytes, before anything is copied", function()
    for _, levels in ipairs { 3, 9, 100 } do
      assert_raises("yaml", "aliases repeat too much: more than 100 nodes for each that is written", decode,
        laughs(levels))
      local seconds, kilobytes = cost_of_refusing(laughs(levels))
      assert.is_true(seconds < 0.05, seconds .. " s")
      assert.is_true(kilobytes < 1000, kilobytes .. " kB")
    end
    assert_raises("yaml", "more than 2 nodes for each", decode, "a: &a [1, 2, 3, 4]\nb: [*a, *a, *a, *a]",
      { max_amplification = 2 })
    local quadratic = "a: &a [" .. ("x,"):rep(20000) .. "]\nb: [" .. ("*a,"):rep(20000) .. "]"
    assert_raises("yaml", "more than 1000000 nodes", decode, quadratic)
    assert.is_true(cost_of_refusing(quadratic) < 0.5)
  end)

  it("let honest aliases pass", function()
    local lines = { "base: &base {type: number, style: currency, currency: EUR, digits: [0, 2], label: x}" }
    for i = 1, 5000 do lines[i + 1] = ("c%d: *base"):format(i) end
    assert.are.equal("EUR", decode(table.concat(lines, "\n")).c5000.currency)
    for i = 1, 5000 do lines[i + 1] = ("c%d: {<<: *base, label: y}"):format(i) end
    local last = decode(table.concat(lines, "\n")).c5000
    assert.are.same({ "EUR", "y" }, { last.currency, last.label })
  end)

  it("are hardly needed for memory: maps that all differ take little more than their tables", function()
    local function kilobytes_each(format)
      local out = {}
      for i = 1, 10000 do out[i] = format:gsub("N", i) end
      local text = table.concat(out)
      collectgarbage() collectgarbage()
      local before = collectgarbage "count"
      local value = decode(text)
      local kilobytes = collectgarbage "count" - before
      assert.are.equal(10000, #value)
      return kilobytes / (#text / 1024)
    end
    assert.is_true(kilobytes_each "- {aN: 1, bN: 2}\n" < 18)
    assert.is_true(kilobytes_each "- nameN: value N\n  otherN: some more text\n  thirdN: 12\n" < 9)
  end)

  it("end what hostile directives, anchors and keys would make slow", function()
    local function try(text, options)
      local begun = os.clock()
      pcall(decode, text, options)
      local seconds = os.clock() - begun
      assert.is_true(seconds < 2, ("%.1f s for %s"):format(seconds, text:sub(1, 30)))
    end
    local function repeated(count, format)
      local out = {}
      for i = 1, count do out[i] = format:format(i, i) end
      return table.concat(out)
    end
    try(repeated(100000, "%%TAG !a%d! tag:%d\n") .. "--- x")
    try("%TAG !a! tag:" .. ("x"):rep(1000000) .. "\n--- [" .. ("!a!y z,"):rep(100000) .. "]",
      { tag = function() return 1 end })
    try("[" .. repeated(200000, "&a%d x, *a%d,") .. "]")
    try("{" .. repeated(200000, "[%d]: %d,") .. "}")
    try("{" .. repeated(200000, "k%d: %d,") .. "}")
    try(("- {a: b}\n"):rep(100000))
    try(repeated(20000, "- {a%d: 1, b%d: 2}\n"))
    try("a: " .. ("\n"):rep(1000000) .. "b")
    try('"' .. ("a "):rep(1000000))
    try(("# remark\n"):rep(500000))
    try("a: |\n" .. (" "):rep(1000000) .. "\n" .. (" x\n"):rep(100000))
    try(("a:\n"):rep(1000000))
    try(("!"):rep(1000000))
    try(("&a "):rep(1000000))
    try("{" .. ("x: [}"):rep(100000))
    try(("'"):rep(1000001))
    try("\xFF\xFE" .. ("a\0"):rep(4000000))
    try("[" .. ("1" .. ("0"):rep(10000) .. ","):rep(100) .. "]")
    try("[" .. ("0x" .. ("f"):rep(1900) .. ","):rep(100) .. "]")
  end)
end)

describe("mp.yaml.decode", function()
  local document = [[
%YAML 1.2
%TAG !t! tag:example.org,2000:
---
name: "Überblick: \"2026\" \u00e9"
list: [1, 2.5, 'x''y', &a {p: *b}]
? [complex, key]
: |
  select 1

    from t
folded: >-
  a
  b
<<: {x: !!binary aGVsbG8=}
text: a
  b # remark
...
]]

  it("says something of every beginning of a document", function()
    for size = 0, #document do
      local ok, err = pcall(mp.yaml.decode_all, document:sub(1, size))
      assert(ok or mp.is_error(err) and err.kind == "yaml" and err.message ~= "", tostring(err))
      if not ok then assert.is_number(err.line) end
    end
  end)

  it("says something of every document with a byte that is another", function()
    for place = 1, #document do
      for _, byte in ipairs { "\0", "\n", " ", "\t", '"', "'", "[", "}", ":", "-", "*", "&", "!", "%", "#", "\xFF",
        "\x80", "1" } do
        local ok, err = pcall(mp.yaml.decode_all, document:sub(1, place - 1) .. byte .. document:sub(place + 1))
        assert(ok or mp.is_error(err) and err.kind == "yaml", tostring(err))
      end
    end
  end)

  it("refuses hostile documents under a memory limit", function()
    if shell.build():find "san" then
      return pending "a sanitizer needs more address space than there is"
    end
    local path = os.tmpname()
    local script = "local text = io.open(...):read 'a'"
      .. " local ok, e = pcall(require('moonpool').yaml.decode, text) print(e.kind)"
    for _, text in ipairs { laughs(100), ("["):rep(1000000),
      "a: &a [" .. ("x,"):rep(20000) .. "]\nb: [" .. ("*a,"):rep(20000) .. "]" } do
      local file = assert(io.open(path, "w"))
      file:write(text)
      file:close()
      local command = "ulimit -v 300000; echo %s | %s/moonpool - %s 2>&1"
      assert.are.equal("yaml", shell.line(command:format(shell.quote(script), shell.build(), path)))
    end
    os.remove(path)
  end)

  it("refuses directives that would make it slow", function()
    assert_raises("yaml", "more than 100 %%TAG lines\nline 101: ", decode, ("%TAG !a! tag:a\n"):rep(101))
    assert_raises("yaml", "a %%TAG line has more than 1,024 bytes", decode, "# x\n%TAG !a! tag:" .. ("x"):rep(2000))
  end)
end)
