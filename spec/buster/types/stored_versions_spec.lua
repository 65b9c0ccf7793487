--- Versions in the database. A number in brackets is that of a way in which they were damaged before.

local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"
local cluster = require "spec.support.cluster"
local sample = require "spec.support.sample"
local stored_versions = require "buster.types.stored_versions"

local function dashboard(name)
  return { name = name, rows = {} }
end

describe("stored versions", function()
  local db, other, id

  setup(function()
    local url = sample.database()
    db, other = mp.connect { url = url, max_size = 10 }, mp.connect { url = url, max_size = 10 }
  end)

  teardown(function()
    db:close()
    other:close()
  end)

  before_each(function()
    id = db:value "select id from dashboard_files where deleted_at is null order by id limit 1"
    db:exec("update dashboard_files set version_history = '{}' where id = $1", id)
  end)

  local function row()
    return db:one("select name, content, version_history from dashboard_files where id = $1", id)
  end

  local function numbers()
    local found = {}
    for i, version in ipairs(stored_versions.list(db, "dashboard", id)) do
      found[i] = version.number
    end
    return found
  end

  it("are appended, and the file's content and name follow", function()
    assert.equal(1, stored_versions.append(db, "dashboard", id, dashboard "A: 1"))
    assert.equal(2, stored_versions.append(db, "dashboard", id, dashboard "A: 2"))
    local file = row()
    assert.equal("A: 2", file.name)
    assert.equal("A: 2", file.content.name)
    assert.same(file.content, file.version_history["2"].content)
    assert.equal(2, file.version_history["2"].version_number)
    assert.truthy(file.version_history["2"].updated_at:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d+Z$")
    assert.equal("A: 1", file.version_history["1"].content.name)
  end)

  it("are stored as their type reads them", function()
    stored_versions.append(db, "dashboard", id, "name: ''\nrows: []\n")
    assert.equal("New Dashboard", row().name)
    assert.equal("New Dashboard", row().version_history["1"].content.name)
  end)

  it("are appended behind the greatest number, not the last text", function()
    db:exec([[update dashboard_files set version_history = '{"9": {}, "10": {}, "x": 1}' where id = $1]], id)
    assert.equal(11, stored_versions.append(db, "dashboard", id, dashboard "A"))
    assert.equal(1, row().version_history.x)
    db:exec([[update dashboard_files set version_history = version_history - '9' - '10' || '{"0": 1}'
      where id = $1]], id)
    assert.same({ 11 }, numbers())
  end)

  it("have the moment of their writing, in whatever time zone the session is", function()
    db:transaction(function(tx)
      tx:exec "set local time zone 'Asia/Tokyo'"
      stored_versions.append(tx, "dashboard", id, dashboard "A")
    end)
    local seconds = db:value([[
      select extract(epoch from now() - (version_history #>> '{1,updated_at}')::timestamptz)::int
      from dashboard_files where id = $1
    ]], id)
    assert.is_true(math.abs(seconds) < 600)
  end)

  it("are replaced at the end", function()
    assert.equal(1, stored_versions.replace_latest(db, "dashboard", id, dashboard "A"))
    stored_versions.append(db, "dashboard", id, dashboard "B")
    assert.equal(2, stored_versions.replace_latest(db, "dashboard", id, dashboard "C"))
    assert.same({ 1, 2 }, numbers())
    assert.equal("C", row().name)
    assert.equal("C", stored_versions.get(db, "dashboard", id).content.name)
  end)

  it("are restored as new ones", function()
    stored_versions.append(db, "dashboard", id, dashboard "A")
    stored_versions.append(db, "dashboard", id, dashboard "B")
    assert.equal(3, stored_versions.restore(db, "dashboard", id, 1))
    assert.equal("A", row().name)
    assert.same({ 1, 2, 3 }, numbers())
    assert_raises("usage", "the dashboard has no version 7", stored_versions.restore, db, "dashboard", id, 7)
  end)

  it("are read one at a time [26]", function()
    assert.is_nil(stored_versions.get(db, "dashboard", id))
    stored_versions.append(db, "dashboard", id, dashboard "A")
    stored_versions.append(db, "dashboard", id, dashboard "B")
    assert.equal("A", stored_versions.get(db, "dashboard", id, 1).content.name)
    assert.equal(2, stored_versions.get(db, "dashboard", id).version_number)
    assert.is_nil(stored_versions.get(db, "dashboard", id, 3))
  end)

  it("come with what is wrong in them [23]", function()
    db:exec([[update dashboard_files set version_history = '{"1": {"content": {"name": 1}}}' where id = $1]], id)
    local version, warnings = stored_versions.get(db, "dashboard", id, 1)
    assert.equal(1, version.content.name)
    assert.equal('["1"].content.name', warnings[1].path)
  end)

  it("are checked before they are written [20]", function()
    for _, verb in ipairs { "append", "replace_latest" } do
      assert_raises("yaml", "blank", stored_versions[verb], db, "dashboard", id, dashboard " ")
    end
    assert.same({}, numbers())
  end)

  it("of metrics and reports are kept alike", function()
    local metric = db:value "select id from metric_files where deleted_at is null order by id limit 1"
    local content = { name = "M: 1", sql = "select 1", chartConfig = { selectedChartType = "table",
      columnLabelFormats = {} } }
    local number = stored_versions.append(db, "metric", metric, content)
    assert.equal("M: 1", db:value("select name from metric_files where id = $1", metric))
    assert.equal("all_time", stored_versions.get(db, "metric", metric, number).content.timeFrame)
    local report = db:value "select id from report_files where deleted_at is null order by id limit 1"
    number = stored_versions.append(db, "report", report, "a: 'b'\n[")
    assert.equal("a: 'b'\n[", db:value("select content from report_files where id = $1", report))
    assert.equal("a: 'b'\n[", stored_versions.get(db, "report", report, number).content)
  end)

  it("belong to a file that is there", function()
    local nobody = mp.uuid()
    assert_raises("rows", "there is no dashboard with the id", stored_versions.append, db, "dashboard", nobody,
      dashboard "A")
    assert_raises("rows", "there is no dashboard with the id", stored_versions.get, db, "dashboard", nobody)
    local deleted = db:value "select id from dashboard_files where deleted_at is not null limit 1"
    assert_raises("rows", "there is no dashboard with the id", stored_versions.append, db, "dashboard", deleted,
      dashboard "A")
    assert_raises("usage", "expected metric, dashboard or report", stored_versions.append, db, "chat", nobody, "A")
  end)

  it("are not started anew over a history that cannot be read [28]", function()
    for _, history in ipairs { "[1]", '"x"' } do
      db:exec("update dashboard_files set version_history = $1::text::jsonb where id = $2", history, id)
      assert.is_false(pcall(stored_versions.append, db, "dashboard", id, dashboard "A"))
      assert.equal(history, db:value("select version_history::text from dashboard_files where id = $1", id))
    end
  end)

  it("of a second writer wait for the first, and get the next number [27]", function()
    local first, second
    local function is_waiting()
      return db:value [[select count(*) = 1 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%dashboard_files%']]
    end
    mp.all {
      function()
        db:transaction(function(tx)
          first = stored_versions.append(tx, "dashboard", id, dashboard "first")
          cluster.wait_until(is_waiting)
        end)
      end,
      function()
        cluster.wait_until(function() return first ~= nil end)
        second = stored_versions.append(other, "dashboard", id, dashboard "second")
      end,
    }
    assert.same({ 1, 2 }, { first, second })
    assert.equal("first", stored_versions.get(db, "dashboard", id, 1).content.name)
    assert.equal("second", row().name)
  end)

  it("of many writers are all there [27]", function()
    local tasks = {}
    for i = 1, 20 do
      tasks[i] = function()
        return stored_versions.append(i % 2 == 0 and db or other, "dashboard", id, dashboard(("of %d"):format(i)))
      end
    end
    local given = table.pack(mp.all(tasks))
    local seen = {}
    for i = 1, 20 do
      local number = given[i]
      seen[number] = (seen[number] or 0) + 1
      assert.equal(("of %d"):format(i), stored_versions.get(db, "dashboard", id, number).content.name)
    end
    assert.equal(20, #seen)
    assert.equal(20, #numbers())
  end)
end)
