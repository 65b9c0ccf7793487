--- Names and values that would like to be SQL, through every method of the builder: each is refused, or reaches the
--- server as an identifier in quotes or as a parameter.

local core = require "moonpool.core"
local mp = require "moonpool"
local q = require "moonpool.query"
local assert_raises = require "spec.support.assert_raises"
local cluster = require "spec.support.cluster"
local described = require "spec.support.described"

local MARK = "zq9" -- part of all that is hostile, and of nothing else

local HOSTILE = {
  MARK, MARK .. '"', '"' .. MARK .. '"', MARK .. '" from users; create table pwned (); --', MARK .. '"" or true',
  MARK .. "'", MARK .. "'; create table pwned (); --", MARK .. "; create table pwned ()", MARK .. " -- ",
  MARK .. "\n-- x\n", MARK .. " /* x", MARK .. " */ x", MARK .. ")", "(" .. MARK, MARK .. "(x)", MARK .. "[]",
  MARK .. "[1]", "$1" .. MARK, "$" .. MARK, MARK .. "$$ x $$", MARK .. "\\", "e'" .. MARK .. "\\'", MARK .. "\0x",
  MARK .. "\xff", MARK .. "\xc3", MARK .. "é€𝄞", MARK .. "\u{202e}", MARK .. "\u{200b}", MARK .. "\t", " " .. MARK
    .. " ",
  MARK .. ".x", "." .. MARK, MARK .. ".", MARK .. "..x", MARK .. '."x', MARK .. " as x", MARK .. ", x", "U&" .. MARK,
  MARK .. ("x"):rep(60), MARK .. ("x"):rep(61), MARK .. ("é"):rep(30) .. "x", MARK .. ("x"):rep(5000), MARK:upper()
    .. MARK,
  ".", "..", "= any (" .. MARK .. ")", "::" .. MARK, MARK .. "::int", "*" .. MARK, MARK .. " preceding", "3 preceding "
    .. MARK,
  "%s" .. MARK, "%" .. MARK, "\27[31m" .. MARK,
}

--- The text without what is in quotes.
local function bare(text)
  return (text:gsub('"[^"]*"', " "):gsub("%$%d+", " "))
end

local function assert_tame(text, what)
  local rest = bare(text)
  assert(not rest:lower():find(MARK, 1, true), ("%s reached SQL: %s"):format(what, text))
  assert(not rest:find "[\"';\\\0\n]" and not rest:find("--", 1, true) and not rest:find("/*", 1, true),
    ("%s left its quotes: %s"):format(what, text))
end

describe("what is hostile", function()
  local db, users, teams

  lazy_setup(function()
    db = mp.connect { url = cluster.database(), max_size = 1 }
    db:script [[
      create table users (id int primary key, email text not null unique, age int, tags text[], data jsonb,
        span int4range,
        at timestamptz, token uuid, raw bytea);
      create unique index on users (age) where age > 5;
      create table teams (id int primary key, owner_id int references users (id));
    ]]
    local schema = described(db)
    users, teams = schema.users, schema.teams
  end)

  lazy_teardown(function()
    assert.is_nil(db:value "select to_regclass('pwned')")
    db:close()
  end)

  --- Errors of the server that name what is not there, or whose types nobody knows.
  local HARMLESS = {
    ["42703"] = true, ["42704"] = true, ["42883"] = true, ["42P01"] = true, ["42P18"] = true, ["3F000"] = true,
    ["42804"] = true, ["42809"] = true, ["0A000"] = true, ["42725"] = true, ["42P02"] = true, ["42846"] = true,
  }

  --- The server must understand the text, whether it finds what that names or not.
  local function assert_parses(text, what)
    local ok, err = pcall(function()
      db:transaction(function(tx)
        tx:script("prepare hostile as " .. text)
        tx:script "deallocate hostile"
      end)
    end)
    assert(ok or HARMLESS[err.sqlstate], ("%s: %s\n%s"):format(what, tostring(err), text))
  end

  --- fn(text) gives a statement, or raises an error of usage. Returns how many went through.
  local function try(name, fn, list)
    local passed = 0
    for _, hostile in ipairs(list or HOSTILE) do
      local what = ("%s of %q"):format(name, hostile)
      local ok, result = pcall(function()
        local statement = fn(hostile)
        if statement == nil then return nil end
        return { statement:to_sql() }
      end)
      if not ok then
        assert(mp.is_error(result) and result.kind == "usage", what .. ": " .. tostring(result))
        assert(not result.message:find "[%c]", what .. " is told with control characters: " .. result.message)
      elseif result then
        passed = passed + 1
        assert_tame(result[1], what)
        if not hostile:find "[\x80-\xff]" or utf8.len(hostile) then
          assert_parses(result[1], what)
        end
      end
    end
    return passed
  end

  local value = q.value

  --- Where a name of any kind may stand.
  local NAMES = {
    ["the alias of a table"] = function(x) return users:as(x):all() end,
    ["the alias of a table, joined"] = function(x)
      local o = users:as(x)
      return users:join(o, o.id:eq(users.id)):where(o.age:gt(1)):select(o.id,
        o.email:as(x)):order(o.id):for_update { of = o }
    end,
    ["the alias of a table, written"] = function(x)
      local o = users:as(x)
      return o:insert { id = 1, email = "x" }:on_conflict "id"
        :do_update { age = o.excluded.age + o.age }:returning(o.id)
    end,
    ["the alias of a table, updated"] = function(x)
      local o = users:as(x)
      return users:update { age = o.age }:from(o):where(o.id:eq(users.id)):returning(o.email)
    end,
    ["the alias of a table, used"] = function(x)
      local o = users:as(x)
      return users:delete():using(o):where(o.id:eq(users.id)):returning(o.email)
    end,
    ["the alias of an expression"] = function(x) return users:select((users.age + 1):as(x)):order(x):group_by "id" end,
    ["the alias of an expression in a union"] = function(x)
      return users:select((users.age + 1):as(x)):union(users:select(users.age)):order(x)
    end,
    ["the alias of a query"] = function(x) return users:select((users.age + 1)
      :as(x)):as(x):where { [x] = 5 }:count() end,
    ["the name of a CTE"] = function(x)
      local c = q.cte(x, users:where { id = 1 }, { materialized = true })
      return c:join(teams, teams.id:eq(c.id)):select(c.email, teams.id)
    end,
    ["the name of a recursive CTE"] = function(x)
      return q.recursive(x, users:select(users.id), function(rows)
        return users:join(rows, rows.id:eq(users.age)):select(users.id)
      end):all()
    end,
    ["the name of an attached CTE"] = function(x)
      return users:with(q.cte(x, teams:delete():everywhere()))
    end,
    ["a name of mp.param"] = function(x) return users:where(users.id:eq(q.param(x))) end,
    ["a type of mp.param"] = function(x) return users:where(users.id:eq(q.param("a", x))) end,
    ["a type of mp.value"] = function(x) return users:where(users.id:eq(value(mp.null, x))) end,
    ["a type in cast"] = function(x) return users:select(users.id:cast(x):as "x") end,
    ["a type of a value in cast"] = function(x) return q.select(value(5):cast(x):as "x") end,
    ["a type of a parameter in cast"] = function(x) return q.select(q.param "a":cast(x):as "x") end,
    ["a type of op"] = function(x) return users:where(users.id:op("=", 5, x):cast(x):cast "bool") end,
    ["an array's type in cast"] = function(x) return users:select(users.tags:cast(x .. "[]"):as "x") end,
    ["a type with a modifier in cast"] = function(x) return users:select(users.tags:cast(x .. "(3)"):as "x") end,
    ["a modifier in cast"] = function(x) return users:select(users.age:cast("numeric(" .. x .. ")"):as "x") end,
    ["a function"] = function(x) return users:select(q.fn[x](users.id):as "x") end,
    ["a function of a schema"] = function(x) return users:select(q.fn["pg_catalog." .. x](users.id, 5, "x"):as "x") end,
    ["a function's schema"] = function(x) return users:select(q.fn[x .. ".lower"](users.email):distinct():as "x") end,
    ["a function over a window"] = function(x) return users:select(q.fn[x](users.id)
      :over { partition_by = users.id }:as "x") end,
    ["the alias of a function's rows"] = function(x)
      return q.fn.generate_series(1, 5):rows(x, { "n int4" }):all()
    end,
    ["a column of a function's rows"] = function(x) return q.fn.generate_series(1, 5):rows("s", { x
      .. " int4" }):all() end,
    ["a column's type of a record"] = function(x)
      return q.fn.jsonb_to_recordset(value(mp.json {})):rows("s", { "a " .. x }):all()
    end,
    ["a column of a record"] = function(x)
      return q.fn.jsonb_to_recordset(value(mp.json {})):rows("s", { x .. " text" }):all()
    end,
    ["the alias of mp.rows"] = function(x) return q.rows(x, { "a int4" }, { { a = 1 } }):all() end,
    ["a column of mp.rows"] = function(x) return q.rows("r", { x .. " int4" }, { { [x] = 1 } }):all() end,
    ["a column's type of mp.rows"] = function(x) return q.rows("r", { "a " .. x }, { { a = "1" } }):all() end,
    ["the alias of from_sql"] = function(x) return q.from_sql(x, "select 1", { "a int4" }):all() end,
    ["a column of from_sql"] = function(x) return q.from_sql("t", "select 1", { x }):where { [x:match "%S+"] = 5 } end,
    ["a column's type of from_sql"] = function(x)
      local t = q.from_sql("t", "select 1", { "a " .. x })
      return t:where(t.a:in_ { "x" }):where(t.a:contains "y")
    end,
    ["a constraint"] = function(x)
      return users:insert { id = 1, email = "x" }:on_conflict { constraint = x }:do_update "email"
    end,
  }

  --- What no name of PostgreSQL can be, or what it would cut.
  local IMPOSSIBLE = {}
  for _, hostile in ipairs(HOSTILE) do
    if #hostile > 63 or hostile:find "\0" or not utf8.len(hostile) then IMPOSSIBLE[#IMPOSSIBLE + 1] = hostile end
  end

  for name, fn in pairs(NAMES) do
    it("is quoted or refused as " .. name, function()
      assert.is_true(try(name, fn) > 0)
      assert.are.equal(0, try(name, fn, IMPOSSIBLE))
    end)
  end

  --- Where nothing but one of a few words, or a name that is known, may stand.
  local WORDS = {
    ["a column in where"] = function(x) return users:where { [x] = 5 } end,
    ["a column in select"] = function(x) return users:select(x) end,
    ["a column in add"] = function(x) return users:add(x) end,
    ["a column in order"] = function(x) return users:order(x) end,
    ["a column in group_by"] = function(x) return users:group_by(x) end,
    ["a column in having"] = function(x) return users:having { [x] = 1 } end,
    ["a column in distinct_on"] = function(x) return users:distinct_on(x) end,
    ["a column of a joined table"] = function(x) return users:join(teams):where { ["teams." .. x] = 5 } end,
    ["a table before a column"] = function(x) return users:join(teams):where { [x .. ".id"] = 5 } end,
    ["a column of a union's order"] = function(x) return users:union(users:all()):order(x) end,
    ["a column in returning"] = function(x) return users:delete():everywhere():returning(x) end,
    ["a column in insert"] = function(x) return users:insert { id = 1, email = "x", [x] = 5 } end,
    ["a column of many rows"] = function(x) return users:insert { { id = 1, email = "x" }, { [x] = 5 } } end,
    ["a column in update"] = function(x) return users:update { [x] = 5 }:everywhere() end,
    ["a column in on_conflict"] = function(x) return users:insert { id = 1,
      email = "x" }:on_conflict(x):do_nothing() end,
    ["a column in do_update"] = function(x)
      return users:insert { id = 1, email = "x" }:on_conflict "id":do_update(x)
    end,
    ["a column set in do_update"] = function(x)
      return users:insert { id = 1, email = "x" }:on_conflict "id":do_update { [x] = 5 }
    end,
    ["a column of an insert's query"] = function(x) return users:insert(users:select("id", users.email:as(x))) end,
    ["a column of a page"] = function(x) return users:order "id":after { [x] = 5 } end,
    ["a column of rows"] = function(x) return q.rows("r", { "a int4" }, { { [x] = 1 } }):all() end,
    ["a column's name"] = function(x) return users:select(users[x]) end,
    ["a column's name in c"] = function(x) return users:select(users.c[x]) end,
    ["a column of excluded"] = function(x)
      return users:insert { id = 1, email = "x" }:on_conflict "id":do_update { age = users.excluded[x] }
    end,
    ["a relation"] = function(x) return users:join(x) end,
    ["a relation's name"] = function(x) return users:join(users.r[x]) end,
    ["a left relation"] = function(x) return users:left_join(x):right_join(x):full_join(x) end,
    ["a method"] = function(x) return users:all()[x](users) end,
    ["a method of an expression"] = function(x) return users:where(users.id[x](users.id, 5)) end,
    ["an operator"] = function(x) return users:where(users.id:op(x, 5)) end,
    ["the operator of any"] = function(x) return users:where(users.id:any(x, { 5 })) end,
    ["the operator of all"] = function(x) return users:where(users.id:all(x, { 5 })) end,
    ["a bound of rows"] = function(x) return users:select(q.fn.count():over { rows = { x, "current row" } }:as "n") end,
    ["a bound of range"] = function(x) return users:select(q.fn.count():over { range = { "current row",
      x } }:as "n") end,
    ["a bound of groups"] = function(x) return users:select(q.fn.count():over { groups = { x, x } }:as "n") end,
    ["a frame"] = function(x) return users:select(q.fn.count():over { rows = x }:as "n") end,
    ["an option of a window"] = function(x) return users:select(q.fn.count():over { [x] = { x, x } }:as "n") end,
    ["a window's columns"] = function(x) return users:select(q.fn.count():over { partition_by = x }:as "n") end,
    ["a window's order"] = function(x) return users:select(q.fn.count():over { order_by = { x } }:as "n") end,
    ["an aggregate's order"] = function(x) return users:select(q.fn.count(users.id):order_by(x):as "n") end,
    ["a group's order"] = function(x) return users:select(q.fn.mode():within_group(x):as "n") end,
    ["an aggregate's filter"] = function(x) return users:select(q.fn.count():filter(x):as "n") end,
    ["an option of a lock"] = function(x) return users:for_update { [x] = true } end,
    ["the value of a lock's option"] = function(x) return users:for_update { skip_locked = x } end,
    ["a lock's table"] = function(x) return users:for_update { of = { x } } end,
    ["an option of a CTE"] = function(x) return q.cte("c", users:all(), { [x] = true }):all() end,
    ["the value of a CTE's option"] = function(x) return q.cte("c", users:all(), { materialized = x }):all() end,
    ["an option of explain"] = function(x) return users:all():explain { [x] = true } end,
    ["a format of explain"] = function(x) return users:all():explain { format = x } end,
    ["the value of explain's option"] = function(x) return users:all():explain { analyze = x } end,
    ["an option of on_conflict"] = function(x)
      return users:insert { id = 1, email = "x" }:on_conflict("id", { [x] = x }):do_nothing()
    end,
    ["the condition of on_conflict"] = function(x)
      return users:insert { id = 1, email = "x" }:on_conflict("age", { where = x }):do_nothing()
    end,
    ["a value of on_conflict's condition"] = function(x)
      return users:insert { id = 1, email = "x" }:on_conflict("email", { where = users.email:eq(x) }):do_nothing()
    end,
    ["a limit"] = function(x) return users:limit(x) end,
    ["an offset"] = function(x) return users:offset(x) end,
    ["a condition"] = function(x) return users:where(x) end,
    ["a condition of a join"] = function(x) return users:join(teams, x) end,
    ["a condition of an update"] = function(x) return users:update { age = 1 }:where(x) end,
    ["a number"] = function(x) return users:where { age = x } end,
    ["a number in a list"] = function(x) return users:where { age = { 1, x } } end,
    ["a moment's family"] = function(x) return users:where(users.age:between(1, x)) end,
    ["a uuid"] = function(x) return users:where { token = x } end,
    ["a fragment's name"] = function(x) return q.sql "select $name" { [x] = 1 } end,
    ["a table of update"] = function(x) return users:update { age = 1 }:from(x):everywhere() end,
    ["a table of delete"] = function(x) return users:delete():using(x):everywhere() end,
    ["a row"] = function(x) return users:insert(x) end,
    ["a row of a list"] = function(x) return users:insert { x } end,
    ["a cte to attach"] = function(x) return users:with(x) end,
    ["a scope"] = function(x) return users:scope(x) end,
    ["a member of a union"] = function(x) return users:union(x) end,
    ["a step of a recursion"] = function(x) return q.recursive("c", users:select "id", x):all() end,
  }

  for name, fn in pairs(WORDS) do
    it("is refused as " .. name, function() assert.are.equal(0, try(name, fn)) end)
  end

  --- Where a value may stand: it comes back as it is.
  local VALUES = {
    ["eq"] = function(x) return users:where(users.email:eq(x)) end,
    ["ne, lt, le, gt and ge"] = function(x)
      local e = users.email
      return users:where(e:ne(x), e:lt(x), e:le(x), e:gt(x), e:ge(x))
    end,
    ["between"] = function(x) return users:where(users.email:between(x, x)) end,
    ["in_ and not_in"] = function(x) return users:where(users.email:in_ { x, "y" }, users.email:not_in { x }) end,
    ["any and all"] = function(x) return users:where(users.email:any("like", { x }), users.email:all("<", { x })) end,
    ["op"] = function(x) return users:where(users.email:op("~", x, "bool")) end,
    ["patterns"] = function(x)
      local e = users.email
      return users:where(e:like(x), e:not_like(x), e:ilike(x), e:not_ilike(x), e:matches(x), e:imatches(x),
        e:starts_with(x))
    end,
    ["is_distinct_from"] = function(x) return users:where(users.email:is_distinct_from(x)) end,
    ["where's table"] = function(x) return users:where { email = x, tags = { x } } end,
    ["where's list"] = function(x) return users:where { email = { x } } end,
    ["a key of JSON"] = function(x) return users:where(users.data:get(x, 1, x):text(x):eq(x)) end,
    ["keys of JSON"] = function(x)
      return users:where(users.data:has_key(x), users.data:has_any_key { x }, users.data:has_all_keys { x })
    end,
    ["a document"] = function(x)
      return users:where(users.data:contains { [x] = { x } }, users.data:contained_in { [x] = 1 })
    end,
    ["an array"] = function(x) return users:where(users.tags:contains { x }, users.tags:has(x),
      users.tags:overlaps { x }) end,
    ["what is joined"] = function(x) return users:select((users.email .. x):as "e", (x .. users.email):as "f") end,
    ["an argument"] = function(x) return users:select(q.fn.replace(users.email, x, x):as "e", q.fn.concat(x,
      1):as "f") end,
    ["an argument of a word"] = function(x) return users:select(q.fn.coalesce(users.email, x):as "e") end,
    ["case"] = function(x)
      return users:select(q.case(users.email:eq(x), x):when(users.id:eq(1), x):otherwise(x):as "e")
    end,
    ["mp.value"] = function(x) return q.select(value(x):as "a", value(x, "text"):as "b",
      value(x):cast "text":as "c") end,
    ["a fragment's value"] = function(x) return q.sql "select $x::text as a, $y::jsonb as b" { x = x,
      y = { [x] = x } } end,
    ["insert"] = function(x) return users:insert { id = 1, email = x, tags = { x }, data = { [x] = x } } end,
    ["insert of rows"] = function(x) return users:insert { { id = 1, email = x }, { id = 2, email = x .. x } } end,
    ["insert of uneven rows"] = function(x) return users:insert { { id = 1, email = x }, { id = 2, email = x,
      tags = { x } } } end,
    ["update"] = function(x) return users:update { email = x, tags = { x }, raw = x }:where { email = x } end,
    ["do_update"] = function(x)
      return users:insert { id = 1, email = x }:on_conflict "id":do_update({ email = x }, users.email:ne(x))
    end,
    ["mp.rows"] = function(x) return q.rows("r", { "a text", "b text" }, { { a = x, b = mp.null } }):all() end,
    ["after"] = function(x) return users:order(users.email, users.id):after { email = x, id = 1 } end,
    ["a moment"] = function(x) return users:where(users.at:lt(x)) end,
    ["a range"] = function(x) return users:where(users.span:eq(x)) end,
    ["bytes"] = function(x) return users:where(users.raw:eq(x)) end,
  }

  for name, fn in pairs(VALUES) do
    it("is a parameter in " .. name, function()
      assert.are.equal(#HOSTILE, try(name, fn))
    end)
  end

  it("comes back from the server as it was sent", function()
    local kept = {}
    for _, hostile in ipairs(HOSTILE) do
      if not hostile:find "\0" and utf8.len(hostile) then kept[#kept + 1] = hostile end
    end
    db:transaction(function(tx)
      local rows = {}
      for i, text in ipairs(kept) do rows[i] = { id = i, email = text, tags = { text }, data = { [text] = text },
        raw = text } end
      tx:exec(users:insert(rows))
      for i, text in ipairs(kept) do
        local row = tx:one(users:where { email = text })
        assert.are.same({ i, text, text, text, text }, { row.id, row.email, row.tags[1], row.data[text], row.raw })
        assert.are.equal(i, tx:value(users:where { email = { text } }:select "id"))
        assert.are.equal(i, tx:value(users:where(users.data:text(text):eq(text)):select "id"))
        assert.are.equal(i, tx:value(users:where(users.data:has_key(text)):select "id"))
        assert.are.equal(i, tx:value(users:where(users.tags:has(text)):select "id"))
        assert.are.equal(text, tx:value(q.select(value(text):as "x")))
        assert.are.equal(text, tx:value(q.sql "select $x::text" { x = text }))
        assert.are.equal(text, tx:value(q.select(q.param("p", "text"):as "x"), { p = text }))
        assert.are.equal(text, tx:value(users:update { tags = { text } }
          :where { id = i }:returning(users.tags:at(1):as "t")))
        assert.are.equal(1, tx:exec(users:delete():where { email = text }))
      end
    end)
    for _, text in ipairs { MARK .. "\0x", MARK .. "\xff" } do
      local ok, err = pcall(db.query, db, users:where { email = text })
      assert(not ok and mp.is_error(err))
    end
  end)

  it("is refused as a name of mp.param's value", function()
    local query = users:where { id = q.param "id" }
    for _, hostile in ipairs(HOSTILE) do
      local ok, err = pcall(db.query, db, query, { [hostile] = 1 })
      assert.are.same({ false, "usage" }, { ok, err.kind })
      assert(not err.message:find "%c", err.message)
    end
  end)

  it("can be the real name of anything", function()
    local names = {}
    for _, hostile in ipairs(HOSTILE) do
      if #hostile <= 63 and not hostile:find "\0" and utf8.len(hostile) and not names[hostile] then
        names[#names + 1], names[hostile] = hostile, true
      end
    end
    for _, word in ipairs { "select", "where", "c", "r", "_source", "excluded", "tables", "enums", "user", "order",
      "all" } do
      names[#names + 1] = word
    end
    local ident = core.quote_identifier
    local function literal(text) return "e'" .. text:gsub("[\\']", "\\%0") .. "'" end
    for i, name in ipairs(names) do
      local schema_name = i % 2 == 0 and name or "public"
      local id, other, inside = ident(name), ident(names[i % #names + 1]), ident(schema_name) .. "."
      if schema_name ~= "public" then db:script("create schema " .. id) end
      -- A type may not have the name of a table, nor may an array's type.
      db:script((([[
        create type @"its kind" as enum ('x', $label);
        create domain @"its ""text" as text not null default 'd';
        create table @$id ($id int primary key, $other text, kind @"its kind" not null, kinds @"its kind"[],
          told @"its ""text");
        create table @refers (id int references @$id ($id));
      ]]):gsub("@", function() return inside end):gsub("%$(%a+)", { label = literal(name), id = id, other = other })))
      local schema = described(db, schema_name)
      db:transaction(function(tx)
        local one, theirs = schema.tables[name], names[i % #names + 1]
        local key, text = one.c[name], one.c[theirs]
        assert.are.equal(2, tx:exec(one:insert {
          { [name] = 1, [theirs] = name, kind = name, kinds = { name, "x" }, told = name },
          { [name] = 2, [theirs] = "b", kind = "x", kinds = mp.null, told = "t" },
        }))
        assert.are.equal(1, tx:exec(one:insert { [name] = 3, [theirs] = "third", kind = name, kinds = {}, told = "t" }))
        assert.are.equal(1, tx:value(one:where { [theirs] = name, kind = name }:select(key)))
        assert.are.equal(2, tx:value(one:where { kind = { name } }:count()))
        assert.are.equal(1, tx:value(one:where(one.c.kinds:contains { name }):order(key:desc()):select(name)))
        assert.are.equal(1, tx:exec(one:update { [theirs] = text .. "!", kind = name }:where(key:eq(2),
          one.c.told:in_ { "t" })))
        assert.are.equal("b!", tx:value(one:where { [name] = 2 }:select(text)))
        if name == "excluded" then
          local met = one:insert { [name] = 9, kind = "x", told = "y" }:on_conflict(name)
          assert_raises("usage", "excluded is what do_update calls the row.*\nhint: insert into excluded:as",
            met.do_update,
            met, theirs)
          one = one:as "one"
          key, text = one.c[name], one.c[theirs]
        end
        local conflict = one:insert { [name] = 2, [theirs] = "new", kind = "x", told = "y" }:on_conflict(name)
        assert.are.equal("new", tx:value(conflict:do_update(theirs):returning(theirs)))
        assert.are.equal(1, tx:exec(conflict:do_update({ [theirs] = text .. one.excluded.c[theirs] }, key:gt(1))))
        local refers = schema.tables.refers
        tx:exec(refers:insert { { id = 1 }, { id = 3 } })
        assert.are.equal(2, tx:value(refers:join(one):count()))
        local o = one:as(name:sub(1, 20):gsub("[\x80-\xff]", "") .. "2")
        assert.are.equal(1, tx:value(refers:join(o, o.c[name]:eq(refers.id)):where(o.c[name]:gt(1)):count()))
        local c = q.cte(name, one:select(key, text))
        assert.are.equal(3, tx:value(c:count()))
        local rows = q.rows(name == "r" and "x" or "r", { "k int4", "t text" }, { { k = 1, t = "z" } })
        assert.are.equal("z", tx:value(one:update { [theirs] = rows.t }
          :from(rows):where(key:eq(rows.k)):returning(text)))
        assert.are.equal(3, tx:value(q.sql "select count(*) from $t" { t = one }))
        tx:exec(refers:delete():everywhere())
        assert.are.equal(3, tx:exec(one:delete():where(key:gt(0))))
      end)
      db:script(("drop table @refers, @" .. id .. [[; drop type @"its kind"; drop domain @"its ""text"]]):gsub("@",
        function() return inside end))
    end
  end)
end)
