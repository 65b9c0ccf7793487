--- Queries made of queries: unions, subqueries, common table expressions, counts, pages, plans, scopes.

local mp = require "moonpool"
local forum = require "spec.support.forum"
local refuses = require "spec.support.refuses"
local renders = require "spec.support.renders"
local sample = require "spec.support.sample"
local cluster = require "spec.support.cluster"
local buster = require "buster.schema"

describe("queries made of queries", function()
  local db, users, posts, comments

  setup(function()
    local schema
    db, schema = forum.open()
    users, posts, comments = schema.users, schema.posts, schema.comments
  end)

  teardown(function() db:close() end)

  local USER_IDS = 'select "users"."id" from "users"'
  local AUTHORS = 'select "posts"."user_id" from "posts"'

  describe("unions", function()
    it("are of six kinds", function()
      local left, right = users:select "id", posts:select "user_id"
      for method, case in pairs {
        union = { "union", 12 }, union_all = { "union all", 52 }, intersect = { "intersect", 9 },
        intersect_all = { "intersect all", 9 }, except = { "except", 3 }, except_all = { "except all", 3 },
      } do
        assert.equal(case[2], #renders(db, left[method](left, right),
          ("(%s) %s (%s)"):format(USER_IDS, case[1], AUTHORS)))
      end
    end)

    it("are sorted and cut as a whole, and each side on its own", function()
      local left = users:select "id":order(users.id:desc()):limit(2)
      local query = left:union(posts:select "user_id"):order(users.id:desc():nulls_last()):limit(3):offset(1)
      local rows = renders(db, query, "(" .. USER_IDS .. ' order by "users"."id" desc limit $1) union (' .. AUTHORS
        .. ') order by "id" desc nulls last limit $2 offset $3', 2, 3, 1)
      assert.same({ { id = 11 }, { id = 9 }, { id = 8 } }, rows)
      local set = users:select "id":union(posts:select "id")
      assert.equal((set:to_sql()), (set:order "id":unordered():to_sql()))
    end)

    it("may be of unions, and are what they are written as", function()
      local a, b, c = mp.select(mp.value(1):as "n"), mp.select(mp.value(2):as "n"), mp.select(mp.value(1):as "n")
      assert.equal(1, #db:query(a:union_all(b):except(c)))
      assert.equal(2, #db:query(a:union_all(b:except(c))))
      renders(db, a:union_all(b):except(c), '((select $1::int8 as "n") union all (select $2::int8 as "n")) except '
        .. '(select $3::int8 as "n")', 1, 2, 1)
    end)

    it("count, exist, have a name and are values like queries", function()
      local set = users:select "id":union(posts:select "user_id")
      assert.equal(12, db:value(set:count()))
      assert.is_true(db:value(mp.select(set:exists():as "x")))
      assert.equal(12, #db:query(set:as("ids"):all()))
      assert.equal(12, #db:query(users:where(users.id:in_(set))))
      assert.equal(1, db:first(set:order "id").id)
      assert.equal(3, #db:query(set:scope(function(query) return query:limit(3) end)))
      local counts = users:count():union_all(posts:count()):as "counts"
      assert.equal(52, db:value(counts:select(mp.fn.sum(counts.c.count):cast "int4")))
    end)
  end)

  describe("subqueries", function()
    it("are values where a value is", function()
      local last = comments:where(comments.post_id:eq(posts.id)):select(mp.fn.max(comments.id))
      local rows = renders(db, posts:select("id", last:as "last"):where(posts.id:le(2)):order "id",
        'select "posts"."id", (select max("comments"."id") from "comments" '
        .. 'where "comments"."post_id" = "posts"."id") as "last" from "posts" where "posts"."id" <= $1 '
        .. 'order by "posts"."id"', 2)
      assert.same(db:query [[
        select id, (select max(id) from comments where post_id = posts.id) as last from posts where id <= 2
        order by id]], rows)
    end)

    it("are compared as values by mp.value", function()
      local count = posts:where(posts.user_id:eq(users.id)):count()
      assert.equal(4, #renders(db, users:select "id":where(mp.value(count):gt(4)), USER_IDS
        .. ' where (select count(*) from "posts" where "posts"."user_id" = "users"."id") > $1', 4))
    end)

    it("exist or do not", function()
      local own = posts:where(posts.user_id:eq(users.id))
      local TEXT = 'exists (select from "posts" where "posts"."user_id" = "users"."id")'
      assert.equal(9, #renders(db, users:select "id":where(own:exists()), USER_IDS .. " where " .. TEXT))
      assert.equal(3, #renders(db, users:select "id":where(~mp.exists(own)), USER_IDS .. " where not (" .. TEXT .. ")"))
      assert.equal(12, #db:query(users:where(posts:exists())))
      assert.equal(12, #renders(db, users:select "id":where(posts:distinct():exists()), USER_IDS
        .. ' where exists (select from "posts")'))
      assert.equal(0, #db:query(users:where(posts:select("user_id"):distinct():offset(9):exists())))
      local twins = mp.rows("twins", { "n int4" }, { { n = 1 }, { n = 1 } })
      assert.equal(0, #db:query(users:where(twins:distinct():offset(1):exists())))
    end)
  end)

  describe("counts", function()
    it("are of rows", function()
      renders(db, users:where(users.id:gt(2)):order "id":count(),
        'select count(*) from "users" where "users"."id" > $1', 2)
      assert.equal(12, db:value(users:count()))
      assert.equal(37, db:value(users:join(posts, posts.user_id:eq(users.id) & posts.id:gt(3)):count()))
    end)

    it("are of the rows that the query gives, whatever it does", function()
      assert.equal(9, db:value(posts:select "user_id":group_by "user_id":count()))
      assert.equal(9, db:value(posts:select "user_id":distinct():count()))
      assert.equal(9, db:value(posts:distinct_on "user_id":order("user_id", "id"):count()))
      assert.equal(5, db:value(posts:limit(5):count()))
      assert.equal(1, db:value(posts:select(mp.fn.max(posts.id)):count()))
      assert.equal(80, db:value(posts:select(mp.fn.unnest(mp.fn.array(1, 2)):as "n"):count()))
      assert.equal(40, db:value(posts:for_update():count()))
      assert.equal(0, db:value(posts:having(mp.fn.count():gt(100)):select(mp.fn.count()):count()))
    end)

    it("may refer to an outer query", function()
      local own = posts:where(posts.user_id:eq(users.id))
      local rows = db:query(users:select("id", own:count():as "n", own:select "likes":distinct():count():as "likes")
        :order "id")
      assert.same(db:query [[
        select id, (select count(*) from posts where user_id = users.id) n,
          (select count(distinct likes) from posts where user_id = users.id) likes from users order by id]], rows)
    end)
  end)

  describe("common table expressions", function()
    it("come first, once, in the order in which they need each other", function()
      local busy = mp.cte("busy", posts:select("user_id", mp.fn.count():as "n"):group_by "user_id")
      local busiest = mp.cte("busiest", busy:where(busy.n:eq(busy:as "b":select(mp.fn.max(mp.sql "b.n")))),
        { materialized = true })
      local query = busiest:join(users, users.id:eq(busiest.user_id)):join(busy, busy.user_id:eq(users.id))
        :select(users.id, busy.n):order(users.id)
      local rows = renders(db, query,
        'with "busy" as (select "posts"."user_id", count(*) as "n" from "posts" group by "posts"."user_id"), '
        .. '"busiest" as materialized (select "busy"."user_id", "busy"."n" from "busy" '
        .. 'where "busy"."n" = (select max(b.n) from "busy" as "b")) '
        .. 'select "users"."id", "busy"."n" from "busiest" join "users" on "users"."id" = "busiest"."user_id" '
        .. 'join "busy" on "busy"."user_id" = "users"."id" order by "users"."id"')
      assert.equal(4, #rows)
    end)

    it("are found in subqueries", function()
      local ids = mp.cte("ids", posts:select "user_id", { materialized = false })
      assert.equal(9, #renders(db, users:select "id":where(users.id:in_(ids:select "user_id")),
        'with "ids" as not materialized (' .. AUTHORS .. ') ' .. USER_IDS
        .. ' where "users"."id" = any (select "ids"."user_id" from "ids")'))
      assert.equal(2, #db:query(ids:select "user_id":where { user_id = 1 }:union_all(ids:as "more":select "user_id"
        :limit(0)):limit(2)))
    end)

    it("go on from their own rows", function()
      local tree = mp.recursive("tree", users:select("id", mp.value(0, "int4"):as "depth"):where { id = 1 },
        function(rows)
          return users:join(rows, users.manager_id:eq(rows.id)):select(users.id, (rows.depth + 1):as "depth")
        end)
      local rows = renders(db, tree:order("depth", "id"),
        'with recursive "tree" as ((select "users"."id", $1::int4 as "depth" from "users" where "users"."id" = $2) '
        .. 'union all (select "users"."id", ("tree"."depth" + $3) as "depth" from "users" join "tree" '
        .. 'on "users"."manager_id" = "tree"."id")) select "tree"."id", "tree"."depth" from "tree" '
        .. 'order by "tree"."depth", "tree"."id"', 0, 1, 1)
      assert.same(db:query [[
        with recursive t as (select id, 0 depth from users where id = 1 union all
          select u.id, t.depth + 1 from users u join t on u.manager_id = t.id)
        select id, depth from t order by depth, id]], rows)
      assert.equal(12, #rows)
    end)

    it("end in a circle, if they are distinct", function()
      local round = mp.recursive("round", mp.select(mp.value(0):as "n"), function(rows)
        return rows:select(((rows.n + 1) % 5):as "n")
      end, { distinct = true })
      assert.equal(5, #db:query(round:all()))
    end)

    it("change data, and are sent along", cluster.rolled_back(function() return db end, function(tx)
      local gone = mp.cte("gone", comments:delete():where(comments.id:le(3)):returning("id", "body"))
      assert.equal(3, #renders(tx, gone:order "id", 'with "gone" as (delete from "comments" '
        .. 'where "comments"."id" <= $1 returning "comments"."id", "comments"."body") '
        .. 'select "gone"."id", "gone"."body" from "gone" order by "gone"."id"', 3))
      local quiet = mp.cte("quiet", posts:update { likes = 0 }:where { id = 1 })
      assert.equal(1, tx:value(users:select "id":where { id = 1 }:with(quiet)))
      assert.equal(0, tx:value(posts:select "likes":where { id = 1 }))
      assert.equal(57, tx:value(comments:count()))
    end))

    it("must not have the name of a table that is read", function()
      local HINT = "give it another name"
      local MESSAGE = 'the common table expression "users" hides the table of that name'
      local hiding = mp.cte("users", posts:select "id")
      refuses(MESSAGE, HINT, function() return (hiding:where(hiding.id:in_(users:select "id")):to_sql()) end)
      refuses(MESSAGE, HINT, function() return (users:as "u":join(hiding:as "h", mp.value(true)):to_sql()) end)
      refuses(MESSAGE, HINT, function()
        return (posts:join(users:as "u", mp.value(true)):with(hiding):to_sql())
      end)
      assert.equal(40, #db:query(hiding:all()))
    end)

    it("may have the name of a table that itself reads, or one before it", function()
      local first = mp.cte("first", users:where(users.id:gt(10)))
      local own = mp.cte("users", users:where(users.id:gt(5)))
      local query = first:select "id":union_all(own:select "id")
      assert.equal(9, #db:query(query))
      local HINT = "give it another name"
      local MESSAGE = 'the common table expression "users" hides the table of that name'
      refuses(MESSAGE, HINT, function() return (own:select "id":union_all(first:select "id"):to_sql()) end)
      refuses(MESSAGE, HINT, function()
        local later = mp.cte("later", users:where(users.id:in_(own:select "id")))
        return (later:all():to_sql())
      end)
      refuses(MESSAGE, HINT, function()
        local numbers = mp.recursive("numbers", mp.select(mp.value(1):as "n"), function(rows)
          return rows:select(rows.n):where(rows.n:lt(1))
        end)
        return (own:cross_join(numbers):to_sql())
      end)
      refuses(MESSAGE, HINT, function()
        local round = mp.recursive("users", users:select "id", function(rows) return rows:select "id" end)
        return (round:all():to_sql())
      end)
    end)

    it("must have a name each", function()
      local one, other = mp.cte("k", users:select "id"), mp.cte("k", posts:select "id")
      refuses('two common table expressions are called "k"', "give one another name", function()
        return (one:join(other:as "o", mp.value(true)):to_sql())
      end)
    end)
  end)

  describe("pages", function()
    --- Reads all pages, first forward, then back from the last row.
    local function pages(query, sql)
      local expected = db:query(sql)
      local found, row = {}, nil
      repeat
        local page = db:query((row and query:after(row) or query):limit(7))
        table.move(page, 1, #page, #found + 1, found)
        row = page[#page]
      until not row
      assert.same(expected, found)
      local back, last = {}, expected[#expected]
      repeat
        local page = db:query(query:before(last):limit(7))
        table.move(page, 1, #page, #back + 1, back)
        last = page[#page]
      until not last
      assert.equal(#expected - 1, #back)
      for i, one in ipairs(back) do assert.same(expected[#expected - i], one) end
    end

    it("go on behind a row, or before it", function()
      pages(posts:order "id", "select * from posts order by id")
      pages(posts:select("id", "likes"):order(posts.likes:desc(), posts.id:desc()),
        "select id, likes from posts order by likes desc, id desc")
      pages(posts:order("made_at", posts.likes:desc(), posts.id:asc()),
        "select * from posts order by made_at, likes desc, id")
      pages(posts:where(posts.likes:gt(1)):order(posts.likes:desc(), posts.made_at, posts.id:desc()),
        "select * from posts where likes > 1 order by likes desc, made_at, id desc")
      pages(posts:join(posts.r.user):select(posts.id:as "post", users.name):order(users.name:desc(), posts.id),
        "select p.id post, u.name from posts p join users u on u.id = p.user_id order by u.name desc, p.id")
      local firsts = posts:distinct_on "user_id":order("user_id", "id"):as "firsts"
      pages(firsts:order(firsts.made_at:desc(), firsts.id),
        "select * from (select distinct on (user_id) * from posts order by user_id, id) f order by made_at desc, id")
      local renamed = posts:select(posts.id:as "post"):as "renamed"
      pages(renamed:order(renamed.post:desc()), "select id post from posts order by id desc")
      local all = users:select "id":union(posts:select "id"):as "all_ids"
      pages(all:order(all.id:desc()), "select id from users union select id from posts order by id desc")
    end)

    it("compare rows where all columns go the same way", function()
      renders(db, posts:select "id":order("likes", "id"):after { 3, 4 }, 'select "posts"."id" from "posts" '
        .. 'where ("posts"."likes", "posts"."id") > ($1, $2) order by "posts"."likes", "posts"."id"', 3, 4)
      renders(db, posts:select "id":order("likes", "id"):before { 3, 4 }, 'select "posts"."id" from "posts" '
        .. 'where ("posts"."likes", "posts"."id") < ($1, $2) order by "posts"."likes" desc, "posts"."id" desc', 3, 4)
      renders(db, posts:select "id":order(posts.likes:desc(), "id"):after { likes = 3, id = 4 },
        'select "posts"."id" from "posts" where "posts"."likes" < $1 or ("posts"."likes" = $1 '
        .. 'and "posts"."id" > $2) order by "posts"."likes" desc, "posts"."id"', 3, 4)
    end)

    it("are refused where rows would be left out", function()
      local NULLS = "NULL is neither before nor after a value: order by columns that are never NULL"
      refuses("a page after a row needs an order", "call order first, ending with a unique column",
        function() return (posts:after { 1 }) end)
      refuses("the order of a page has users.age, which may be NULL", NULLS,
        function() return (users:order "age":after { 1 }) end)
      local joined = users:left_join(posts, posts.user_id:eq(users.id))
      refuses("the order of a page has posts.id, which may be NULL", NULLS,
        function() return (joined:order(posts.id):after { 1 }) end)
      refuses("the order of a page has posts.id, which may be NULL", NULLS, function()
        return (posts:right_join(users, users.id:eq(posts.user_id)):order(posts.id):before { 1 })
      end)
      refuses("the order of a page has j.post, which may be NULL", NULLS, function()
        local j = joined:select(posts.id:as "post"):as "j"
        return (j:order(j.post):after { 1 })
      end)
      refuses("the order of a page has j.id, which may be NULL", NULLS, function()
        local j = joined:select(posts.id):as "j"
        return (j:order(j.id):after { 1 })
      end)
      refuses("the order of a page has posts.id, which may be NULL", NULLS, function()
        local query = posts:right_join(users, users.id:eq(posts.user_id)):join(comments, comments.id:eq(users.id))
        return (query:order(posts.id):after { 1 })
      end)
      refuses("the order of a page has r.likes, which may be NULL", NULLS, function()
        local r = posts:select "likes":group_by(mp.fn.rollup(posts.likes)):as "r"
        return (r:order(r.likes):after { 1 })
      end)
      refuses("the order of a page has an expression at 1; expected columns", nil,
        function() return (posts:order(posts.id + 1):after { 1 }) end)
      refuses("a page of distinct_on would begin with rows that were not its first",
        'give the query a name, and page through that: query:as "name"',
        function() return (posts:distinct_on "likes":order("likes", "id"):after { 1, 1 }) end)
      refuses('the query is ordered by posts.id, but gives another "id"',
        "select it too, under another name, or give the values of the order in a list",
        function() return (users:join(posts, posts.user_id:eq(users.id)):order(posts.id):after { id = 1 }) end)
      refuses('the row has no "id", which the query is ordered by', nil,
        function() return (posts:order("likes", "id"):after { likes = 1 }) end)
      refuses("the argument is a nil; expected a row, or the values of its order", nil,
        function() return (posts:order "id":after()) end)
      refuses("the argument is a moonpool.Table; expected a row, or the values of its order", nil,
        function() return (posts:order "id":after(posts)) end)
      refuses('posts.id is int4, which "x" does not fit; expected a number', nil,
        function() return (posts:order "id":after { id = "x" }) end)
      refuses("the row's id is mp.null", "NULL equals nothing: use is_null() or is_not_null()",
        function() return (posts:order "id":before { id = mp.null }) end)
    end)
  end)

  describe("plans", function()
    it("are explained, with options in their order", function()
      assert.is_true(#renders(db, posts:select "id":explain(), 'explain select "posts"."id" from "posts"') > 0)
      renders(db, posts:select "id":where { id = 1 }:explain { format = "json", costs = false, analyze = true },
        'explain (analyze true, costs false, format json) select "posts"."id" from "posts" where "posts"."id" = $1', 1)
      local k = mp.cte("k", posts:select "id")
      renders(db, k:explain { verbose = true }, 'explain (verbose true) with "k" as (select "posts"."id" from "posts") '
        .. 'select "k"."id" from "k"')
      assert.is_true(#db:query(users:select "id":union(posts:select "id"):explain()) > 0)
    end)

    it("have the options of the server", function()
      refuses('there is no option "analyse" of explain', "did you mean analyze?",
        function() return (posts:explain { analyse = true }) end)
      refuses("option analyze is a number; expected true or false", nil,
        function() return (posts:explain { analyze = 1 }) end)
      refuses('option format is "jsn"; expected text, json, yaml or xml', nil,
        function() return (posts:explain { format = "jsn" }) end)
      refuses("the argument of explain is a boolean; expected a table of options", nil,
        function() return (posts:explain(true)) end)
    end)
  end)

  it("scopes are functions, with further arguments", function()
    local function by(query, id, least)
      return query:where(posts.user_id:eq(id), posts.likes:ge(least))
    end
    assert.equal((posts:where(posts.user_id:eq(1), posts.likes:ge(2)):to_sql()), (posts:scope(by, 1, 2):to_sql()))
  end)

  it("have the same text for other values, however they are nested", function()
    local function text(n)
      local k = mp.cte("k", posts:where(posts.likes:gt(n)):select("id", "user_id"))
      local own = k:where(k.user_id:eq(users.id) & k.id:ne(n)):limit(n)
      return (users:where(own:exists() | users.id:in_ { n, n }):order "id":after { n }:limit(n):union(users:limit(n))
        :offset(n):to_sql())
    end
    assert.equal(text(1), text(1000000))
  end)

  local NAMED = 'give it one: :as "name"'
  local MISTAKES = {
    { "the argument of union is a moonpool.Table; expected a query", false,
      function() return (users:select "id":union(posts)) end },
    { "the argument of except_all is a nil; expected a query", false, function() return (users:except_all()) end },
    { "the argument of union is a moonpool.delete; expected a query", false,
      function() return (users:union(posts:delete())) end },
    { "the left side of the union gives 1 columns, the right side 6", false,
      function() return (users:select "id":union(posts:all())) end },
    { "column 1 of the intersect is int4 on the left and text on the right", 'cast one of them: column:cast("type")',
      function() return (users:select "id":intersect(posts:select "title")) end },
    { 'the union gives no column "name" to order by', "it gives id",
      function() return (users:select "id":union(posts:select "id"):order "name") end },
    { "the limit is -1; expected a whole number, 0 or more", false,
      function() return (users:select "id":union(posts:select "id"):limit(-1)) end },
    { 'union has no method "wher"', "there are as, count, except, except_all, exists, explain, intersect, "
      .. "intersect_all, limit, offset, order, scope and 4 more",
      function() return (users:select "id":union(posts:select "id").wher) end },
    { "column 1 of the query has no name", NAMED, function() return (users:select(users.id + 1):as "x") end },
    { "column 1 of the query has no name", NAMED, function() return (mp.cte("x", users:select(users.id + 1))) end },
    { "the alias is a nil; expected a name", false, function() return (users:all():as()) end },
    { "the name is empty; expected a name", false, function() return (mp.cte("", users:all())) end },
    { "the second argument of cte is a moonpool.Table; expected a query", false,
      function() return (mp.cte("x", users)) end },
    { "the second argument of cte is a moonpool.explain; expected a query", false,
      function() return (mp.cte("x", users:explain())) end },
    { 'there is no option "materialised" of a common table expression', "did you mean materialized?",
      function() return (mp.cte("x", users:all(), { materialised = true })) end },
    { "option materialized is a number; expected true or false", false,
      function() return (mp.cte("x", users:all(), { materialized = 1 })) end },
    { "the options are a string; expected a table such as { materialized = true }", false,
      function() return (mp.cte("x", users:all(), "materialized")) end },
    { 'there is no option "distnct" of a common table expression', "did you mean distinct?",
      function() return (mp.recursive("x", users:all(), print, { distnct = true })) end },
    { "the options are a boolean; expected a table such as { distinct = true }", false,
      function() return (mp.recursive("x", users:all(), print, true)) end },
    { "the third argument of recursive is a nil; expected a function", false,
      function() return (mp.recursive("x", users:all())) end },
    { "the second argument of recursive is a moonpool.Table; expected a query", false,
      function() return (mp.recursive("x", users, print)) end },
    { "what the function of recursive returned is a nil; expected a query", false,
      function() return (mp.recursive("x", users:all(), function() end)) end },
    { "the second argument of recursive changes data; expected a query", false,
      function() return (mp.recursive("x", users:delete():everywhere():returning "id", print)) end },
    { "column 1 of the union_all is int4 on the left and text on the right", 'cast one of them: column:cast("type")',
      function() return (mp.recursive("x", users:select "id", function() return (users:select "name") end)) end },
    { "users is no common table expression", "make it with mp.cte(name, query)",
      function() return (posts:with(users)) end },
    { "the argument of with is a nil; expected a table", false, function() return (posts:with()) end },
    { "the argument of exists is a moonpool.Table; expected a query", false, function() return (mp.exists(users)) end },
    { "a statement that changes data cannot be a value", "give it a name with mp.cte(name, statement)",
      function() return (users.id:in_(posts:delete():everywhere():returning "id")) end },
    { "the subquery gives no rows", "add :returning(...)",
      function() return (users.id:in_(posts:delete():everywhere())) end },
    { "a query with more than conditions cannot become the delete of its rows",
      "write table:delete(...):where(table.id:in_(query))", function() return (posts:limit(1):delete()) end },
    { "a query with more than conditions cannot become the update of its rows",
      "write table:update(...):where(table.id:in_(query))",
      function() return (posts:order "id":update { likes = 1 }) end },
  }

  for i, mistake in ipairs(MISTAKES) do
    it(("refuse, %d: %s"):format(i, mistake[1]), function()
      refuses(mistake[1], mistake[2] or nil, mistake[3])
    end)
  end
end)

describe("queries of queries of the sample data", function()
  local db
  local metrics, users, members, chats = buster.metric_files, buster.users, buster.users_to_organizations, buster.chats

  setup(function() db = mp.connect { url = sample.database(), max_size = 2 } end)
  teardown(function() db:close() end)

  local function answers(query, sql)
    local expected = db:query(sql)
    assert.is_true(#expected > 0)
    assert.same(expected, db:query(query))
  end

  it("give what the same question in SQL gives", function()
    answers(users:select "id":where(users.id:not_in(metrics:select "created_by")):order "id",
      "select id from users where id not in (select created_by from metric_files) order by id")
    answers(metrics:select("id", "name"):union(chats:select("id", "title")):order("name", "id"):limit(20),
      "select id, name from metric_files union select id, title from chats order by name, id limit 20")
    local owners = mp.cte("owners", members:where { role = "workspace_admin" }:select("user_id", "organization_id"))
    answers(owners:join(metrics, metrics.organization_id:eq(owners.organization_id)
      & metrics.created_by:ne(owners.user_id)):select(owners.user_id, mp.fn.count():as "n"):group_by(owners.user_id)
      :order(owners.user_id), [[
      with owners as (select user_id, organization_id from users_to_organizations where role = 'workspace_admin')
      select o.user_id, count(*) n from owners o join metric_files m on m.organization_id = o.organization_id
      and m.created_by <> o.user_id group by 1 order by 1]])
  end)

  it("page through all rows", function()
    local query, found, row = metrics:select("id", "created_at"):order(metrics.created_at:desc(), "id"), {}, nil
    repeat
      local page = db:query((row and query:after(row) or query):limit(50))
      table.move(page, 1, #page, #found + 1, found)
      row = page[#page]
    until not row
    assert.same(db:query "select id, created_at from metric_files order by created_at desc, id", found)
  end)
end)
