--- Corners of the query builder in which random queries have found it wrong: each is asked on the server as well.

local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"
local cluster = require "spec.support.cluster"

local schema = require "buster.schema"
local fn = mp.fn
local users, teams, organizations = schema.users, schema.teams, schema.organizations

describe("queries", function()
  local db
  setup(function() db = mp.connect { url = cluster.migrated(), max_size = 2 } end)
  teardown(function() db:close() end)

  --- The text is the expected one, and the server takes it; gives the values.
  local function renders(query, expected)
    local text, values = query:to_sql()
    assert.equal(expected, text)
    db:script(("prepare statement as %s; deallocate statement"):format(text))
    return values
  end

  it("take false for a column that must be given", function()
    local members = schema.users_to_organizations
    local flags = require("moonpool.schema").define {
      schema = "public", enums = {},
      tables = { flags = { columns = { { "name", "text", not_null = true }, { "is_on", "bool", not_null = true } } } },
    }
    local values = select(2, flags.flags:insert { name = "a", is_on = false }:to_sql())
    assert.same({ "a", false }, values)
    assert.has_no.errors(function()
      flags.flags:insert { { name = "a", is_on = false }, { name = "b", is_on = true } }
    end)
    assert.has_no.errors(function()
      flags.flags:insert(members:select(members.status:cast("text"):as "name", mp.value(false):as "is_on"))
    end)
    assert_raises("usage", "lacks is_on", function() flags.flags:insert { name = "a" } end)
  end)

  it("keep the type of mp.value in the branches of a case and in functions of any type", function()
    local query = mp.select(
      mp.case(mp.value(true), mp.value(7, "int2")):otherwise(mp.value(8, "int2")):as "number",
      fn.jsonb_build_object("a", mp.value("2024-01-01", "date")):as "document")
    assert.same({ true, 7, 8, "a", "2024-01-01" }, renders(query,
      'select case when $1::bool then $2::int2 else $3::int2 end as "number", '
      .. 'jsonb_build_object($4::text, $5::date) as "document"'))
    assert.equal(7, db:one(query).number)
    local document = fn.jsonb_build_object("a", mp.value("2024-01-01", "date"))
    assert.equal("2024-01-01", db:value(mp.select(document:text "a")))
  end)

  it("know what sums are", function()
    local counted = mp.cte("counted", schema.dashboard_files:select(
      fn.sum(mp.value(1, "int4")):as "whole", fn.avg(mp.value(1, "int4")):as "mean",
      fn.sum(mp.value(1, "float8")):as "near"))
    local listed = mp.cte("listed", counted:select(
      fn.array_agg(counted.whole):as "wholes", fn.array_agg(counted.mean):as "means",
      fn.array_agg(counted.near):as "nears"))
    renders(listed:select(listed.wholes):where(listed.wholes:contained_in { 1 }, listed.means:contained_in { 1 },
      listed.nears:contained_in { 1 }),
      'with "counted" as (select sum($1::int4) as "whole", avg($2::int4) as "mean", sum($3::float8) as "near" '
      .. 'from "dashboard_files"), '
      .. '"listed" as (select array_agg("counted"."whole") as "wholes", array_agg("counted"."mean") as "means", '
      .. 'array_agg("counted"."near") as "nears" from "counted") '
      .. 'select "listed"."wholes" from "listed" where "listed"."wholes" <@ $4::int8[] '
      .. 'and "listed"."means" <@ $5::numeric[] and "listed"."nears" <@ $6::float8[]')
  end)

  it("ask for rows that are distinct whether there are any", function()
    renders(mp.select(users:select(users.name):distinct():offset(1):exists():as "found"),
      'select exists (select distinct "users"."name" from "users" offset $1) as "found"')
    local found = mp.select(teams:distinct():exists():as "found")
    assert.is_false(db:one(found).found)
    assert.is_false(db:one(mp.select(teams:distinct_on(teams.name):exists():as "found")).found)
  end)

  it("give a name among the outputs only", function()
    local lower = fn.lower(users.email):as "low"
    renders(users:select(lower):where(lower:like "a%"):group_by(lower):order(lower:desc()),
      'select lower("users"."email") as "low" from "users" where lower("users"."email") like $1 '
      .. 'group by lower("users"."email") order by lower("users"."email") desc')
    renders(users:select(lower:as "other", fn.max(lower .. "x"):over():as "most"),
      'select lower("users"."email") as "other", max(lower("users"."email") || $1::text) over () as "most" '
      .. 'from "users"')
  end)

  it("refuse an order within an expression", function()
    assert_raises("usage", "asc, desc and nulls stand within an expression", function()
      users:where(users.email:desc():eq "a"):to_sql()
    end)
    assert_raises("usage", "within an expression", function() users:select(fn.max(users.email:asc())):to_sql() end)
    renders(users:select(fn.string_agg(users.email, ","):order_by(users.email:desc()):as "all",
      fn.mode():within_group(users.email:desc()):as "mode"),
      'select string_agg("users"."email", $1 order by "users"."email" desc) as "all", '
      .. 'mode() within group (order by "users"."email" desc) as "mode" from "users"')
  end)

  it("without a table know no columns", function()
    local bare = mp.select(mp.value(1):as "one")
    assert_raises("usage", 'no table of this query has a column "id"', function() bare:where { id = 1 } end)
    assert_raises("usage", 'no table of this query has a column "id"', function() bare:order "id" end)
    assert_raises("usage", "a query without a table has no join", function() bare:join(users, mp.value(true)) end)
    assert_raises("usage", "a query without a table has no join", function() bare:left_join "team" end)
    assert_raises("usage", "a query without a table has no delete", function() bare:delete() end)
    assert_raises("usage", "a query without a table has no update", function() bare:update { id = 1 } end)
    assert_raises("usage", "select needs an expression", function() mp.select() end)
    renders(bare:where(mp.value(true)), 'select $1::int8 as "one" where $2::bool')
  end)

  it("refuse a column whose table is hidden by another of that name", function()
    local hiding = teams:as "users"
    assert_raises("usage", "users.email: another table is called users in this query", function()
      users:where(hiding:where(hiding.name:eq(users.email)):exists()):to_sql()
    end)
    assert_raises("usage", "another table is called teams", function()
      local joined = users:as "teams"
      teams:where(organizations:join(joined, mp.value(true)):where(teams.name:eq "a"):exists()):to_sql()
    end)
    renders(teams:select(teams.id):where(teams:where(teams.name:eq "a"):exists()),
      'select "teams"."id" from "teams" where exists (select from "teams" where "teams"."name" = $1)')
  end)

  it("refuse types with empty parts", function()
    for _, name in ipairs { ".", "..", ".int4", "int4.", "a..b", " ", "[]" } do
      assert_raises("usage", "the type is", mp.value, 1, name)
    end
  end)

  it("refuse options that are none", function()
    assert_raises("usage", "the options are a string", mp.cte, "recent", users:all(), "materialized")
    local function step(rows) return rows:all() end
    assert_raises("usage", "the options are a boolean", mp.recursive, "walk", users:select(users.id), step, true)
    assert_raises("usage", 'no option "distinkt"', mp.recursive, "walk", users:select(users.id), step,
      { distinkt = true })
    assert_raises("usage", "option of is a boolean", function() users:for_update { of = true } end)
    assert_raises("usage", "option of is a moonpool.query", function() users:for_update { of = users:all() } end)
  end)

  it("refuse what the grammar has no place for", function()
    assert_raises("usage", "coalesce has 0 arguments; expected 1 or more", function() fn.coalesce() end)
    assert_raises("usage", "nullif has 1 argument; expected 2", function() fn.nullif(users.name) end)
    assert_raises("usage", "nullif has 3 arguments; expected 2", function() fn.nullif(users.name, "a", "b") end)
    assert_raises("usage", "count%(...%) has no arguments, and no distinct", function() fn.count():distinct() end)
    assert_raises("usage", "row_number%(...%) has no arguments, and no order_by", function()
      fn.row_number():order_by(users.name)
    end)
    assert_raises("usage", "is a word of SQL and no function", function() fn.coalesce(users.name, "a"):over() end)
    assert_raises("usage", "order needs a column", function() users:all():union(users:all()):order() end)
    assert_raises("usage", "the argument of join_lateral is the table teams", function()
      users:join_lateral(teams, mp.value(true))
    end)
    assert_raises("usage", "the argument of left_join_lateral is the table", function()
      users:left_join_lateral(mp.cte("some", organizations:select(organizations.id)))
    end)
  end)
end)
