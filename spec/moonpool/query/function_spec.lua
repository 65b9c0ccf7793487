--- Calls of functions: aggregates, windows, CASE, functions and lists as tables; and what is refused.

local mp = require "moonpool"
local forum = require "spec.support.forum"
local refuses = require "spec.support.refuses"
local renders = require "spec.support.renders"
local sample = require "spec.support.sample"
local buster = require "buster.schema"

local fn, null = mp.fn, mp.null

describe("a function", function()
  local db, users, posts

  setup(function()
    local schema
    db, schema = forum.open()
    users, posts = schema.users, schema.posts
  end)

  teardown(function() db:close() end)

  --- The value of an expression that needs no table.
  local function value(expression, text, ...)
    return renders(db, mp.select(expression:as "x"), ('select %s as "x"'):format(text), ...)[1].x
  end

  --- The value for the posts altogether.
  local function over_posts(expression, text, ...)
    return renders(db, posts:select(expression:as "x"), ('select %s as "x" from "posts"'):format(text), ...)[1].x
  end

  it("is called by its name", function()
    assert.equal("A", value(fn.upper "a", "upper($1)", "a"))
    assert.equal("b", value(fn.split_part("a,b", ",", 2), "split_part($1, $2, $3)", "a,b", ",", 2))
    assert.equal("a", value(fn["pg_catalog.lower"] "A", '"pg_catalog"."lower"($1)', "A"))
    assert.equal(2024, value(fn.extract("year", mp.value("2024-05-06", "date")):cast "int4",
      '("extract"($1, $2::date))::int4', "year", "2024-05-06"))
  end)

  it("may be unknown to the builder, and is quoted", function()
    local ok, err = pcall(db.query, db, mp.select(fn['x"(); --'](1)))
    assert.is_false(ok)
    assert.matches("does not exist", err.message)
    assert.equal('select "x""(); --"($1)', (mp.select(fn['x"(); --'](1)):to_sql()))
  end)

  it("takes expressions, queries, NULL and documents", function()
    assert.equal(40, value(fn.abs(posts:count()), 'abs((select count(*) from "posts"))'))
    assert.equal(7, value(fn.coalesce(null, 7), "coalesce(null, $1::int8)", 7))
    assert.equal(1, value(fn.jsonb_array_length { 5 }, "jsonb_array_length($1)", { 5 }))
    assert.same({ a = 1, b = "x" }, value(fn.jsonb_build_object("a", 1, "b", "x"),
      "jsonb_build_object($1::text, $2::int8, $3::text, $4::text)", "a", 1, "b", "x"))
  end)

  it("of one type for all arguments has that of its expressions, or of its values", function()
    assert.equal(10, value(fn.greatest(2, 10), "greatest($1::int8, $2::int8)", 2, 10))
    assert.equal("b", value(fn.greatest("a", "b"), "greatest($1::text, $2::text)", "a", "b"))
    assert.equal(1.5, value(fn.least(mp.value(1.5), 10), "least($1::float8, $2)", 1.5, 10))
    assert.equal(3, #renders(db, users:select "id":where(fn.coalesce(users.manager_id, 1):eq(1)),
      'select "users"."id" from "users" where coalesce("users"."manager_id", $1) = $2', 1, 1))
    assert.equal(12, #db:query(users:select(fn.coalesce("glad", users.mood):as "m")))
    assert.is_nil(value(fn.nullif(1, 1), "nullif($1::int8, $2::int8)", 1, 1))
  end)

  it("takes expressions of a value as they are", function()
    assert.equal(5, value(fn.max(mp.value(5, "int4")), "max($1::int4)", 5))
    assert.equal("text", db:value(mp.select(fn.pg_typeof(mp.value("x", "text")):cast "text")))
  end)

  it("makes arrays, of elements or of a query", function()
    assert.same({ 1, 2 }, value(fn.array(1, 2), "array[$1::int8, $2::int8]", 1, 2))
    assert.same({ 1, 2 }, value(fn.array(posts:select "id":order "id":limit(2)),
      'array((select "posts"."id" from "posts" order by "posts"."id" limit $1))', 2))
    assert.same({}, db:value(mp.select(fn.array():cast "int4[]")))
  end)

  it("is a column of the name that the server gives it", function()
    local query = users:select(fn.lower(users.name), fn.trim(users.name), fn.coalesce(users.email, "-"), fn.now(),
      fn.array(users.id), fn["pg_catalog.abs"](users.id), fn.count():over {}, fn.row_number():over {})
    local names = {}
    for name in pairs(db:first(query)) do names[#names + 1] = name end
    table.sort(names)
    assert.same({ "abs", "array", "btrim", "coalesce", "count", "lower", "now", "row_number" }, names)
    local inner = query:as "inner"
    assert.equal(12, #db:query(inner:all()))
  end)

  describe("that aggregates", function()
    it("has a filter, takes each value once, and in an order", function()
      assert.equal(40, over_posts(fn.count(), "count(*)"))
      assert.equal(20, over_posts(fn.count(posts.editor_id), 'count("posts"."editor_id")'))
      assert.equal(6, over_posts(fn.count(posts.likes):distinct(), 'count(distinct "posts"."likes")'))
      assert.equal(7, over_posts(fn.count():filter(posts.likes:gt(1) & posts.id:lt(11)),
        'count(*) filter (where "posts"."likes" > $1 and "posts"."id" < $2)', 1, 11))
      assert.equal("5,4,3,2,1,0", over_posts(fn.string_agg(posts.likes:cast "text", ","):distinct()
        :order_by(posts.likes:cast("text"):desc()),
        'string_agg(distinct ("posts"."likes")::text, $1 order by ("posts"."likes")::text desc)', ","))
    end)

    it("takes an order and a filter together", function()
      assert.same({ 3, 2, 1 }, over_posts(fn.array_agg(posts.id):order_by(posts.id:desc()):filter(posts.id:le(3)),
        'array_agg("posts"."id" order by "posts"."id" desc) filter (where "posts"."id" <= $1)', 3))
    end)

    it("computes within a group", function()
      assert.equal(20.5, over_posts(fn.percentile_cont(0.5):within_group(posts.id),
        '"percentile_cont"($1) within group (order by "posts"."id")', 0.5))
      assert.equal(1, over_posts(fn.mode():within_group(posts.likes:asc()):filter(posts.likes:le(1)),
        'mode() within group (order by "posts"."likes" asc) filter (where "posts"."likes" <= $1)', 1))
    end)

    it("groups by several sets", function()
      local rows = renders(db, posts:select("likes", "user_id", fn.count():as "n", fn.grouping(posts.likes):as "g")
        :group_by(fn.rollup(posts.likes, posts.user_id)),
        'select "posts"."likes", "posts"."user_id", count(*) as "n", grouping("posts"."likes") as "g" from "posts" '
        .. 'group by rollup("posts"."likes", "posts"."user_id")')
      assert.equal(#db:query "select likes, user_id from posts group by rollup(likes, user_id)", #rows)
      assert.equal(#db:query "select likes, user_id from posts group by cube(likes, user_id)",
        #db:query(posts:select("likes", "user_id"):group_by(fn.cube(posts.likes, posts.user_id))))
    end)

    it("is compared in having", function()
      local many, loud = fn.count():filter(posts.likes:gt(0)):ge(4), fn.avg(posts.likes):gt(2)
      local rows = renders(db, posts:select "user_id":group_by "user_id":having(many & loud):order "user_id",
        'select "posts"."user_id" from "posts" group by "posts"."user_id" having count(*) filter '
        .. '(where "posts"."likes" > $1) >= $2 and avg("posts"."likes") > $3 order by "posts"."user_id"', 0, 4, 2)
      assert.same(db:query [[
        select user_id from posts group by 1 having count(*) filter (where likes > 0) >= 4 and avg(likes) > 2
        order by 1]], rows)
    end)

    it("has the type of its argument, where that is known", function()
      refuses('sum(...) is int8, which "1 day" does not fit; expected a number', nil, function()
        return (fn.sum(posts.likes):gt "1 day")
      end)
      assert.equal(1, #db:query(users:select(fn.count()):having(fn.sum(mp.sql "joined - joined"):lt "1 day")))
      refuses('max(...), a mood, has no label "x"', "its labels are glad, sad, calm",
        function() return (fn.max(users.mood):eq "x") end)
    end)
  end)

  describe("over a window", function()
    local function window(expression, text, sql, ...)
      local rows = renders(db, posts:select("id", expression:as "x"):order "id",
        ('select "posts"."id", %s as "x" from "posts" order by "posts"."id"'):format(text), ...)
      assert.same(db:query(("select id, %s x from posts order by id"):format(sql)), rows)
    end

    it("has parts, an order and a frame", function()
      window(fn.count():over {}, "count(*) over ()", "count(*) over ()")
      window(fn.count():over(), "count(*) over ()", "count(*) over ()")
      window(fn.row_number():over { partition_by = posts.user_id, order_by = { posts.likes:desc(), posts.id } },
        'row_number() over (partition by "posts"."user_id" order by "posts"."likes" desc, "posts"."id")',
        "row_number() over (partition by user_id order by likes desc, id)")
      window(fn.sum(posts.likes):over { order_by = posts.id, rows = { "2 PRECEDING", "current  row" } },
        'sum("posts"."likes") over (order by "posts"."id" rows between 2 preceding and current row)',
        "sum(likes) over (order by id rows between 2 preceding and current row)")
      window(fn.max(posts.id):over { partition_by = { posts.likes }, order_by = posts.id,
        range = { "unbounded preceding", "unbounded following" } },
        'max("posts"."id") over (partition by "posts"."likes" order by "posts"."id" '
        .. "range between unbounded preceding and unbounded following)", "max(id) over (partition by likes)")
      window(fn.count():over { order_by = posts.likes, groups = { "1 preceding", "1 following" } },
        'count(*) over (order by "posts"."likes" groups between 1 preceding and 1 following)',
        "count(*) over (order by likes groups between 1 preceding and 1 following)")
      window(fn.lag(posts.id, 2, 0):over { order_by = posts.id },
        'lag("posts"."id", $1, $2) over (order by "posts"."id")',
        "lag(id, 2, 0) over (order by id)", 2, 0)
      window(fn.count():filter(posts.likes:gt(1)):over { order_by = posts.id },
        'count(*) filter (where "posts"."likes" > $1) over (order by "posts"."id")',
        "count(*) filter (where likes > 1) over (order by id)", 1)
    end)

    it("is filtered through a query with a name", function()
      local ranked = posts:add(fn.rank():over { partition_by = posts.user_id, order_by = posts.likes:desc() }:as "rank")
        :as "ranked"
      assert.same(db:query [[
        select id from (select *, rank() over (partition by user_id order by likes desc) r from posts) p where r = 1
        order by id]], db:query(ranked:select "id":where { rank = 1 }:order "id"))
    end)
  end)

  describe("of cases", function()
    it("gives the value of the first condition that holds", function()
      local size = mp.case(posts.likes:gt(3), "many"):when(posts.likes:gt(0), "some"):otherwise "none"
      local rows = renders(db, posts:select(size:as "size", fn.count():as "n"):group_by(size):order "size",
        'select case when "posts"."likes" > $1 then $2::text when "posts"."likes" > $3 then $4::text else $5::text end '
        .. 'as "size", count(*) as "n" from "posts" group by case when "posts"."likes" > $1 then $2::text '
        .. 'when "posts"."likes" > $3 then $4::text else $5::text end order by "size"', 3, "many", 0, "some", "none")
      assert.same(db:query [[
        select case when likes > 3 then 'many' when likes > 0 then 'some' else 'none' end size, count(*) n
        from posts group by 1 order by 1]], rows)
    end)

    it("gives NULL where none holds, or where that is said", function()
      assert.is_nil(value(mp.case(mp.value(false), 1):finish(), "case when $1::bool then $2::int8 end", false, 1))
      assert.is_nil(value(mp.case(mp.value(false), 1):otherwise(null),
        "case when $1::bool then $2::int8 else null end", false, 1))
      assert.is_nil(value(mp.case(mp.value(true), null):otherwise(1),
        "case when $1::bool then null else $2::int8 end", true, 1))
    end)

    it("takes expressions and values of a type", function()
      assert.equal(2, value(mp.case(mp.value(false), mp.value(1, "int4")):otherwise(mp.value(2, "int4")),
        "case when $1::bool then $2::int4 else $3::int4 end", false, 1, 2))
      assert.equal(12, #db:query(users:where(mp.case(users.active, users.mood):otherwise("calm"):in_ {
        "glad", "sad", "calm",
      })))
    end)

    it("is not changed by a further branch", function()
      local first = mp.case(posts.likes:gt(1), 1)
      local longer = first:when(posts.likes:gt(0), 2)
      assert.equal('select case when "posts"."likes" > $1 then $2::int8 end as "x" from "posts"',
        (posts:select(first:finish():as "x"):to_sql()))
      assert.not_equal((posts:select(first:finish():as "x"):to_sql()), (posts:select(longer:finish():as "x"):to_sql()))
    end)
  end)

  describe("that gives rows", function()
    it("is a table", function()
      local numbers = fn.generate_series(1, 3):rows("numbers", { "n int8" })
      assert.same({ { n = 1 }, { n = 2 }, { n = 3 } }, renders(db, numbers:all(),
        'select "numbers"."n" from generate_series($1::int8, $2::int8) as "numbers"("n")', 1, 3))
      local days = fn.generate_series(mp.value("2024-01-01", "date"), mp.value("2024-01-03", "date"), "1 day")
        :rows("days", { "day timestamptz" })
      assert.equal(3, #renders(db, days:order "day",
        'select "days"."day" from generate_series($1::date, $2::date, $3) as "days"("day") order by "days"."day"',
        "2024-01-01", "2024-01-03", "1 day"))
    end)

    it("is joined laterally with what it is called with", function()
      local tags = fn.unnest(users.tags):rows("tag", { "name text" })
      local rows = renders(db, users:join_lateral(tags):select(tags.name, fn.count():as "n"):group_by(tags.name)
        :order(tags.name), 'select "tag"."name", count(*) as "n" from "users" cross join lateral '
        .. '"unnest"("users"."tags") as "tag"("name") group by "tag"."name" order by "tag"."name"')
      assert.same(db:query "select t name, count(*) n from users, unnest(tags) t group by 1 order by 1", rows)
      refuses("users.tags: users is not part of this query", "it reads from no table; join it: :join(users)",
        function() return (users:join(tags, mp.value(true)):to_sql()) end)
    end)

    it("is told the types of its columns", function()
      local items = fn.jsonb_to_recordset(mp.value({ { a = 1, b = "x" } }, "jsonb")):rows("i", { "a int4", "b text" })
      assert.same({ { a = 1, b = "x" } }, renders(db, items:all(),
        'select "i"."a", "i"."b" from "jsonb_to_recordset"($1::jsonb) as "i"("a" int4, "b" text)',
        { { a = 1, b = "x" } }))
    end)

    it("may be a list of rows", function()
      local rows = mp.rows("r", { "id int4", "note text" }, { { id = 1, note = "a" }, { id = 2 }, { note = "c" } })
      assert.same({ { id = 1, note = "a" }, { id = 2 }, { note = "c" } }, renders(db, rows:all(),
        'select "r"."id", "r"."note" from unnest($1::int4[], $2::text[]) as "r"("id", "note")',
        { 1, 2, null }, { "a", null, "c" }))
      assert.equal(2, #db:query(rows:join(users, users.id:eq(rows.id)):select(users.name, rows.note)))
      assert.equal(0, #db:query(mp.rows("r", { "id int4" }, {}):all()))
    end)
  end)

  local COLUMNS = 'expected a list such as { "id int8", "name text" }'
  local MISTAKES = {
    { "the function's name is empty; expected a name", false, function() return mp.fn[""] end },
    { "the function's name is a number; expected a name", false, function() return mp.fn[1] end },
    { 'the function\'s name is "a."; expected a name, or "schema.name"', false, function() return mp.fn["a."] end },
    { 'the function\'s name is "a..b"; expected a name, or "schema.name"', false,
      function() return mp.fn["a..b"] end },
    { 'the function\'s name "a\\x00" has a NUL byte or is not UTF-8', false, function() return mp.fn["a\0"] end },
    { "mp.fn cannot be changed", false, function() mp.fn.my_function = print end },
    { "an argument of lower is nil; expected a value or an expression",
      "for NULL there is is_null(), or mp.null in a row", function() return (fn.lower(nil)) end },
    { "an argument of lower is a function; expected a value or an expression", false,
      function() return (fn.lower(print)) end },
    { "asc, desc and nulls stand within an expression", "for aggregates there is order_by",
      function() return (fn.max(posts.id:desc())) end },
    { "the table posts is no value", "write one of its columns, or posts:select(column)",
      function() return (fn.count(posts)) end },
    { "an argument of coalesce is a moonpool.Case; expected a value or an expression",
      "end it with :otherwise(value) or :finish()",
      function() return (fn.coalesce(mp.case(posts.id:eq(1), 1), 2)) end },
    { "posts.id is int4, which \"x\" does not fit; expected a number", false,
      function() return (fn.coalesce(posts.id, "x")) end },
    { "posts.id has no method filter: that is for calls of functions", false,
      function() return (posts.id:filter(posts.id:eq(1))) end },
    { "posts.id has no method distinct: that is for calls of functions", false,
      function() return (posts.id:distinct()) end },
    { "posts.id has no method over: that is for calls of functions", false, function() return (posts.id:over()) end },
    { "count(...) has no arguments, and no distinct", false, function() return (fn.count():distinct()) end },
    { "the argument of filter is a nil; expected a condition such as column:eq(value)", false,
      function() return (fn.count():filter()) end },
    { "posts.id, which is int4, is no condition", "compare it: column:eq(value)",
      function() return (fn.count():filter(posts.id)) end },
    { "order_by needs a column", false, function() return (fn.max(posts.id):order_by()) end },
    { "argument 1 of order_by is a string; expected a column or an expression", false,
      function() return (fn.max(posts.id):order_by "id") end },
    { "argument 1 of within_group is a nil; expected a column or an expression", false,
      function() return (fn.mode():within_group(nil)) end },
    { 'there is no option "partition" of a window', "did you mean partition_by?",
      function() return (fn.rank():over { partition = posts.id }) end },
    { "the argument of over is a moonpool.Expression; expected a table of options", false,
      function() return (fn.rank():over(posts.id)) end },
    { "option partition_by is a string; expected a column or a list of them", false,
      function() return (fn.rank():over { partition_by = "id" }) end },
    { "partition_by needs a column", false, function() return (fn.rank():over { partition_by = {} }) end },
    { "argument 1 of partition_by is an order; expected a column or an expression", false,
      function() return (fn.rank():over { partition_by = { posts.id:desc() } }) end },
    { "option rows is a table; expected two bounds such as { \"3 preceding\", \"current row\" }", false,
      function() return (fn.rank():over { rows = { "current row" } }) end },
    { "a window has two frames; expected one of rows, range and groups", false, function()
      return (fn.rank():over { rows = { "current row", "current row" }, groups = { "current row", "current row" } })
    end },
    { 'a bound of the option rows is "-1 preceding"; expected "unbounded preceding", "3 preceding", "current row", '
      .. '"3 following" or "unbounded following"', false,
      function() return (fn.rank():over { rows = { "-1 preceding", "current row" } }) end },
    { 'a bound of the option range is a number; expected "unbounded preceding", "3 preceding", "current row", '
      .. '"3 following" or "unbounded following"', false,
      function() return (fn.rank():over { range = { 1, 2 } }) end },
    { "the condition of when is a nil; expected a condition such as column:eq(value)", false,
      function() return (mp.case()) end },
    { "the value of a branch is nil; expected a value or an expression",
      "for NULL there is is_null(), or mp.null in a row", function() return (mp.case(posts.id:eq(1))) end },
    { "users.mood, a mood, has no label \"x\"", "its labels are glad, sad, calm",
      function() return (mp.case(users.active, users.mood):otherwise "x") end },
    { "posts.id gives no rows: that is for calls of functions", false,
      function() return (posts.id:rows("x", { "n int4" })) end },
    { "the columns of the function unnest are a nil; " .. COLUMNS, false,
      function() return (fn.unnest({}):rows "x") end },
    { "the columns of the function unnest are a list without elements; " .. COLUMNS, false,
      function() return (fn.unnest({}):rows("x", {})) end },
    { 'the column is a number; expected its name and type, such as "total int8"', false,
      function() return (fn.unnest({}):rows("x", { 1 })) end },
    { 'the function unnest has two columns "n"', false,
      function() return (fn.unnest({}):rows("x", { "n int4", "n text" })) end },
    { "the alias is a nil; expected a name", false, function() return (fn.unnest({}):rows()) end },
    { "the third argument of rows is a nil; expected a list of rows", false,
      function() return (mp.rows("x", { "n int4" })) end },
    { 'column "n" of the rows has no type', 'write "name type", with a type that is no array',
      function() return (mp.rows("x", { "n" }, {})) end },
    { 'column "n" of the rows has an array\'s type', 'write "name type", with a type that is no array',
      function() return (mp.rows("x", { "n int4[]" }, {})) end },
    { "the expression is int4, which \"y\" does not fit; expected a number", false,
      function() return (mp.rows("x", { "n int4" }, { { n = "y" } })) end },
    { "the rows have the number at 2; expected a list of tables, without holes", false,
      function() return (mp.rows("x", { "n int4" }, { {}, 1 })) end },
    { 'row 1 of rows has "m", which is no column of it', "there are n",
      function() return (mp.rows("x", { "n int4" }, { { m = 1 } })) end },
  }

  for i, mistake in ipairs(MISTAKES) do
    it(("refuses, %d: %s"):format(i, mistake[1]), function()
      refuses(mistake[1], mistake[2] or nil, mistake[3])
    end)
  end
end)

describe("functions over the sample data", function()
  local db
  local metrics, messages, organizations = buster.metric_files, buster.messages, buster.organizations

  setup(function() db = mp.connect { url = sample.database(), max_size = 2 } end)
  teardown(function() db:close() end)

  local function answers(query, sql)
    local expected = db:query(sql)
    assert.is_true(#expected > 0)
    assert.same(expected, db:query(query))
  end

  it("give what the same question in SQL gives", function()
    local month = fn.date_trunc("month", metrics.created_at)
    local open = fn.count():filter(metrics.publicly_accessible)
    answers(metrics:select(month:as "month", fn.count():as "n", open:as "open",
      fn.avg(metrics.evaluation_score):as "score"):group_by(month):order(month), [[
      select date_trunc('month', created_at) as month, count(*) n, count(*) filter (where publicly_accessible) as open,
        avg(evaluation_score) score from metric_files group by 1 order by 1]])
    answers(messages:select("id", fn.row_number():over { partition_by = messages.chat_id,
      order_by = { messages.created_at, messages.id } }:as "n", fn.lag(messages.id):over {
        partition_by = messages.chat_id, order_by = { messages.created_at, messages.id } }:as "before"):order "id", [[
      select id, row_number() over w n, lag(id) over w before from messages
      window w as (partition by chat_id order by created_at, id) order by id]])
    local palette = fn.jsonb_array_elements(organizations.organization_color_palettes:get "palettes")
      :rows("palette", { "value jsonb" })
    answers(organizations:left_join_lateral(palette):select(organizations.id, fn.count(palette.value):as "n")
      :group_by(organizations.id):order(organizations.id), [[
      select o.id, count(p) n from organizations o left join lateral
      jsonb_array_elements(organization_color_palettes->'palettes') p on true group by 1 order by 1]])
  end)
end)
