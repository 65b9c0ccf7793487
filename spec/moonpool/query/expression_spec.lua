--- Expressions of the query builder: how each is printed, what the server makes of it, and what is refused.

local mp = require "moonpool"
local forum = require "spec.support.forum"
local refuses = require "spec.support.refuses"
local renders = require "spec.support.renders"

local null = mp.null

describe("an expression", function()
  local db, users, posts, comments

  setup(function()
    local schema
    db, schema = forum.open()
    users, posts, comments = schema.users, schema.posts, schema.comments
  end)

  teardown(function() db:close() end)

  local START = 'select "users"."id" from "users" where '

  --- How many users the condition chooses.
  local function count(condition, text, ...)
    return #renders(db, users:select(users.id):where(condition), START .. text, ...)
  end

  --- What the first user's expression is.
  local function value(expression, text, ...)
    local query = users:select(expression:as "x"):where(users.id:eq(1))
    local values = table.pack(...)
    values.n = values.n + 1
    values[values.n] = 1
    local rows = renders(db, query, ('select %s as "x" from "users" where "users"."id" = $%d'):format(text, values.n),
      table.unpack(values, 1, values.n))
    return rows[1].x
  end

  describe("that compares", function()
    it("has a method for each operator", function()
      assert.equal(1, count(users.id:eq(3), '"users"."id" = $1', 3))
      assert.equal(11, count(users.id:ne(3), '"users"."id" <> $1', 3))
      assert.equal(2, count(users.id:lt(3), '"users"."id" < $1', 3))
      assert.equal(3, count(users.id:le(3), '"users"."id" <= $1', 3))
      assert.equal(9, count(users.id:gt(3), '"users"."id" > $1', 3))
      assert.equal(10, count(users.id:ge(3), '"users"."id" >= $1', 3))
      assert.equal(2, count(users.id:between(3, 4), '"users"."id" between $1 and $2', 3, 4))
    end)

    it("takes columns, queries and functions as the other side", function()
      assert.equal(11, count(users.id:ge(users.manager_id), '"users"."id" >= "users"."manager_id"'))
      assert.equal(1, count(users.id:eq(posts:select(mp.fn.max(posts.user_id))),
        '"users"."id" = (select max("posts"."user_id") from "posts")'))
      assert.equal(12, count(users.name:eq(mp.fn.lower(users.name)), '"users"."name" = lower("users"."name")'))
    end)

    it("asks for NULL by methods of its own", function()
      assert.equal(4, count(users.email:is_null(), '"users"."email" is null'))
      assert.equal(8, count(users.email:is_not_null(), '"users"."email" is not null'))
      assert.equal(10, count(users.active:is_true(), '"users"."active" is true'))
      assert.equal(2, count(users.active:is_false(), '"users"."active" is false'))
      assert.equal(8, count(users.email:is_distinct_from(null), '"users"."email" is distinct from null'))
      assert.equal(4, count(users.email:is_not_distinct_from(null), '"users"."email" is not distinct from null'))
      assert.equal(11, count(users.email:is_distinct_from "u1@example.org", '"users"."email" is distinct from $1',
        "u1@example.org"))
      assert.equal(7, count(users.email:ne "u1@example.org", '"users"."email" <> $1', "u1@example.org"))
    end)

    it("takes a list as one parameter", function()
      assert.equal(2, count(users.id:in_ { 1, 2 }, '"users"."id" = any ($1)', { 1, 2 }))
      assert.equal(0, count(users.id:in_ {}, '"users"."id" = any ($1)', {}))
      assert.equal(12, count(users.id:not_in {}, '"users"."id" <> all ($1)', {}))
      assert.equal(10, count(users.id:not_in { 1, 2 }, '"users"."id" <> all ($1)', { 1, 2 }))
      assert.equal(8, count(users.mood:in_ { "sad", "calm" }, '"users"."mood" = any ($1)', { "sad", "calm" }))
      assert.equal(12, count(users.id:any("<", { 5, 100 }), '"users"."id" < any ($1)', { 5, 100 }))
      assert.equal(4, count(users.id:all("<", { 5, 100 }), '"users"."id" < all ($1)', { 5, 100 }))
      assert.equal(1, count(users.name:any("like", { "user 12", "x%" }), '"users"."name" like any ($1)',
        { "user 12", "x%" }))
    end)

    it("takes a query as a list", function()
      local managers = users:as "managers"
      local ids = managers:select(managers.manager_id)
      assert.equal(6, count(users.id:in_(ids),
        '"users"."id" = any (select "managers"."manager_id" from "users" as "managers")'))
    end)

    it("has SQL's logic of three values: NOT IN of a query with a NULL gives nothing", function()
      local managers = users:as "managers"
      local ids = managers:select(managers.manager_id)
      assert.equal(0, count(users.id:not_in(ids),
        '"users"."id" <> all (select "managers"."manager_id" from "users" as "managers")'))
      assert.equal(6, count(users.id:not_in(ids:where(managers.manager_id:is_not_null())),
        '"users"."id" <> all (select "managers"."manager_id" from "users" as "managers" '
        .. 'where "managers"."manager_id" is not null)'))
    end)

    it("takes an array's column as a list", function()
      assert.equal(8, count(mp.value("t1", "text"):in_(users.tags), '$1::text = any ("users"."tags")', "t1"))
    end)
  end)

  describe("of conditions", function()
    local a, b, c

    setup(function()
      a, b, c = users.id:eq(1), users.id:eq(2), users.active:is_true()
    end)

    it("keeps the tree of and, or and not", function()
      assert.equal(2, count(a | b, '"users"."id" = $1 or "users"."id" = $2', 1, 2))
      assert.equal(2, count((a | b) & c, '("users"."id" = $1 or "users"."id" = $2) and "users"."active" is true', 1, 2))
      assert.equal(2, count(a | b & c, '"users"."id" = $1 or ("users"."id" = $2 and "users"."active" is true)', 1, 2))
      assert.equal(0, count(a & b & c, '"users"."id" = $1 and "users"."id" = $2 and "users"."active" is true', 1, 2))
      assert.equal(10, count(~(a | b), 'not ("users"."id" = $1 or "users"."id" = $2)', 1, 2))
      assert.equal(11, count(~a & ~b | b, '(not ("users"."id" = $1) and not ("users"."id" = $2)) or "users"."id" = $2',
        1, 2))
      assert.equal(2, count((a | b):is_true(), '("users"."id" = $1 or "users"."id" = $2) is true', 1, 2))
    end)

    it("keeps fragments together", function()
      assert.equal(1, count(a & mp.sql "true or false", '"users"."id" = $1 and (true or false)', 1))
      assert.equal(1, count(~mp.sql "id > 1 or false", "not (id > 1 or false)"))
    end)

    it("has a boolean column as a condition", function()
      assert.equal(10, count(users.active, '"users"."active"'))
      assert.equal(2, count(~users.active, 'not ("users"."active")'))
    end)
  end)

  describe("of numbers and moments", function()
    it("computes with Lua's operators", function()
      assert.equal(22, value(users.age + 1, '("users"."age" + $1)', 1))
      assert.equal(-20, value(1 - users.age, '($1 - "users"."age")', 1))
      assert.equal(42, value(users.age * 2, '("users"."age" * $1)', 2))
      assert.equal(10, value(users.age / 2, '("users"."age" / $1)', 2))
      assert.equal(1, value(users.age % 2, '("users"."age" % $1)', 2))
      assert.equal(10.5, value(users.age / 2.0, '("users"."age" / $1::float8)', 2.0))
      assert.equal(441.0, value(users.age ^ 2, '("users"."age" ^ $1)', 2))
      assert.equal(-21, value(-users.age, '(-"users"."age")'))
      assert.equal(21, value(-(-users.age), '(-(-"users"."age"))'))
      assert.equal(43, value((users.age + 1) * 2 - 1, '((("users"."age" + $1) * $2) - $3)', 1, 2, 1))
    end)

    it("tells the server what is added to a date", function()
      assert.equal("2000-01-09", tostring(value(users.born + 7, '("users"."born" + $1::int4)', 7)))
      local day = mp.interval "1 day"
      assert.equal("2000-01-01T00:00:00", tostring(value(users.born - day, '("users"."born" - $1::interval)', day)))
      assert.equal("2000-02-02T00:00:00",
        tostring(value(users.born + "1 month", '("users"."born" + $1::interval)', "1 month")))
      assert.equal(3, count((users.joined - day):lt(mp.timestamp "2024-01-01T00:00:00Z"),
        '("users"."joined" - $1::interval) < $2', day, mp.timestamp "2024-01-01T00:00:00Z"))
    end)

    it("takes NULL into account", function()
      assert.equal(1, count((users.manager_id + 1):is_null(), '("users"."manager_id" + $1) is null', 1))
    end)
  end)

  describe("of texts", function()
    it("matches patterns", function()
      assert.equal(4, count(users.name:like "user 1%", '"users"."name" like $1', "user 1%"))
      assert.equal(8, count(users.name:not_like "user 1%", '"users"."name" not like $1', "user 1%"))
      assert.equal(4, count(users.name:ilike "USER 1%", '"users"."name" ilike $1', "USER 1%"))
      assert.equal(8, count(users.name:not_ilike "USER 1%", '"users"."name" not ilike $1', "USER 1%"))
      assert.equal(3, count(users.name:matches "1[0-2]$", '"users"."name" ~ $1', "1[0-2]$"))
      assert.equal(12, count(users.name:imatches "^USER", '"users"."name" ~* $1', "^USER"))
      assert.equal(12, count(users.name:starts_with "user", '"users"."name" ^@ $1', "user"))
    end)

    it("joins what it is joined with as a text", function()
      assert.equal("user 1!", value(users.name .. "!", '("users"."name" || $1::text)', "!"))
      assert.equal("<user 1", value("<" .. users.name, '($1::text || "users"."name")', "<"))
      assert.equal("user 17", value(users.name .. 7, '("users"."name" || $1::text)', "7"))
      assert.equal("21 years", value(users.age .. " years", '("users"."age" || $1::text)', " years"))
      assert.equal(2, count((users.age .. "y"):eq "21y", '("users"."age" || $1::text) = $2', "y", "21y"))
      assert.equal("user 121", value(users.name .. users.age, '("users"."name" || "users"."age")'))
    end)
  end)

  describe("of documents, arrays and ranges", function()
    it("reaches into documents", function()
      assert.equal(1, value(users.doc:get "n", '("users"."doc" -> $1::text)', "n"))
      assert.equal("1", value(users.doc:text "n", '("users"."doc" ->> $1::text)', "n"))
      assert.is_nil(value(users.doc:get("a", 0, "b"),
        '((("users"."doc" -> $1::text) -> $2::int4) -> $3::text)', "a", 0, "b"))
      assert.equal(6, count(users.doc:contains { odd = true }, '"users"."doc" @> $1::jsonb', { odd = true }))
      assert.equal(12, count(users.doc:has_key "n", '"users"."doc" ? $1', "n"))
      assert.equal(12, count(users.doc:has_any_key { "n", "x" }, '"users"."doc" ?| $1', { "n", "x" }))
      assert.equal(0, count(users.doc:has_all_keys { "n", "x" }, '"users"."doc" ?& $1', { "n", "x" }))
      assert.equal(3, #db:query(users:where(users.doc:text("n"):cast("int4"):gt(9))))
      assert.equal(true, value((users.doc .. { more = true }):get "more", '(("users"."doc" || $1) -> $2::text)',
        { more = true }, "more"))
    end)

    it("asks for elements of arrays", function()
      assert.equal(8, count(users.tags:has "t1", '$1 = any ("users"."tags")', "t1"))
      assert.equal(2, count(users.tags:contains { "t1", "t2" }, '"users"."tags" @> $1::text[]', { "t1", "t2" }))
      assert.equal(10, count(users.tags:overlaps { "t1", "t2" }, '"users"."tags" && $1', { "t1", "t2" }))
      assert.equal("t1", value(users.tags:at(1), '("users"."tags")[$1::int4]', 1))
      assert.is_nil(value(users.tags:at(-1), '("users"."tags")[$1::int4]', -1))
      assert.same({ "t1", "t1", "x" }, value(users.tags .. "x", '("users"."tags" || $1::text)', "x"))
      assert.same({ "x", "t1", "t1" }, value("x" .. users.tags, '($1::text || "users"."tags")', "x"))
      assert.same({ "t1", "t1", "x", "y" }, value(users.tags .. { "x", "y" }, '("users"."tags" || $1::text[])',
        { "x", "y" }))
      assert.same({ "t1", "t1", "user 1" }, value(users.tags .. users.name, '("users"."tags" || "users"."name")'))
    end)

    it("asks for elements of ranges", function()
      assert.equal(3, count(users.span:contains(5), '"users"."span" @> $1::int4', 5))
      assert.equal(1, count(users.span:contained_in(mp.range(1, 4)), '"users"."span" <@ $1::int4range', mp.range(1, 4)))
    end)
  end)

  describe("with a type", function()
    it("gives a plain value that type", function()
      assert.equal(5, db:value(mp.select(mp.value(5):as "x")))
      assert.equal("5", value(mp.value({ 5 }):cast("int4[]"):at(1):cast "text", '(($1::int4[])[$2::int4])::text', { 5 },
        1))
    end)

    it("casts a value of a type as that", function()
      assert.equal(2, value(mp.value(1.5, "float8"):cast "int4", "($1::float8)::int4", 1.5))
      assert.equal("ab", value(mp.value("abc", "varchar(2)"):cast "text", "($1::varchar(2))::text", "abc"))
    end)

    it("casts expressions as a whole", function()
      assert.equal("-21", value((-users.age):cast "text", '(-"users"."age")::text'))
      assert.equal("22", value((users.age + 1):cast "text", '("users"."age" + $1)::text', 1))
    end)

    it("may be any operator of the server", function()
      assert.equal(1, count(users.id:op("=", 3), '"users"."id" = $1', 3))
      assert.equal(2, count(users.age:op("#", 1, "int4"):eq(20), '("users"."age" # $1) = $2', 1, 20))
    end)
  end)

  describe("with a name", function()
    it("is itself wherever it stands but in the result", function()
      local upper = mp.fn.upper(users.name):as "upper"
      assert.equal(1, count(upper:eq "USER 1", 'upper("users"."name") = $1', "USER 1"))
      local query = users:select(upper, mp.fn.count()):group_by(upper):order(upper:desc()):limit(1)
      local rows = renders(db, query, 'select upper("users"."name") as "upper", count(*) from "users" '
        .. 'group by upper("users"."name") order by upper("users"."name") desc limit $1', 1)
      assert.same({ { upper = "USER 9", count = 1 } }, rows)
    end)

    it("takes the last one", function()
      assert.equal(1, value(users.id:as "y", '"users"."id"'))
    end)
  end)

  it("used twice is one parameter", function()
    local month = mp.fn.date_trunc("month", posts.made_at)
    local query = posts:select(month:as "month", mp.fn.count()):group_by(month):having(month:is_not_null())
    local rows = renders(db, query, 'select date_trunc($1, "posts"."made_at") as "month", count(*) from "posts" '
      .. 'group by date_trunc($1, "posts"."made_at") having date_trunc($1, "posts"."made_at") is not null', "month")
    assert.equal(40, rows[1].count)
  end)

  it("has the same text for other values", function()
    local function text(n, list, name)
      return (users:where(users.id:gt(n) & users.id:in_(list) | users.name:like(name)):limit(n):to_sql())
    end
    assert.equal(text(1, {}, ""), text(2 ^ 31 - 1, { 1, 2, 3 }, ("x"):rep(10000)))
    assert.not_equal(text(1, {}, ""), (users:where(users.id:gt(1)):limit(1):to_sql()))
  end)

  it("is never changed", function()
    refuses("a table of the schema cannot be changed", nil, function() users.name = "Ada" end)
    refuses("a table of the schema cannot be changed", nil, function() users.c.name = "Ada" end)
    refuses("an expression cannot be changed", nil, function()
      users.id.kin = "param"
    end)
    local plain = mp.fn.count(users.id)
    local before = users:select(plain):to_sql()
    for _, method in ipairs { "distinct", "over", "desc", "is_null" } do
      plain[method](plain)
    end
    local _ = { plain:filter(users.active), plain:order_by(users.id), plain:as "x" }
    assert.equal(before, (users:select(plain):to_sql()))
  end)

  -- message, hint (or false), what is tried
  local MISTAKES = {
    { 'an expression has no method "betwen"', "did you mean between?", function() return (users.id:betwen(1)) end },
    { "the argument of eq is nil", "NULL equals nothing: use is_null() or is_not_null()",
      function() return (users.id:eq(nil)) end },
    { "the argument of ne is mp.null", "NULL equals nothing: use is_null() or is_not_null()",
      function() return (users.id:ne(null)) end },
    { "users.id is int4, which \"x\" does not fit; expected a number", false, function() return (users.id:lt "x") end },
    { "users.id is int4, which the float 1.5 does not fit; expected a whole number", false,
      function() return (users.id:le(1.5)) end },
    { "users.id is int4, which a value of type boolean does not fit; expected a number", false,
      function() return (users.id:gt(true)) end },
    { "the argument of ge is a function; expected a value or an expression", false,
      function() return (users.id:ge(print)) end },
    { "the argument of ge is a thread; expected a value or an expression", false,
      function() return (users.id:ge(coroutine.create(print))) end },
    { "users.name is text, which the integer 5 does not fit; expected a string", false,
      function() return (users.name:eq(5)) end },
    { "users.mood, a mood, has no label \"gald\"", "did you mean glad?",
      function() return (users.mood:eq "gald") end },
    { "users.mood, a mood, has no label \"\\x00\"", "its labels are glad, sad, calm",
      function() return (users.mood:eq "\0") end },
    { "users.key is uuid, which \"zz\" does not fit; expected the text of a UUID", false,
      function() return (users.key:eq "zz") end },
    { "users.active is bool, which \"t\" does not fit; expected true or false", false,
      function() return (users.active:eq "t") end },
    { "users.tags is text[], which the integer 1 does not fit; expected a list", false,
      function() return (users.tags:eq(1)) end },
    { "users.id, which is int4, cannot be compared with users.name: it is text",
      'cast one of them: :cast("type")', function() return (users.id:eq(users.name)) end },
    { "users.old_doc, which is json, has no operator =", "cast it to jsonb",
      function() return (users.old_doc:eq { n = 1 }) end },
    { "users.old_doc, which is json, has no operator =", "cast it to jsonb",
      function() return (users.old_doc:in_ { { n = 1 } }) end },
    { "the table users is no value", "write one of its columns, or users:select(column)",
      function() return (users.id:eq(users)) end },
    { "the subquery gives 6 columns; expected one", "choose it with :select(column)",
      function() return (users.id:in_(posts:all())) end },
    { "the first argument of between is nil", "NULL equals nothing: use is_null() or is_not_null()",
      function() return (users.id:between(nil, 1)) end },
    { "the second argument of between is nil", "NULL equals nothing: use is_null() or is_not_null()",
      function() return (users.id:between(1)) end },
    { "the argument of in_ is a number; expected a list, a query or an expression", false,
      function() return (users.id:in_(1)) end },
    { "the argument of in_ is a nil; expected a list, a query or an expression", false,
      function() return (users.id:in_()) end },
    { "the argument of in_ has no element 2; expected a list without holes", false,
      function() return (users.id:in_ { 1, nil, 3 }) end },
    { "the argument of not_in has the key \"x\"; expected a list without holes", false,
      function() return (users.id:not_in { x = 1 }) end },
    { "element 2 of the argument of in_ is mp.null", "NULL equals nothing: add | column:is_null()",
      function() return (users.id:in_ { 1, null }) end },
    { "element 1 of the argument of in_ is an expression; expected values", "join conditions with |",
      function() return (users.id:in_ { users.id }) end },
    { "users.id is int4, which \"x\" does not fit; expected a number", false,
      function() return (users.id:in_ { 1, "x" }) end },
    { "the argument of in_ is users.name, which is text; expected a list, a query or an array", false,
      function() return (users.id:in_(users.name)) end },
    { "users.id, which is int4, cannot be compared with elements of users.tags: they are text",
      'cast one of them: :cast("type")', function() return (users.id:in_(users.tags)) end },
    { 'the operator is "; drop"; expected one of PostgreSQL\'s, such as "<=" or "@>"', false,
      function() return (users.id:op("; drop", 1)) end },
    { 'the operator is "=--"; expected one of PostgreSQL\'s, such as "<=" or "@>"', false,
      function() return (users.id:op("=--", 1)) end },
    { 'the operator is "/*"; expected one of PostgreSQL\'s, such as "<=" or "@>"', false,
      function() return (users.id:op("/*", 1)) end },
    { 'the operator is "=-"; expected one of PostgreSQL\'s, such as "<=" or "@>"', false,
      function() return (users.id:op("=-", 1)) end },
    { 'the operator is ""; expected one of PostgreSQL\'s, such as "<=" or "@>"', false,
      function() return (users.id:any("", { 1 })) end },
    { 'the operator is nil; expected one of PostgreSQL\'s, such as "<=" or "@>"', false,
      function() return (users.id:all(nil, { 1 })) end },
    { "the second argument of op is nil; expected a value or an expression",
      "for NULL there is is_null(), or mp.null in a row", function() return (users.id:op "=") end },
    { "users.id, which is int4, has no method like: that is for text", 'cast it: :cast("text")',
      function() return (users.id:like "1%") end },
    { "users.name is text, which the integer 1 does not fit; expected a string", false,
      function() return (users.name:ilike(1)) end },
    { "the right side is a boolean; expected a condition such as column:eq(value)",
      "Lua's == compares objects: write column:eq(value)",
      function() return users.active & (users.id == 1) end },
    { "the left side is a number; expected a condition such as column:eq(value)", false,
      function() return 1 | users.active end },
    { "users.id, which is int4, is no condition", "compare it: column:eq(value)", function() return ~users.id end },
    { "users.name, which is text, has no operator +", 'cast it: :cast("numeric")',
      function() return users.name + 1 end },
    { "users.age is int4, which \"x\" does not fit; expected a number", false, function() return users.age + "x" end },
    { "the operand is nil; expected a value or an expression", "for NULL there is is_null(), or mp.null in a row",
      function() return users.age * nil end },
    { "users.name, which is text, has no method -: that is for number", false, function() return -users.name end },
    { "expressions cannot be compared with < and > of Lua", "write column:lt(value)",
      function() return users.age < 5 end },
    { "expressions cannot be compared with < and > of Lua", "write column:le(value)",
      function() return 5 <= users.age end },
    { "an expression has no length in Lua", "write mp.fn.length(column), or mp.fn.cardinality(column) for an array",
      function() return #users.name end },
    { "users.name, which is text, has no method get: that is for json", false,
      function() return (users.name:get "x") end },
    { "get needs a key", false, function() return (users.doc:get()) end },
    { "a key of text is a number; expected a string, or a whole number from 0", false,
      function() return (users.doc:text(1.5)) end },
    { "a key of get is a nil; expected a string, or a whole number from 0", false,
      function() return (users.doc:get("a", nil)) end },
    { "the argument of contains is nil; expected a value or an expression",
      "for NULL there is is_null(), or mp.null in a row", function() return (users.doc:contains()) end },
    { "the argument of contains is mp.null", "NULL is part of nothing: use is_null()",
      function() return (users.doc:contains(null)) end },
    { "users.name, which is text, has no method contains: that is for array, json, range", false,
      function() return (users.name:contains "x") end },
    { "the expression is int4, which \"x\" does not fit; expected a number", false,
      function() return (users.span:contains "x") end },
    { "users.doc, which is jsonb, has no method overlaps: that is for array, range", false,
      function() return (users.doc:overlaps {}) end },
    { "the argument of has_key is a number; expected a string", false, function() return (users.doc:has_key(1)) end },
    { "the expression is text, which the integer 1 does not fit; expected a string", false,
      function() return (users.doc:has_any_key { 1 }) end },
    { "the expression is text, which the integer 1 does not fit; expected a string", false,
      function() return (users.tags:has(1)) end },
    { "the expression is text, which the integer 1 does not fit; expected a string", false,
      function() return users.tags .. 1 end },
    { "the argument of at is a string; expected a whole number, or an expression", false,
      function() return (users.tags:at "1") end },
    { "the argument of at is a number; expected a whole number, or an expression", false,
      function() return (users.tags:at(1.5)) end },
    { "users.id, which is int4, has no method at: that is for array", false, function() return (users.id:at(1)) end },
    { 'the type is nil; expected a type\'s name such as "int4" or "text[]"', false,
      function() return (users.id:cast()) end },
    { 'the type is "\\x00"; expected a type\'s name such as "int4" or "text[]"', false,
      function() return (users.id:cast "\0") end },
    { "the alias is empty; expected a name", false, function() return (users.id:as "") end },
    { "the alias is a number; expected a name", false, function() return (users.id:as(1)) end },
    { 'the alias "a\\x00" has a NUL byte or is not UTF-8', false, function() return (users.id:as "a\0") end },
    { "the value is nil; expected a value", "for NULL write mp.null", function() return (mp.value()) end },
    { "the value is a function; expected a value or an expression", false, function() return (mp.value(print)) end },
    { "the value is an expression; expected a value of Lua", "expressions stand for themselves",
      function() return (mp.value(users.id)) end },
    { "the expression is int4, which \"x\" does not fit; expected a number", false,
      function() return (mp.value("x", "int4")) end },
    { "the parameter's name is empty; expected a name", false, function() return (mp.param "") end },
    { "the argument of eq is a moonpool.Relation; expected a value or an expression", "a relation is for join",
      function() return (users.id:eq(posts.r.user)) end },
    { "the argument of eq is a moonpool.Case; expected a value or an expression",
      "end it with :otherwise(value) or :finish()",
      function() return (users.id:eq(mp.case(users.active, 1))) end },
    { "users.id is no function", false, function() return (users.id()) end },
  }

  for i, mistake in ipairs(MISTAKES) do
    it(("refuses, %d: %s"):format(i, mistake[1]), function()
      refuses(mistake[1], mistake[2] or nil, mistake[3])
    end)
  end

  it("refuses an order as anything else", function()
    local ORDER, HINT = "asc, desc and nulls stand within an expression", "they are for order and order_by only"
    for _, query in ipairs {
      users:where(users.id:desc()), users:where(users.id:desc():eq(1)), users:where(~users.id:asc()),
      users:having(users.id:nulls_first():is_null()), users:select((users.id:desc() .. "x"):as "y"),
    } do
      refuses(ORDER, HINT, function() return (query:to_sql()) end)
    end
  end)

  it("cuts long names in messages, and counts their bytes", function()
    refuses(('the alias "%s..." has 64 bytes; PostgreSQL cuts names behind 63'):format(("é"):rep(20)), nil, function()
      return (users.id:as(("é"):rep(32)))
    end)
    assert.equal(1, db:value(users:select(users.id:as(("é"):rep(31))):where(users.id:eq(1))))
    refuses(('the alias "x%s..." has 65 bytes; PostgreSQL cuts names behind 63'):format(("é"):rep(19)), nil, function()
      return (users.id:as("x" .. ("é"):rep(32)))
    end)
    refuses('the alias "\\xc3\\xa9\\xff" has a NUL byte or is not UTF-8', nil, function()
      return (users.id:as "é\xff")
    end)
  end)

  describe("with values that are hostile", function()
    it("sends them apart", function()
      for _, text in ipairs {
        "'; drop table users; --", '"', "$1", "\\", "%", "/*", ("x"):rep(1000000), "\u{10ffff}",
      } do
        assert.equal(0, count(users.name:eq(text), '"users"."name" = $1', text))
        assert.equal(text, db:value(mp.select(mp.value(text):as "x")))
      end
    end)

    it("quotes names", function()
      for _, name in ipairs { '"', '"; drop table users; --', "a b", "é", "select", "$1", "A" } do
        assert.equal(1, db:one(users:select(users.id:as(name)):where(users.id:eq(1)))[name])
      end
      assert.equal(60, #db:query(comments:select(comments.c.order, comments.c.select)))
    end)

    it("lets the server refuse what is no text", function()
      for _, text in ipairs { "a\0b", "\xff", "\xed\xa0\x80" } do
        local ok, err = pcall(db.query, db, users:where(users.name:eq(text)))
        assert.is_false(ok)
        assert.is_true(mp.is_error(err))
      end
    end)

    it("sends the largest numbers", function()
      assert.equal(0, count(users.balance:gt(math.maxinteger), '"users"."balance" > $1', math.maxinteger))
      assert.equal(12, count(users.score:lt(math.huge), '"users"."score" < $1', math.huge))
      assert.equal(0, count(users.score:eq(0 / 0), '"users"."score" = $1', 0 / 0))
      local ok, err = pcall(db.query, db, users:where(users.id:eq(2 ^ 40)))
      assert.is_false(ok)
      assert.is_true(mp.is_error(err))
      local many = {}
      for i = 1, 100000 do many[i] = i end
      assert.equal(12, #db:query(users:where(users.id:in_(many))))
    end)
  end)
end)
