local mp = require "moonpool"

local decode = mp.yaml.decode

local function error_of(text, options)
  local ok, err = pcall(decode, text, options)
  assert(not ok, "nothing was raised for " .. text)
  assert(mp.is_error(err), tostring(err))
  return err
end

--- What a mistake looks like below the script's place.
local function shown(text, options)
  return (tostring(error_of(text, options)):gsub("^[^\n]-: ", "", 1))
end

describe("an error of mp.yaml.decode", function()
  it("has kind, line, column, the line itself and the path", function()
    local err = error_of "rows:\n  - id: 1\n    größe: {a: x, a: y}\n"
    assert.are.equal("yaml", err.kind)
    assert.are.equal('the key "a" is there twice', err.message)
    assert.are.same({ 3, 19 }, { err.line, err.column })
    assert.are.equal("    größe: {a: x, a: y}", err.source)
    assert.are.equal("rows[1].größe", err.path)
    assert.matches("yaml_error_spec.lua:%d+$", err.where)
    assert.is_false(err.retryable)
  end)

  it("counts characters, and not bytes", function()
    for _, before in ipairs { "a", "é", "日本語", "😀😀", "e\u{301}" } do
      local text = "k: \"" .. before .. "\" : x: y"
      local err = error_of("# " .. before .. "\n" .. text)
      assert.are.same({ 2, utf8.len(text) - 5 }, { err.line, err.column })
      assert.are.equal(text, err.source)
    end
    assert.are.equal("a ': ' cannot stand here\nline 1: 日本: 語: x\n             ^\n"
      .. "hint: a text that has ': ' in it must be quoted; a key stands on a line of its own, "
      .. "with a blank behind its colon", shown "日本: 語: x")
  end)

  it("is right in every encoding, and behind every kind of line end", function()
    for _, text in ipairs {
      "\u{FEFF}a: 1\nb: é *", "a: 1\r\nb: é *", "a: 1\rb: é *", "\xFF\xFEa\0:\0 \0001\0\n\0b\0:\0 \0\xE9\0 \0*\0",
    } do
      local err = error_of((text:gsub("é %*$", "[é, *x]"):gsub("\xE9\0 \0%*\0$", "[\0\xE9\0,\0 \0*\0x\0]\0")))
      assert.are.same({ 2, 8 }, { err.line, err.column })
      assert.are.equal("b: [é, *x]", err.source)
      assert.are.equal("b[2]", err.path)
    end
    assert.are.equal(2, error_of("a: x\u{2028}y\u{85}z\nb: [").line)
  end)

  it("names the file that was given", function()
    assert.are.equal("the tag !x is not known\nsales.yml:2: b: !x y\n                ^\npath: b\n"
      .. "hint: the option tag takes a function for tags of your own; a text that begins with '!' must be quoted",
      shown("a: 1\nb: !x y", { file = "sales.yml" }))
    assert.matches("\nsales.yml:1: a: …\n", shown("a: 12345", { file = "sales.yml", max_bytes = 3 }))
  end)

  it("shows the part of a long line that matters, or none", function()
    local err = error_of(("x, "):rep(1000) .. "a: [\1]")
    assert.are.equal(3005, err.column)
    assert.matches("\nline 1: %.%.%. .-x, a: %[", tostring(err))
    assert.is_true(#tostring(err):match "line 1: ([^\n]+)" < 130)
    assert.is_true(#error_of("[*a, " .. ("x"):rep(100000)).source < 1000)
    err = error_of("[" .. ("x, "):rep(10000) .. "*a]")
    assert.is_nil(err.source)
    assert.matches("\nline 1, column 30002\n", tostring(err))
  end)

  it("shows where the text ends when something is missing there", function()
    assert.are.equal("a ',' or the end of the list, ']', was expected here\n"
      .. "line 2:   1, 2\n              ^\npath: a[3]\n"
      .. "detail: the list begins in line 1, column 4", shown "a: [\n  1, 2\n\n")
    assert.are.equal("the text ends within a quoted text\nline 2:   b\n           ^\npath: a\n"
      .. "detail: the quoted text begins in line 1, column 4\nhint: is a quote missing?", shown "a: \"x\n  b\n")
    assert.matches("detail: the map begins in line 1, column 4\nhint: .* a key and its ':' stand in one line",
      shown "a: {b: 1,\n c: 2\n")
    assert.matches("detail: the list begins in line 1, column 4\n", shown "ä: [b\n, c:\n - 2\n")
    assert.matches("detail: the map begins in line 1, column 4\n", shown "ä: {b: 1,\n c:\n - 2\n")
  end)

  it("knows a colour that hides the end of what is in brackets", function()
    local hint = 'in line 2 a # begins a comment; write it in quotes: "#2A9d8f"'
    for _, text in ipairs { "a:\n  b: [#2A9d8f]\n", "a:\r\n  b: ['#264653', #2A9d8f, '#fff']\r\nc: 1\r\n",
      "a: {\n  b: #2A9d8f}\nc: 1\n", "a:\n  b: [#2A9d8f]\n  c:\n    - d\n", "ä: [\n ü, #2A9d8f, #fff\n\n" } do
      assert.equal(hint, error_of(text).hint)
    end
    for _, text in ipairs { "a: [x, '#fff'", "a: [#fff\n, 1, #ff", "a: [ # fff\n1", "a: [1, #ffg\n", "a: [1, x#fff\n",
      "#fff\na: [1, #123456789\n", "a: [1\n#fff" } do
      local expected = text:find "^a: %[#fff" and 'in line 1 a # begins a comment; write it in quotes: "#fff"' or nil
      assert.equal(expected, (error_of(text).hint or ""):match "in line %d+ a # begins.*")
    end
  end)

  it("says what to do in the words of an author", function()
    for text, expected in pairs {
      ["a: %x"] = "a value cannot begin with '%%'\n.*a text that begins with '%%' must be quoted",
      ["a: @x"] = "a value cannot begin with '@'",
      ["a: `x"] = "a value cannot begin with '`'",
      ["a: b: c"] = "a ': ' cannot stand here\n.*must be quoted",
      ["a: 'x' y"] = "a key was expected here",
      ["a: 1\n b: 2"] = "a ': ' cannot stand here",
      ["a:\n  b: 1\n c: 2"] = "a key was expected here\n.*indented like its neighbours",
      ["a: 1\nb"] = 'this line is no "key: value"',
      ["- a\nb: c"] = "an item was expected here: '%- '",
      ["a: - b"] = "a list cannot begin here",
      ["\ta: 1"] = "a tab cannot indent\n.*indent with blanks",
      ["a:\n\tb: 1"] = "a tab cannot indent",
      ['a: "\\q"'] = "there is no such escape\n.*a backslash is written as",
      ['a: "\\xZZ"'] = "an escape has too few hexadecimal digits\n.*a backslash itself is written as",
      ['a: "\\uD800"'] = "the escape is no Unicode character",
      ["a: *"] = "a name was expected behind '&' or '%*'",
      ["a: [1, 2}"] = "a ',' or the end of the list",
      ["a: {b: 1]"] = "a ',' or the end of the map",
      ["a: 'x"] = "the text ends within a quoted text",
      ["a: |0\n x"] = "a block's indentation is given as 1 to 9",
      ["a: | x\n y"] = "nothing but a comment may follow in this line",
      ["%YAML 3.0\n---\na"] = "the document is of a version of YAML that is not read",
      ["%YAML 1.1\n%YAML 1.1\n---\na"] = "%%YAML stands there twice",
      ["%FOO bar\n---\na"] = "a line that begins with '%%' is a directive",
      ["%FOO"] = "a line that begins with '%%' is a directive",
      ["%*** x"] = "a line that begins with '%%' is a directive",
      ["%A! x"] = "a line that begins with '%%' is a directive",
      ["%YAML x"] = "a version was expected here, such as 1.2",
      ["%YAML 1"] = "a version was expected here",
      ["%YAML 1.x"] = "a version was expected here",
      ["%YAML 1234567890123.1"] = "a version was expected here",
      ["%TAG x y"] = "a '!' was expected here\n.*%%TAG takes a handle",
      ["%TAG !x y"] = "a '!' was expected here",
      ["%TAG !x!y z"] = "a blank was expected here",
      ["%TAG !x! a\n%TAG !x! b\n--- c"] = "%%TAG gives the same handle twice",
      ["%YAML 1.2\na"] = "a line that is '%-%-%-' .* ends directives",
      ["a: !!str,b"] = "a blank was expected here\n.*a tag ends before a blank",
      ["a: !<x"] = "the tag has no end: '>'",
      ["!<> a"] = "the tag has no name",
      ["!! a"] = "the tag has no name",
      ["!%zz a"] = "a '%%' in a tag begins an escape",
      ["!%FF a"] = "the escapes in the tag are not UTF%-8",
      ["a\n...\nb"] = "the document has ended, but something follows\n.*a line that is '%-%-%-' divides",
      ["}"] = "a value was expected here",
      ["colors: [#264653, #2A9D8F]"] = "a value was expected here\n.*a # begins a comment.*#264653",
      ["colors: [, a]"] = "a value was expected here\n.*'#' begins a remark",
      ["name:My metric\nother: x"] = "with a blank behind its colon",
    } do
      local err = error_of(text)
      assert(tostring(err):find(expected), ("%q: %s"):format(text, tostring(err)))
      assert.is_number(err.line)
    end
  end)

  it("has the line also where the text is refused before it is read", function()
    local wide = "\xFE\xFF\0a\0:\0 \0\xE9\0\n\0b\xD8\0\0c"
    for text, expected in pairs {
      ["a: b\nü\xFFx\n"] = "UTF-8 at its byte 7 (from 0)\nline 2: ü\u{FFFD}\n         ^\nhint",
      ["\xEF\xBB\xBFa: \xC3"] = "UTF-8 at its byte 6 (from 0)\nline 1: a: \u{FFFD}\n           ^\nhint",
      [wide] = "UTF-16 at its byte 14 (from 0)\nline 2: b\u{FFFD}\n         ^\nhint",
      ["\xFF\xFEa\0\n\0b"] = "UTF-16 at its byte 6 (from 0)\nline 2: \u{FFFD}\n        ^\nhint",
      ["\0\0\0\n\0\0\0a\0\x11\0\0"] = "UTF-32 at its byte 8 (from 0)\nline 2: a\u{FFFD}\n         ^\nhint",
    } do assert.are.equal("the text is not valid " .. expected .. ": save the file as UTF-8", shown(text)) end
    local function too_large(text, limit) return shown(text, { max_bytes = limit }) end
    local hint = "\nhint: the option max_bytes allows more"
    assert.are.equal("the text has 11 bytes, and 7 are allowed\nline 2: b…\n         ^" .. hint,
      too_large("a: 1\nbé: 2", 7))
    assert.are.equal("the text has 18 bytes, and 5 are allowed\nline 1: a…\n         ^" .. hint, too_large(wide, 5))
    assert.are.equal("the text has 4 bytes, and 1 are allowed\nline 1: …\n        ^" .. hint,
      too_large("\xEF\xBB\xBFa", 1))
    local err = error_of(("a"):rep(20000), { max_bytes = 15000 })
    assert.are.same({ 1, 15001 }, { err.line, err.column })
    assert.is_nil(err.source)
  end)

  it("shows no half of a character, and nothing that a terminal would obey", function()
    local long = "a" .. ("é"):rep(40)
    local half = "a" .. ("é"):rep(29) .. "…"
    local twice = ("? %s\n: 1\n"):format(long):rep(2)
    assert.are.equal(('the key "%s" is there twice'):format(half), error_of(twice).message)
    assert.are.equal(half, error_of(long .. ": !!int x").path)
    local err = error_of '"\\e[2J\\n\\x7f\\x9b": !!int "\\e[31m"'
    assert.are.same({ '"␛[31m" is no integer', '["␛[2J␊␡\u{FFFD}"]' }, { err.message, err.path })
    err = error_of "a: x\0é\27[31m\u{9b}\tb\127"
    assert.are.same({ 5, "a: x␀é␛[31m\u{FFFD}\tb␡" }, { err.column, err.source })
  end)

  it("says that a key is long, when its colon comes late", function()
    assert.matches("hint: a key of more than 1,024 characters begins with '%? '", shown(("k"):rep(1100) .. ": 1"))
    assert.is_nil(shown("a: b: c"):find "1,024")
  end)

  it("has a path with every kind of key", function()
    for text, path in pairs {
      ["a-b_c: {d: *x}"] = "a-b_c.d", ["'a b': {1: *x}"] = '["a b"][1]', ["- - {true: *x}"] = "[1][1][true]",
      ["1.5: *x"] = "[a number]", ["'': *x"] = '[""]', ["? [k]\n: *x"] = "[a table]", ["größe: *x"] = "größe",
      ["2nd: *x"] = '["2nd"]',
    } do assert.are.equal(path, error_of(text).path) end
    assert.is_nil(error_of("*x").path)
  end)

  it("can be made by a script, with a place of its own", function()
    local err = mp.error { kind = "yaml", message = "m", where = "w", file = "f.yml", line = 7, column = 4,
      source = "a: é: x",
      path = "a" }
    assert.are.equal("w: m\nf.yml:7: a: é: x\n            ^\npath: a", tostring(err))
    err = mp.error { kind = "yaml", message = "m", where = "w", line = 7, column = 4 }
    assert.are.equal("w: m\nline 7, column 4", tostring(err))
    err = mp.error { kind = "yaml", message = "m", where = "w", line = -1, column = "x", source = {} }
    assert.are.equal("w: m", tostring(err))
  end)
end)
