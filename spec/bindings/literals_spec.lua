--- Literals of every type, there and back: as the server reads them, as values, as texts, in arrays; each statement
--- three times, as text, then prepared and binary. And the types are all that the server has.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"
local literals = require "spec.support.literals"
local same = require "spec.support.same"

local TIMES = 3
local EXTENSIONS = { "citext", "hstore" }

local db, rows
local families = literals.families()

setup(function()
  db = mp.connect { url = cluster.database(), max_size = 1 }
  rows = db:with { rows = "arrays" }
  for _, name in ipairs(EXTENSIONS) do
    if db:value("select exists (select from pg_available_extensions where name = $1)", name) then
      db:exec("create extension " .. name)
    end
  end
end)

teardown(function()
  db:close()
end)

local function is_json(sql_type)
  return sql_type:find("^jsonb?$") ~= nil
end

--- A plain string or null would be SQL's and not JSON's.
local function as_parameter(sql_type, value)
  return is_json(sql_type) and mp.json(value) or value
end

local function assert_reads_alike(sql)
  local value = db:value(sql)
  for _ = 2, TIMES do
    same(value, db:value(sql))
  end
  return value
end

--- The value comes back, and the server writes it with the same words.
local function assert_comes_back(sql_type, value, words, parameter)
  local sql = ("select $1::%s, format('%%s', $1::%s)"):format(sql_type, sql_type)
  for _ = 1, TIMES do
    local row = rows:one(sql, parameter)
    same(value, row[1])
    if not is_json(sql_type) then -- whose blanks and digits are ours
      assert.equal(words, row[2])
    end
  end
end

local function assert_round_trip(sql_type, literal)
  local constant = ("%s::%s"):format(literals.quote(literal), sql_type)
  local value = assert_reads_alike("select " .. constant)
  local words = db:value(("select format('%%s', %s)"):format(constant))
  assert_comes_back(sql_type, value, words, as_parameter(sql_type, value))
  if sql_type ~= "bytea" then -- where a string is bytes
    assert_comes_back(sql_type, value, words, literal)
  end
  return value, constant
end

local function assert_array(sql_type, value, constant)
  local list = assert_reads_alike(("select array[%s, null, %s]"):format(constant, constant))
  assert.is_true(mp.array.is(list))
  same({ value, mp.null, value }, list)
  local parameter = mp.array { as_parameter(sql_type, value), mp.null, as_parameter(sql_type, value) }
  for _ = 1, TIMES do
    same(list, db:value(("select $1::%s[]"):format(sql_type), parameter))
    same({ list, list }, db:value(("select $1::%s[][]"):format(sql_type), mp.array { parameter, parameter }))
  end
end

local function assert_refused(sql_type, literal)
  assert.is_false((pcall(db.value, db, ("select %s::%s"):format(literals.quote(literal), sql_type))))
  if sql_type ~= "bytea" then
    for _ = 1, TIMES do
      assert.is_false((pcall(db.value, db, ("select $1::%s"):format(sql_type), literal)))
    end
  end
end

--- Names the literal in what fails.
local function each(sql_type, list, act)
  for _, literal in ipairs(list) do
    local ok, err = pcall(act, sql_type, literal)
    if not ok then
      error(("%s '%s': %s"):format(sql_type, literal, type(err) == "table" and err.message or tostring(err)), 0)
    end
  end
end

local function exists(sql_type)
  return db:value("select to_regtype($1) is not null", sql_type)
end

for _, family in ipairs(families) do
  describe("a literal of " .. family.name, function()
    for _, sql_type in ipairs(family.types) do
      it("of type " .. sql_type.name .. " goes there and back", function()
        if not exists(sql_type.name:gsub("%(.*", "")) then
          pending("this server has no such type")
          return
        end
        each(sql_type.name, sql_type.good, function(name, literal)
          assert_array(name, assert_round_trip(name, literal))
        end)
        each(sql_type.name, sql_type.bad, assert_refused)
        assert.is_nil(db:value(("select null::%s"):format(sql_type.name)))
        assert.is_nil(db:value(("select $1::%s"):format(sql_type.name), nil))
      end)
    end
  end)
end

describe("the catalog", function()
  --- What the server writes and never reads: where to find one, if that is easy.
  local READ_ONLY = {
    ghstore = "select null::ghstore",
    gtsvector = "select null::gtsvector",
    pg_brin_bloom_summary = "select null::pg_brin_bloom_summary",
    pg_brin_minmax_multi_summary = "select null::pg_brin_minmax_multi_summary",
    pg_dependencies = "select stxddependencies from pg_statistic_ext_data",
    pg_mcv_list = "select stxdmcv from pg_statistic_ext_data",
    pg_ndistinct = "select stxdndistinct from pg_statistic_ext_data",
    pg_node_tree = "select proargdefaults from pg_proc where proargdefaults is not null order by oid limit 1",
  }

  local function types_with_literals()
    local known = {}
    for _, family in ipairs(families) do
      for _, sql_type in ipairs(family.types) do
        local oid = db:value("select to_regtype($1)::oid", (sql_type.name:gsub("%(.*", "")))
        known[oid or 0] = #sql_type.good > 0
      end
    end
    return known
  end

  local function make_statistics()
    db:script [[
      create table correlated as select i % 3 as a, i % 3 as b from generate_series(1, 100) i;
      create statistics correlated_statistics on a, b from correlated;
      analyze correlated;
    ]]
  end

  --- Base types, ranges and multiranges; arrays are tried with their elements.
  local ALL_TYPES = [[
    select t.oid, t.typname as name
    from pg_type t
    where t.typtype in ('b', 'r', 'm') and t.typcategory <> 'A'
      and t.typnamespace in ('pg_catalog'::regnamespace, 'public'::regnamespace)
    order by 2]]

  it("has no type without literals", function()
    local known, forgotten, count = types_with_literals(), {}, 0
    for _, sql_type in ipairs(db:query(ALL_TYPES)) do
      count = count + 1
      if not known[sql_type.oid] and not READ_ONLY[sql_type.name] then
        forgotten[#forgotten + 1] = sql_type.name
      end
    end
    assert(count > 80, "the catalog has only " .. count .. " types")
    assert(#forgotten == 0, "without literals in spec/bindings/literals: " .. table.concat(forgotten, ", "))
  end)

  it("has types that are only read", function()
    make_statistics()
    for name, sql in pairs(READ_ONLY) do
      if exists(name) then
        local value = assert_reads_alike(sql)
        assert(value ~= nil or sql:find("null::"), name .. " was not found")
        local ok, err = pcall(db.value, db, ("select $1::%s"):format(name), "")
        assert.is_false(ok)
        assert(err.sqlstate == "0A000" or err.sqlstate == "XX000", name .. " can be written") -- ghstore: XX000
      end
    end
  end)
end)
