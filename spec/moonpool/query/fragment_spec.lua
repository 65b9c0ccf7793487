--- mp.sql: SQL by hand, alone and within the builder's statements.

local mp = require "moonpool"
local q = require "moonpool.query"
local assert_raises = require "spec.support.assert_raises"
local cluster = require "spec.support.cluster"
local described = require "spec.support.described"

local sql = q.sql

describe("a fragment", function()
  local db, users, far

  lazy_setup(function()
    db = mp.connect { url = cluster.database(), max_size = 1 }
    db:script [[
      create table users (id int primary key, email text not null, age int);
      insert into users values (1, 'a@x', 10), (2, 'b@x', 20), (3, 'c@x', 30);
      create schema far;
      create table far.users (id int primary key, email text);
      insert into far.users values (2, 'far');
    ]]
    users, far = described(db).users, described(db, "far").users
  end)

  lazy_teardown(function() db:close() end)

  --- The statement prints as this text with these parameters; the server takes it, and gives these values of the first
  --- column.
  local function gives(expected, statement, text, ...)
    local printed, values = statement:to_sql()
    assert.are.equal(text, printed)
    assert.are.same({ ... }, values)
    local list = {}
    for i, row in ipairs(db:with({ rows = "arrays" }):query(statement)) do list[i] = row[1] end
    assert.are.same(expected, list)
  end

  describe("as a text", function()
    for text, message in pairs {
      [""] = "the fragment is empty; expected SQL",
      [" \n\t"] = "the fragment is empty; expected SQL",
      ["select 1;"] = "the fragment has a semicolon.*\nhint: leave it out",
      ["true; drop table users"] = "the fragment has a semicolon",
      ["(select 1"] = "the fragment has a parenthesis that is never closed",
      ["1) or (1 = 1"] = "the fragment has a parenthesis that was never opened",
      ["name = 'x"] = "the fragment has a string that is never closed",
      ["name = e'\\'"] = "the fragment has a string that is never closed",
      ['"name'] = "the fragment has a quoted name that is never closed",
      ["$$ x"] = "the fragment has a dollar%-quoted string that is never closed",
      ["$a$ x $b$"] = "the fragment has a dollar%-quoted string that is never closed",
      ["1 /* x"] = "the fragment has a comment that is never closed",
      ["1 /* /* x */"] = "the fragment has a comment that is never closed",
      ["age = $1"] = "the fragment has a parameter by position.*\nhint: give it a name: %$name",
      ["a\0b"] = "the fragment has a NUL byte",
    } do
      it(("is refused when it would reach out of its place: %q"):format(text), function()
        assert_raises("usage", message, sql, text)
        assert_raises("usage", message, q.from_sql, "t", text, { "a int4" })
      end)
    end

    it("is a string", function()
      for _, value in ipairs { 5, true, users, users.id, {}, mp.null } do
        assert_raises("usage", "the argument of mp.sql is a .*; expected a string", sql, value)
      end
      assert_raises("usage", "the argument of mp.sql is a nil", sql)
    end)

    it("may have all that looks like names and ends in strings, quoted names and comments", function()
      gives({ "$x;" }, sql [[select '$x;' as "$y)" /* $z ( ; */ -- ' $w]],
        [[select '$x;' as "$y)" /* $z ( ; */ -- ' $w]] .. "\n")
      gives({ "$z;" }, sql "select $$$z;$$", "select $$$z;$$")
      gives({ "a'b" }, sql [[select e'a\'b']], [[select e'a\'b']])
    end)
  end)

  describe("'s names", function()
    it("are bound to values, one parameter each, however often they stand there", function()
      gives({ 7 }, sql "select $a::int + $b::int + $a::int" { a = 2, b = 3 }, "select $1::int + $2::int + $1::int", 2,
        3)
      gives({ 2 }, sql "select id from users where id = any($ids) and age > $age" { ids = { 1, 2 }, age = 15 },
        "select id from users where id = any($1) and age > $2", { 1, 2 }, 15)
      gives({ "x" }, sql "select $d::jsonb ->> 'a'" { d = { a = "x" } }, "select $1::jsonb ->> 'a'", { a = "x" })
      gives({ true }, sql "select $v::int is null" { v = mp.null }, "select $1::int is null", mp.null)
      gives({ false }, sql "select $v::bool" { v = false }, "select $1::bool", false)
    end)

    it("are bound to columns and expressions, in parentheses where they need some", function()
      gives({ 2 }, users:select(users.id):where(sql "$e = $v and upper($c) = 'B@X'"
        { e = users.age + 1, c = users.email, v = q.value(21) }), 'select "users"."id" from "users" where '
        .. '("users"."age" + $1) = $2::int8 and upper("users"."email") = \'B@X\'', 1, 21)
      gives({ 1 }, users:select(users.id):where(sql "not $c" { c = users.id:gt(1) }),
        'select "users"."id" from "users" where not ("users"."id" > $1)', 1)
    end)

    it("are bound to columns of what the fragment itself reads", function()
      gives({ "a@x" }, sql "select $c from users where $i = 1" { c = users.email, i = users.id },
        'select "users"."email" from users where "users"."id" = 1')
      gives({ 2 }, users:select(users.id):where(sql "exists (select 1 from $t where $a = $b)"
        { t = far:as "o", a = far:as("o").id, b = users.id }), 'select "users"."id" from "users" where '
        .. 'exists (select 1 from "far"."users" as "o" where "o"."id" = "users"."id")')
    end)

    it("cannot be columns of a table that is not part of the query", function()
      assert_raises("usage", "o.id: o is not part of this query\nhint: it reads from users; join it: :join%(o%)",
        function() return users:where(sql "$c = 1" { c = far:as("o").id }):to_sql() end)
    end)

    it("are bound to queries, in parentheses wherever they stand", function()
      local ages = users:select(users.age):where(users.age:gt(15))
      local text = 'select "users"."age" from "users" where "users"."age" > $1'
      gives({ 2, 3 }, users:select(users.id):where(sql "age in $q" { q = ages }):order "id",
        ('select "users"."id" from "users" where age in (%s) order by "users"."id"'):format(text), 15)
      gives({ 2, 3 }, users:select(users.id):where(sql "age in ($q)" { q = ages }):order "id",
        ('select "users"."id" from "users" where age in ((%s)) order by "users"."id"'):format(text), 15)
      for expected, given in pairs {
        ["[true]"] = sql "select exists($q)" { q = ages }, ["[[20,30]]"] = sql "select array( $q )" { q = ages },
        ["[20]"] = sql "select abs($q)" { q = ages:order "age":limit(1) }, ["[50]"] = sql "select sum(age) from ($q) q"
          { q = ages },
        ["[2]"] = sql "with q as ($q) select count(*) from q" { q = ages }, ["[false]"] = sql "select 1 = any ($q)"
          { q = ages },
        ["[30]"] = sql "select max(age) from $q as q" { q = ages },
          ["[20,30]"] = sql "$q union ($q) order by 1" { q = ages },
        ["[10]"] = sql "select coalesce( -- (\n $q)" { q = users:select "age":order "age":limit(1) },
      } do
        local list = {}
        for i, row in ipairs(db:with({ rows = "arrays" }):query(given)) do list[i] = row[1] end
        assert.are.equal(expected, mp.json.encode(list))
      end
    end)

    it("are bound to changes of data in WITH", cluster.rolled_back(function() return db end, function(tx)
      local change = sql "with gone as ($d) select id from gone" { d = users:delete():where { id = 1 }:returning() }
      assert.are.equal(1, tx:value(change))
      assert.are.equal(2, tx:value(users:count()))
    end))

    it("are bound to tables: what FROM says, or the name before a point and where it is read already", function()
      gives({ "far" }, sql "select $t.email from $t where $t.id = $id" { t = far, id = 2 },
        'select "users".email from "far"."users" as "users" where "users".id = $1', 2)
      gives({ "far" }, sql "select u.email from $t as u" { t = far }, 'select u.email from "far"."users" as u')
      gives({ 1 }, sql "select count(*)::int from $t" { t = far:as "o" },
        'select count(*)::int from "far"."users" as "o"')
      gives({ 1, 2 }, users:select(users.id)
        :where(sql "exists (select from $t as o where o.id = $t.id + 1)" { t = users })
        :order "id",
          'select "users"."id" from "users" where exists (select from "users" as o where o.id = "users".id + 1) '
        .. 'order by "users"."id"')
      gives({ 3 }, sql "select max(id) from $t" { t = users:where(users.id:gt(1)):as "some" }, 'select max(id) from '
        .. '(select "users"."id", "users"."email", "users"."age" from "users" where "users"."id" > $1) as "some"', 1)
      gives({ 6 }, sql "select sum(a)::int from $t" { t = q.rows("r", { "a int4" }, { { a = 2 }, { a = 4 } }) },
        'select sum(a)::int from unnest($1::int4[]) as "r"("a")', mp.array { 2, 4 })
      gives({ 3 }, sql "select count(*)::int from $t" { t = q.cte("c", users:all()) },
        'with "c" as (select "users"."id", '
        .. '"users"."email", "users"."age" from "users") select count(*)::int from "c"')
    end)

    it("are bound to other fragments", function()
      local either = sql "$a or $b" { a = sql "id = $x -- one" { x = 1 }, b = sql "id = $x" { x = 3 } }
      gives({ 1, 3 }, users:select(users.id):where(either, users.age:gt(5)):order "id",
        'select "users"."id" from "users" '
        .. 'where ((id = $1 -- one\n) or (id = $2)) and "users"."age" > $3 order by "users"."id"', 1, 3, 5)
    end)

    it("are bound one after the other, and again", function()
      local sum = sql "select $a::int - $b::int"
      local first = sum { a = 5 }
      gives({ 4 }, first { b = 1 }, "select $1::int - $2::int", 5, 1)
      gives({ 3 }, first { b = 2 }, "select $1::int - $2::int", 5, 2)
      gives({ 9 }, first { a = 10, b = 1 }, "select $1::int - $2::int", 10, 1)
      assert.are.equal(-1, db:value(sum, { a = 1, b = 2 }))
      assert.are.equal(3, db:value(first, { b = 2 }))
    end)

    it("that are not bound are parameters, given when the statement is run", function()
      assert.are.equal(6, db:value(sql "select $n::int", { n = 6 }))
      local some = users:select(users.id):where(sql "id = $id or age = $age" { age = 20 }, users.age:ge(q.param "id"))
      local text, values = some:to_sql()
      assert.are.equal('select "users"."id" from "users" where (id = $1 or age = $2) and "users"."age" >= $1', text)
      assert.are.equal(20, values[2])
      assert.are.equal(2, db:query(some, { id = 3 }).count)
      assert_raises("usage", 'parameter "id" is absent\nhint: for NULL write id = mp.null', db.query, db, some, {})
      assert_raises("usage", 'the query has no parameter "di"', db.query, db, some, { id = 1, di = 2 })
      assert_raises("usage", "the query has parameters and needs one table", db.query, db, some)
    end)

    it("are refused when they are not there, or bound to what is no value", function()
      local named = sql "select $name::text"
      assert_raises("usage", 'the fragment has no parameter "nmae"\nhint: did you mean name', named, { nmae = "x" })
      assert_raises("usage", "the fragment has no parameter a number", named, { "x" })
      assert_raises("usage", 'parameter "name" of the fragment is a function', named, { name = print })
      assert_raises("usage", 'parameter "name" of the fragment is a thread', named,
        { name = coroutine.create(function() end) })
      for _, values in ipairs { 5, "x", users, users.id, mp.null, mp.array {} } do
        assert_raises("usage", "a fragment is called with a .*; expected { name = value }", named, values)
      end
      assert_raises("usage", "a fragment is called with a nil", named)
      assert_raises("usage", "users.id is no function", users.id, { name = "x" })
      assert_raises("usage", "the expression is no function", users.id + 1, { name = "x" })
    end)
  end)

  it("may end with a comment, in each place of a statement", function()
    local o = users:as "o"
    local one = sql "age = 10 or age = 20 -- c"
    for name, statement in pairs {
      where = users:where(one, one), ["not"] = users:where(~one), order = users:order(sql "age -- c", "id"),
      desc = users:order(sql "age -- c":desc():nulls_last()), select = users:select(sql "age -- c":as "a", "id"),
      raw = users:select(sql "age as a -- c", "id"), join = users:join(o, sql "o.id = users.id -- c"),
      group = users:group_by(sql "age -- c"):having(sql "true -- c"):select(sql "age -- c":as "a"),
      call = users:select(q.fn.lower(sql "email -- c"):as "e"), distinct_on = users:distinct_on(sql "age -- c"),
      filter = users:select(q.fn.count(sql "1 -- c"):filter(one):as "n"),
      over = users:select(q.fn.count():over { partition_by = sql "age -- c",
        order_by = { sql "id desc -- c" } }:as "n"),
      compared = users:where(sql "age -- c":eq(sql "10 -- c")), list = users:where(sql "age -- c":in_ { 10 }),
      between = users:where(users.age:between(sql "1 -- c", sql "20 -- c")),
      cast = users:select(sql "age -- c":cast "text":as "t"), joined = users:select((sql "email -- c" .. "x"):as "x"),
      case = users:select(q.case(one, sql "'a' -- c"):when(one, "b"):otherwise(sql "'z' -- c"):as "t"),
      values = users:insert { { id = 9, email = sql "'x' -- c" }, { id = 10, email = "y" } },
      update = users:update { age = sql "age + 1 -- c", email = "x" }:where(one):returning(sql "age -- c":as "a", "id"),
      conflict = users:insert { id = 1, email = "x" }:on_conflict "id"
        :do_update({ age = sql "excluded.id -- c", email = "z" },
          sql "users.age > 1 -- c"):returning(sql "1 -- c":as "o"),
      index = users:insert { id = 1, email = "x" }:on_conflict("id", { where = sql "true -- c" }):do_nothing(),
      delete = users:delete():using(o):where(sql "o.id = users.id -- c",
        sql "o.age = 1 or true -- c"):returning(sql "1 -- c"),
      cte = q.cte("c", users:where(one)):all(), union = users:where(one):union(users:where(one)):order "id":limit(1),
      exists = users:where(o:where(one):exists()), from_sql = q.from_sql("t", "select 1 -- c", { "a int4" }):all(),
      bound = users:where(sql "$a and $b" { a = one, b = one }), paged = users:where(one):order "id":limit(1):offset(1),
      locked = users:where(one):for_update(), op = users:where(users.age:op("+", sql "1 -- c"):gt(sql "1 -- c")),
    } do
      local text = statement:to_sql()
      assert.matches("%-%- c", text, nil, name)
      local ok, err = pcall(function()
        db:transaction(function(tx)
          tx:query(statement)
          error "undone"
        end)
      end)
      assert(not ok and tostring(err):find "undone", name .. ": " .. tostring(err) .. "\n" .. text)
    end
  end)

  it("keeps what is around it apart from its and and or", function()
    gives({ 1 }, users:select(users.id):where(sql "age = 10 or age = 20", sql "id = 1 or id = 3"),
      'select "users"."id" from "users" where (age = 10 or age = 20) and (id = 1 or id = 3)')
    gives({ 3 }, users:select(users.id):where(~sql "age = 10 or age = 20"),
      'select "users"."id" from "users" where not (age = 10 or age = 20)')
    gives({ 1 }, users:select(users.id):where { id = 1 }:where(sql "age = 10 or true"),
      'select "users"."id" from "users" where "users"."id" = $1 and (age = 10 or true)', 1)
    gives({ 1 }, users:select(users.id):where { email = sql "lower('A@X')" },
      'select "users"."id" from "users" where "users"."email" = (lower(\'A@X\'))')
  end)

  describe("as a statement", function()
    it("is run by each of the five verbs", cluster.rolled_back(function() return db end, function(tx)
      local some = sql "select id, email from users where id >= $id order by id" { id = 2 }
      assert.are.equal(2, tx:query(some).count)
      assert.are.same({ id = 2, email = "b@x" }, tx:first(some))
      assert.are.same({ id = 3, email = "c@x" }, tx:one(sql "select id, email from users where id = 3"))
      assert.are.equal(3, tx:value(sql "select count(*) from users"))
      assert.are.equal(2, tx:exec(sql "update users set age = $age where id > 1" { age = 5 }))
      assert.are.equal(2, tx:exec(some))
      assert.are.equal("rows", select(2, pcall(tx.one, tx, some)).kind)
    end))

    it("does not begin or end a transaction on a pool", function()
      for _, text in ipairs { "begin", "commit", "rollback", "/* x */ begin", "start transaction" } do
        assert_raises("usage", "a transaction cannot be begun or ended on the pool", db.exec, db, sql(text))
      end
      assert.are.equal(1, db:value "select 1")
    end)

    it("tells the server's errors with the script's line", function()
      local err = select(2, pcall(db.query, db, sql "select colour from users"))
      assert.are.same({ "42703", true }, { err.sqlstate, err.where:find "fragment_spec.lua" ~= nil })
    end)
  end)

  describe("as a table", function()
    it("has the columns that it was given, by their order", function()
      local t = q.from_sql("t", sql "select id, age from users where age > $age -- c" { age = 10 },
        { "key int4", "years int4" })
      gives({ 3 }, t:where(t.years:gt(25)):select(t.key),
        'select "t"."key" from (select id, age from users where age > $1 '
        .. '-- c\n) as "t"("key", "years") where "t"."years" > $2', 10, 25)
      gives({ 2 }, t:count(), 'select count(*) from (select id, age from users where age > $1 -- c\n) as '
        .. '"t"("key", "years")', 10)
      assert_raises("usage", 't has no column "yaers"\nhint: did you mean years', function() return t.yaers end)
      assert_raises("usage", 't.years is int4, which "x" does not fit', function() return t.years:eq "x" end)
    end)

    it("is joined, read under another name, and given its parameters when it is run", function()
      local t = q.from_sql("t", "select id, age from users where age > $age", { "key int4", "years" })
      local o = t:as "o"
      local joined = users:join(t, t.key:eq(users.id)):join(o, o.key:eq(t.key + 1)):select(users.id)
      assert.are.equal(2, db:value(joined, { age = 10 }))
      assert.are.equal(2, db:query(users:where(users.id:in_(t:select(t.key))), { age = 15 }).count)
    end)

    it("may use the columns before it when it is joined laterally", function()
      local t = q.from_sql("t", sql "select $c * 2" { c = users.id }, { "twice int4" })
      gives({ 2, 4, 6 }, users:join_lateral(t):select(t.twice):order(t.twice),
        'select "t"."twice" from "users" cross join '
        .. 'lateral (select "users"."id" * 2) as "t"("twice") order by "t"."twice"')
    end)

    it("is refused without columns, with twins, or of what is no fragment", function()
      assert_raises("usage", "the columns of the fragment are a list without elements", q.from_sql, "t", "select 1", {})
      assert_raises("usage", "the columns of the fragment are a nil", q.from_sql, "t", "select 1")
      assert_raises("usage", 'the fragment has two columns "a"', q.from_sql, "t", "select 1", { "a int4", "a text" })
      assert_raises("usage", "the column is a number; expected its name and type", q.from_sql, "t", "select 1", { 5 })
      for _, value in ipairs { users, users.id, users:all(), 5 } do
        assert_raises("usage", "the second argument of from_sql is a .*; expected mp.sql", q.from_sql, "t", value,
          { "a int4" })
      end
      assert_raises("usage", "the alias is empty", q.from_sql, "", "select 1", { "a int4" })
    end)
  end)
end)
