--- Histories of versions as values. A number in brackets is that of a way in which they were damaged before.

local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"
local documents = require "spec.support.documents"
local version_history = require "buster.types.version_history"

local lines, keys = documents.lines, documents.keys

local AT = mp.timestamp "2025-03-01T12:00:00.123456Z"

local function dashboard(name)
  return { name = name, rows = {} }
end

local function stored(number, content, extra)
  local version = { version_number = number, updated_at = "2024-05-01T12:00:00.123456789Z", content = content }
  for key, value in pairs(extra or {}) do
    version[key] = value
  end
  return version
end

local function decode(value, options)
  options = options or {}
  options.kind = options.kind or "dashboard"
  return version_history.decode(value, options)
end

describe("a history", function()
  it("is read and written as it is stored", function()
    local given = { ["1"] = stored(1, dashboard "a"), ["2"] = stored(2, dashboard "b") }
    local history, warnings = decode(given, { strict = true })
    assert.same({}, warnings)
    assert.equal(mp.timestamp "2024-05-01T12:00:00.123457Z", history["1"].updated_at)
    local json = version_history.to_json(history)
    assert.same({ content = { name = "a", rows = {}, description = mp.null }, version_number = 1,
      updated_at = "2024-05-01T12:00:00.123457Z" }, json["1"])
    assert.same(json, version_history.to_json(decode(json)))
  end)

  it("reads the other spelling of its fields, and writes snake_case", function()
    local version = { versionNumber = 1, updatedAt = "2024-05-01T12:00:00Z", content = dashboard "a" }
    local history = decode { ["1"] = version }
    assert.same({ "content", "updated_at", "version_number" }, keys(history["1"]))
  end)

  it("has versions in the order of their numbers", function()
    local given = {}
    for _, number in ipairs { 10, 9, 1, 100 } do
      given[tostring(number)] = stored(number, dashboard "a")
    end
    assert.same({ "1", "9", "10", "100" }, keys(decode(given)))
    assert.equal(100, version_history.latest_number(decode(given)))
  end)

  it("of each kind has its contents", function()
    assert.equal("a: b\n[", decode({ ["1"] = stored(1, "a: b\n[") }, { kind = "report" })["1"].content)
    local chart = { selectedChartType = "table", columnLabelFormats = {} }
    local metric = { name = "A", sql = "select 1", chart_config = chart }
    assert.equal("all_time", decode({ ["1"] = stored(1, metric) }, { kind = "metric" })["1"].content.timeFrame)
  end)

  it("needs to know its kind", function()
    for _, options in ipairs { {}, { kind = "chat" } } do
      assert_raises("usage", "expected metric, dashboard or report", version_history.decode, {}, options)
    end
    assert_raises("usage", "expected metric, dashboard or report", version_history.new, "chat")
  end)

  it("keeps a version that is wrong as it is stored, and tells its path [22][23]", function()
    local given = { ["1"] = stored(1, { name = 1 }), ["2"] = stored(2, dashboard "b"), ["3"] = 4 }
    local history, warnings = decode(given)
    assert.same({
      '["1"].content.name: expected a text, but it is the number 1',
      '["1"].content.rows: "rows" is missing; DashboardYml requires it',
      '["3"]: expected a map, but it is the number 4',
    }, lines(warnings))
    assert.equal(1, warnings[1].version)
    assert.same({ name = 1 }, history["1"].content)
    assert.equal(mp.timestamp "2024-05-01T12:00:00.123457Z", history["1"].updated_at)
    assert.equal("b", history["2"].content.name)
    local json = version_history.to_json(history)
    assert.same({ name = 1 }, json["1"].content)
    assert.equal(4, json["3"])
  end)

  it("believes the key where the version says another number, or none [25]", function()
    local nameless = stored(nil, dashboard "b")
    local history, warnings = decode { ["1"] = stored(7, dashboard "a"), ["2"] = nameless, ["0"] = stored(0, "x") }
    assert.same({
      '["0"]: the key is no number of a version', '["1"].version_number: the version says 7; its key says 1',
      '["2"].version_number: is missing; its key says 2',
    }, (function(found) table.sort(found) return found end)(lines(warnings)))
    assert.equal(1, history["1"].version_number)
    assert.equal(2, version_history.latest_number(history))
  end)

  it("is told once when the number of a version is a text", function()
    local history, warnings = decode { ["1"] = stored("1", dashboard "a") }
    assert.equal(1, history["1"].version_number)
    assert.same({ '["1"].version_number: expected an integer, but it is the text "1"' }, lines(warnings))
  end)

  it("is refused in strict mode when anything is wrong", function()
    local given = { ["1"] = stored(7, { name = 1 }) }
    local ok, err = pcall(decode, given, { strict = true })
    assert.is_false(ok)
    assert.equal("yaml", err.kind)
    assert.equal(3, #err.errors)
    assert.equal(3, #version_history.check(given, { kind = "dashboard" }))
    assert.same({}, (version_history.check({}, { kind = "dashboard" })))
  end)
end)

describe("the versions of a history", function()
  local history = decode { ["2"] = stored(2, dashboard "b"), ["10"] = stored(10, dashboard "j") }

  it("are found by number, and none is where none is [25]", function()
    assert.equal("b", version_history.get(history, 2).content.name)
    assert.is_nil(version_history.get(history, 3))
    assert.is_nil(version_history.get(history, "2"))
    assert.equal("j", version_history.latest(history).content.name)
    assert.is_nil(version_history.latest_number(version_history.new "metric"))
    assert.is_nil(version_history.latest(version_history.new "metric"))
  end)

  it("are added behind the latest, and the old history stays", function()
    local after = version_history.add(history, dashboard "k", { at = AT })
    assert.same({ "2", "10", "11" }, keys(after))
    assert.same({ "2", "10" }, keys(history))
    assert.same({ content = dashboard "k", version_number = 11, updated_at = AT }, after["11"])
    assert.same({ "1" }, keys(version_history.add(version_history.new "dashboard", dashboard "a")))
  end)

  it("are not added where one is [25]", function()
    assert.same({ "2", "3", "10" }, keys(version_history.add(history, dashboard "c", { number = 3 })))
    local add = version_history.add
    assert_raises("usage", "there is a version 10 already", add, history, dashboard "x", { number = 10 })
    for _, number in ipairs { 0, -1, 1.5, 1000000000 } do
      assert_raises("usage", "expected 1 to 999999999", add, history, dashboard "x", { number = number })
    end
  end)

  it("are replaced at the end, by version 1 where there is none", function()
    local after = version_history.replace_latest(history, dashboard "k", { at = AT })
    assert.same({ "2", "10" }, keys(after))
    assert.equal("k", after["10"].content.name)
    assert.equal("j", history["10"].content.name)
    assert.same({ "1" }, keys(version_history.replace_latest(version_history.new "dashboard", dashboard "a")))
  end)

  it("are restored as new ones", function()
    local after = version_history.restore(history, 2, { at = AT })
    assert.same({ "2", "10", "11" }, keys(after))
    assert.equal("b", after["11"].content.name)
    assert_raises("usage", "there is no version 3", version_history.restore, history, 3)
  end)

  it("are those of a history, whose kind is known", function()
    for _, name in ipairs { "get", "latest", "latest_number", "to_json", "add", "replace_latest", "restore" } do
      assert_raises("usage", "the history is null; expected a table", version_history[name], nil, 1)
      assert_raises("usage", "the history is the number 5; expected a table", version_history[name], 5, 1)
    end
    for _, name in ipairs { "add", "replace_latest" } do
      assert_raises("usage", "the history is of no known kind\nhint: take one of version_history.new or decode",
        version_history[name], {}, dashboard "a")
    end
    assert_raises("usage", "the history is of no known kind", version_history.restore, { ["1"] = {} }, 1)
  end)

  it("are written at a moment", function()
    for _, name in ipairs { "add", "replace_latest" } do
      assert_raises("usage", 'the moment of a version is the text "now"; expected an mp.timestamp',
        version_history[name], history, dashboard "a", { at = "now" })
      assert_raises("usage", "the options are the number 5; expected a table", version_history[name], history,
        dashboard "a", 5)
    end
    assert_raises("usage", "the moment of a version is", version_history.restore, history, 2, { at = 1 })
  end)

  it("are refused with the line of the caller", function()
    for _, wrong in ipairs { dashboard " ", 5 } do
      local _, err = pcall(function()
        version_history.add(history, wrong)
      end)
      assert.matches("version_history_spec.lua:%d+$", err.where)
    end
    local _, err = pcall(function()
      version_history.add(history, dashboard "a", { at = "now" })
    end)
    assert.matches("version_history_spec.lua:%d+$", err.where)
  end)

  it("are refused when they are wrong [20]", function()
    assert_raises("yaml", "blank", version_history.add, history, dashboard " ")
    assert_raises("yaml", "blank", version_history.replace_latest, history, dashboard " ")
    local broken = decode { ["1"] = stored(1, dashboard " ") }
    assert_raises("yaml", "blank", version_history.restore, broken, 1)
  end)
end)

describe("the difference of two versions", function()
  local function diff(a, b)
    local found = {}
    for i, one in ipairs(version_history.diff(a, b)) do
      found[i] = ("%s %s %s %s"):format(one.kind, one.path, tostring(one.old), tostring(one.new))
    end
    return found
  end

  it("is told by path", function()
    assert.same({
      "changed chart.colors[2] b c", "added chart.colors[3] nil d", "removed chart.on true nil",
      'changed chart["a b"] 1 2', "changed name x y", "added off nil false",
    }, (function(found)
      table.sort(found, function(a, b) return a:match " (.*)" < b:match " (.*)" end)
      return found
    end)(diff({ name = "x", chart = { colors = { "a", "b" }, on = true, ["a b"] = 1 } },
      { name = "y", chart = { colors = { "a", "c", "d" }, ["a b"] = 2 }, off = false })))
  end)

  it("is empty for the same, and for null and nothing", function()
    assert.same({}, diff({ a = mp.null, b = { 1 } }, { b = { 1.0 }, c = mp.null }))
    assert.same({}, diff({ a = {} }, { a = mp.array {} }))
  end)

  it("is the whole where kinds differ", function()
    assert.same({ "changed  1 2" }, diff(1, 2))
    assert.equal("changed", version_history.diff({ a = { 1 } }, { a = { b = 1 } })[1].kind)
  end)

  it("is that of the contents of two versions", function()
    local history = version_history.add(version_history.new "dashboard", dashboard "a")
    history = version_history.add(history, dashboard "b")
    assert.same({ "changed name a b" }, diff(version_history.get(history, 1), version_history.get(history, 2)))
  end)

  it("of tables that contain themselves is refused", function()
    local a, b = {}, {}
    a.a, b.a = a, b
    assert_raises("usage", "a table contains itself", version_history.diff, a, b)
  end)
end)
