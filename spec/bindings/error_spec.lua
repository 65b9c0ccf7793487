--- Errors as scripts see them: fields, text, and those that a script makes itself.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"

local KINDS = { "connection", "timeout", "cancelled", "server", "constraint", "serialization", "decode", "usage",
  "rows", "transaction", "unknown_outcome", "migration", "local", "memory", "schema", "script",
  "yaml" }

local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  return err
end

describe("an error", function()
  it("is told from any other value", function()
    assert.is_true(mp.is_error(error_of(mp.sleep)))
    for _, value in ipairs { "text", 1, {}, print, mp.null, setmetatable({}, { __name = "moonpool.error" }) } do
      assert.is_false(mp.is_error(value))
    end
    assert.is_false(mp.is_error(nil))
    assert.is_false(mp.is_error())
  end)

  it("has fields, and no more than it knows", function()
    local err = error_of(mp.sleep, "x")
    local where = err.where
    assert.matches("error_spec.lua:%d+$", where)
    local fields = {}
    for name, value in pairs(err) do fields[name] = value end
    assert.are.same({ kind = "usage", retryable = false, where = where,
      message = "the argument of sleep is a string; expected a number of seconds" }, fields)
  end)

  it("keeps the line of the script, not of our own files", function()
    local db <close> = mp.connect { url = cluster.url(), max_size = 1 }
    local line = debug.getinfo(1, "l").currentline + 1
    local err = error_of(function() db:transaction(function(tx) tx:query("selekt") end) end)
    assert.matches("error_spec.lua:" .. line .. "$", err.where)
    line = debug.getinfo(1, "l").currentline + 1
    err = error_of(function() db:insert("t", "x") end)
    assert.matches("error_spec.lua:" .. line .. "$", err.where)
  end)

  it("reads as a person wants it", function()
    local err = mp.error {
      kind = "server", message = "it went wrong", sqlstate = "XX000", where = "report.lua:7",
      statement = "select 1,\n\t'ü' oops,\n  2", position = 16, detail = "more of it", hint = "try this",
    }
    assert.are.equal(table.concat({
      "report.lua:7: it went wrong (XX000)",
      "line 2: \t'ü' oops,",
      "        \t    ^",
      "detail: more of it",
      "hint: try this",
    }, "\n"), tostring(err))
  end)

  it("shows no caret for a position that is none", function()
    for _, position in ipairs { 0, -5, 1 << 40, "3", 1.5 } do
      local err = mp.error { kind = "usage", message = "m", where = "w", statement = "select 1", position = position }
      assert.are.equal("w: m", tostring(err))
    end
  end)

  it("shows the caret behind the end for a position beyond it", function()
    local err = mp.error { kind = "usage", message = "m", where = "w", statement = "ab", position = 500 }
    assert.are.equal("w: m\nline 1: ab\n          ^", tostring(err))
  end)

  it("can be joined with text", function()
    local err = mp.error { kind = "usage", message = "m", where = "w" }
    assert.are.same({ "a w: m", "w: m b", "w: m1", "w: mw: m" }, { "a " .. err, err .. " b", err .. 1, err .. err })
  end)

  it("made by a script has the place where that was", function()
    local line = debug.getinfo(1, "l").currentline + 1
    local err = mp.error { kind = "usage", message = "mine", anything = { 1 } }
    assert.matches("error_spec.lua:" .. line .. "$", err.where)
    assert.are.same({ 1 }, err.anything)
    assert.is_true(mp.is_error(err))
  end)

  it("made by a script has any of the kinds, and no other", function()
    for _, kind in ipairs(KINDS) do
      assert.are.equal(kind, mp.error { kind = kind, message = "m" }.kind)
    end
    local message = "an error needs a kind, one of " .. table.concat(KINDS, ", ")
    for _, kind in pairs { "nonsense", "", 1, false } do
      assert.are.equal(message, error_of(mp.error, { kind = kind, message = "m" }).message)
    end
    assert.are.equal("an error needs a message, a string", error_of(mp.error, { kind = "usage" }).message)
    assert.are.equal("the argument of error is a nil; expected a table of fields", error_of(mp.error).message)
  end)

  it("survives what a script does to its fields", function()
    local err = mp.error { kind = "usage", message = "m", where = "w" }
    err.kind, err.message, err.where, err.position = 5, nil, {}, "x"
    assert.is_string(tostring(err))
  end)

  it("holds no parameter's value", function()
    local db <close> = mp.connect { url = cluster.url(), max_size = 1 }
    for _ = 1, 3 do
      assert.is_nil(tostring(error_of(db.query, db, "select $1::int4 + $2::int2", 1, 77777)):find("77777", 1, true))
      assert.is_nil(tostring(error_of(db.query, db, "select $1::text", "hush\0")):find("hush", 1, true))
      assert.is_nil(tostring(error_of(db.query, db, "select $1::uuid", "hush")):find("hush", 1, true))
      assert.is_nil(tostring(error_of(db.query, db, "select $1::jsonb", '{"a": hush}')):find("hush", 1, true))
    end
  end)
end)
