--- SELECT of one table: its clauses, names, locks, and what is refused; with answers of hand-written SQL.

local mp = require "moonpool"
local forum = require "spec.support.forum"
local refuses = require "spec.support.refuses"
local renders = require "spec.support.renders"
local sample = require "spec.support.sample"
local buster = require "buster.schema"

describe("a query of a table", function()
  local db, users, posts, comments

  setup(function()
    local schema
    db, schema = forum.open()
    users, posts, comments = schema.users, schema.posts, schema.comments
  end)

  teardown(function() db:close() end)

  local ALL = 'select "posts"."id", "posts"."user_id", "posts"."editor_id", "posts"."title", "posts"."likes", '
    .. '"posts"."made_at" from "posts"'

  it("is for all rows and columns at first", function()
    assert.equal(40, #renders(db, posts:all(), ALL))
    assert.equal(ALL, (posts:to_sql()))
    assert.equal(ALL, tostring(posts:all()))
  end)

  describe("chooses columns", function()
    it("by themselves, their names, with other names", function()
      local more = (posts.likes + 1):as "more"
      local rows = renders(db, posts:select(posts.id, "title", posts.likes:as "n", more):limit(1),
        'select "posts"."id", "posts"."title", "posts"."likes" as "n", ("posts"."likes" + $1) as "more" from "posts" '
        .. 'limit $2', 1, 1)
      assert.same({ id = 1, title = "post 1", n = 1, more = 2 }, rows[1])
    end)

    it("by a table, which are all of its", function()
      renders(db, posts:select(posts, (posts.likes * 2):as "twice"):limit(0),
        ALL:gsub(" from ", ', ("posts"."likes" * $1) as "twice" from ') .. " limit $2", 2, 0)
    end)

    it("and adds to them", function()
      renders(db, posts:select("id"):add("title", posts.likes:as "n"),
        'select "posts"."id", "posts"."title", "posts"."likes" as "n" from "posts"')
      renders(db, posts:add(mp.fn.lower(posts.title)), (ALL:gsub(" from ", ', lower("posts"."title") from ')))
    end)

    it("of a name that a method has, or that is a keyword", function()
      renders(db, comments:select(comments.c.order, comments.c.select):where(comments.c.order:eq(1)):order "order",
        'select "comments"."order", "comments"."select" from "comments" where "comments"."order" = $1 '
        .. 'order by "comments"."order"', 1)
    end)
  end)

  describe("chooses rows", function()
    it("by conditions, which all hold", function()
      local text = 'select "users"."id" from "users" where "users"."age" > $1 and "users"."active"'
      assert.equal(7, #renders(db, users:select "id":where(users.age:gt(21)):where(users.active), text, 21))
      assert.equal(7, #renders(db, users:select "id":where(users.age:gt(21), users.active), text, 21))
    end)

    it("by a table of names and values, in the order of the names", function()
      assert.equal(1, #renders(db, users:select "id":where { mood = "sad", active = true, age = 21, id = { 1, 2 } },
        'select "users"."id" from "users" where "users"."active" = $1 and "users"."age" = $2 '
        .. 'and "users"."id" = any ($3) and "users"."mood" = $4', true, 21, { 1, 2 }, "sad"))
      assert.equal(1, #db:query(users:where { doc = { n = 1, odd = true } }))
      assert.equal(2, #db:query(users:where { tags = { "t1", "t1" } }))
      assert.equal(9, #db:query(users:where { id = posts:select "user_id" }))
      assert.equal(1, #db:query(users:where { ["users.id"] = 1 }))
    end)

    it("by groups", function()
      local rows = renders(db, posts:select("user_id", mp.fn.count():as "n"):group_by "user_id"
        :having(mp.fn.count():gt(4)):having(mp.fn.sum(posts.likes):ge(0)):order "user_id",
        'select "posts"."user_id", count(*) as "n" from "posts" group by "posts"."user_id" '
        .. 'having count(*) > $1 and sum("posts"."likes") >= $2 order by "posts"."user_id"', 4, 0)
      assert.same(db:query [[select user_id, count(*) n from posts group by 1 having count(*) > 4 order by 1]], rows)
    end)

    it("of an expression that only the result names", function()
      local rows = renders(db, posts:select((posts.likes % 2):as "odd", mp.fn.count()):group_by "odd":order "odd",
        'select ("posts"."likes" % $1) as "odd", count(*) from "posts" group by ("posts"."likes" % $1) order by "odd"',
        2)
      assert.same(db:query "select likes % 2 odd, count(*) from posts group by 1 order by 1", rows)
    end)

    it("of a column, before an expression of its name", function()
      renders(db, posts:select((posts.likes % 2):as "likes"):group_by "likes",
        'select ("posts"."likes" % $1) as "likes" from "posts" group by "posts"."likes"', 2)
    end)

    it("once", function()
      assert.equal(9, #renders(db, posts:select "user_id":distinct(), 'select distinct "posts"."user_id" from "posts"'))
      local rows = renders(db, posts:select("user_id", "id"):distinct_on "user_id":order("user_id", posts.id:desc()),
        'select distinct on ("posts"."user_id") "posts"."user_id", "posts"."id" from "posts" '
        .. 'order by "posts"."user_id", "posts"."id" desc')
      assert.same(db:query "select user_id, max(id) id from posts group by 1 order by 1", rows)
    end)

    it("so many", function()
      local rows = renders(db, posts:select "id":order "id":limit(2):offset(3),
        'select "posts"."id" from "posts" order by "posts"."id" limit $1 offset $2', 2, 3)
      assert.same({ { id = 4 }, { id = 5 } }, rows)
      assert.equal(0, #db:query(posts:limit(0)))
      assert.equal(40, #db:query(posts:limit(math.maxinteger)))
      assert.equal(3, #db:query(posts:limit(mp.param "n"), { n = 3 }))
      assert.equal(2, #db:query(posts:limit(2.0)))
    end)
  end)

  describe("sorts", function()
    it("by columns, one after the other", function()
      renders(db, posts:select "id":order("likes", posts.id:desc()):order(posts.title:asc():nulls_last()),
        'select "posts"."id" from "posts" order by "posts"."likes", "posts"."id" desc, "posts"."title" asc nulls last')
      renders(db, users:select "id":order(users.email:nulls_first(), users.name:desc():nulls_last()),
        'select "users"."id" from "users" order by "users"."email" nulls first, "users"."name" desc nulls last')
      renders(db, users:select "id":order(users.id:desc():asc()), 'select "users"."id" from "users" '
        .. 'order by "users"."id" asc')
    end)

    it("by an expression's name, and by a column rather than by another name of it", function()
      renders(db, posts:select((posts.likes + 1):as "n"):order "n",
        'select ("posts"."likes" + $1) as "n" from "posts" order by "n"', 1)
      local rows = renders(db, users:select((-users.id):as "id"):order "id":limit(1),
        'select (-"users"."id") as "id" from "users" order by "id" limit $1', 1)
      assert.equal(-12, rows[1].id)
      rows = renders(db, users:select((-users.id):as "id"):order(users.id):limit(1),
        'select (-"users"."id") as "id" from "users" order by "users"."id" limit $1', 1)
      assert.equal(-1, rows[1].id)
    end)

    it("no more", function()
      assert.equal(ALL, (posts:order "id":unordered():to_sql()))
    end)
  end)

  it("locks its rows", function()
    local START = 'select "users"."id" from "users" where "users"."id" = $1 '
    local query = users:select "id":where { id = 1 }
    renders(db, query:for_update(), START .. "for update", 1)
    renders(db, query:for_no_key_update(), START .. "for no key update", 1)
    renders(db, query:for_share { skip_locked = true }, START .. "for share skip locked", 1)
    renders(db, query:for_key_share { nowait = true, of = users }, START .. 'for key share of "users" nowait', 1)
    renders(db, query:for_update { of = { users }, skip_locked = false }, START .. 'for update of "users"', 1)
  end)

  it("needs no table", function()
    renders(db, mp.select(mp.value(1):as "a", mp.value("x"):as "b"):where(mp.value(true)),
      'select $1::int8 as "a", $2::text as "b" where $3::bool', 1, "x", true)
    assert.equal(1, db:value(mp.select(mp.value(1):as "a"):order "a":limit(1)))
    assert.equal(1, db:value(mp.select(mp.value(1):as "a"):count()))
  end)

  describe("is a value", function()
    it("that no step changes", function()
      local base = posts:where(posts.likes:gt(1)):order "id"
      local before, values = base:to_sql()
      local key = base:select("id"):order "id"
      for name, arguments in pairs {
        select = { "id" }, add = { mp.fn.now() }, where = { posts.id:eq(1) }, having = { posts.id:eq(1) },
        group_by = { "id" }, order = { "likes" }, unordered = {}, distinct = {}, distinct_on = { "id" }, limit = { 1 },
        offset = { 1 }, for_update = {}, for_share = {}, count = {}, exists = {}, after = { { id = 1 } },
        before = { { id = 1 } }, explain = {}, as = { "x" }, union = { base }, except_all = { base },
        join = { users, users.id:eq(posts.user_id) }, left_join = { users, users.id:eq(posts.user_id) },
        cross_join = { users }, with = { mp.cte("k", key) }, scope = { function(query) return query:limit(1) end },
      } do
        assert.not_equal(base, base[name](base, table.unpack(arguments)))
        local now, later = base:to_sql()
        assert.equal(before, now, name)
        assert.same(values, later)
      end
    end)

    it("that the caller's tables do not change", function()
      local ids, conditions = { 1, 2 }, { likes = 1 }
      local query = posts:where(posts.id:in_(ids)):where(conditions)
      ids[1], ids[3], conditions.likes = 40, 5, 2
      local _, values = query:to_sql()
      assert.same({ 1, 2 }, { values[1][1], values[1][2] })
      assert.equal(2, #values[1])
      assert.equal(1, values[2])
    end)

    it("that refuses fields", function()
      local query = posts:all()
      refuses("a query cannot be changed: each of its methods returns a new one", nil, function() query.order_ = 1 end)
    end)

    it("that many tasks use at the same time", function()
      local query = posts:where(posts.id:le(mp.param "n")):order "id"
      local tasks = {}
      for i = 1, 20 do
        tasks[i] = function() return #db:query(query, { n = i }) end
      end
      local counts = { mp.all(tasks) }
      for i = 1, 20 do assert.equal(i, counts[i]) end
    end)
  end)

  local MISTAKES = {
    { "select needs a column", false, function() return (posts:select()) end },
    { "add needs a column", false, function() return (posts:add()) end },
    { "argument 1 of add is a nil; expected a column, its name, or an expression", false,
      function() return (posts:add(nil)) end },
    { "argument 2 of select is a nil; expected a column, its name, or an expression", false,
      function() return (posts:select("id", nil)) end },
    { 'posts has no column "titel"', "did you mean title?", function() return (posts:select "titel") end },
    { 'posts has no column "titel"', "did you mean title?", function() return posts.titel end },
    { 'posts has no column "titel"', "did you mean title?", function() return posts.c.titel end },
    { 'posts has no column or method "ordr"', "did you mean order?", function() return posts.ordr end },
    { 'posts has no column ""', "there are id, user_id, editor_id, title, likes, made_at",
      function() return (posts:select "") end },
    { 'posts has no column "\\x00"', "there are id, user_id, editor_id, title, likes, made_at",
      function() return (posts:order "\0") end },
    { "posts has no column a number", "there are id, user_id, editor_id, title, likes, made_at",
      function() return posts[1] end },
    { 'select gives two columns named "id", and a row can hold only one', 'name one of them: :as "other"',
      function() return (posts:select("id", posts.id)) end },
    { 'add gives two columns named "id", and a row can hold only one', 'name one of them: :as "other"',
      function() return (posts:add "id") end },
    { "argument 1 of select is an order; expected a column or an expression", false,
      function() return (posts:select(posts.id:desc())) end },
    { "argument 1 of select is a moonpool.query; expected a column, its name, or an expression",
      'give the query a name: :as "name"', function() return (posts:select(users:select "id")) end },
    { "argument 1 of select is a moonpool.Case; expected a value or an expression",
      "end it with :otherwise(value) or :finish()",
      function() return (posts:select(mp.case(posts.id:eq(1), 1))) end },
    { "the argument of where is a string; expected a condition such as column:eq(value)", false,
      function() return (posts:where "id = 1") end },
    { "the argument of where is a nil; expected a condition such as column:eq(value)", false,
      function() return (posts:where()) end },
    { "an argument of where is a nil; expected a condition such as column:eq(value)", false,
      function() return (posts:where(posts.id:eq(1), nil)) end },
    { "the argument of where is a boolean; expected a condition such as column:eq(value)",
      "Lua's == compares objects: write column:eq(value)", function() return (posts:where(posts.id == 1)) end },
    { "the table of where is empty; expected { name = value }", "to select all, leave where out",
      function() return (posts:where { id = nil }) end },
    { "the table of where has the key 1; expected names of columns",
      "write where { name = value }, or where(condition, condition)",
      function() return (posts:where { posts.id:eq(1) }) end },
    { "where takes one table, or conditions", false, function() return (posts:where({ id = 1 }, { likes = 2 })) end },
    { 'posts has no column "like"', "did you mean likes?", function() return (posts:where { like = 1 }) end },
    { "posts.likes is int4, which \"many\" does not fit; expected a number", false,
      function() return (posts:where { likes = "many" }) end },
    { "the argument of eq is mp.null", "NULL equals nothing: use is_null() or is_not_null()",
      function() return (posts:where { editor_id = mp.null }) end },
    { "the argument of having is a number; expected a condition such as column:eq(value)", false,
      function() return (posts:having(1)) end },
    { "group_by needs a column", false, function() return (posts:group_by()) end },
    { "argument 1 of group_by is a table; expected a column, its name, or an expression", false,
      function() return (posts:group_by { "id" }) end },
    { "argument 2 of group_by is an order; expected a column, its name, or an expression", false,
      function() return (posts:group_by("id", posts.id:desc())) end },
    { "argument 1 of distinct_on is a nil; expected a column, its name, or an expression", false,
      function() return (posts:distinct_on(nil)) end },
    { "distinct_on needs a column", false, function() return (posts:distinct_on()) end },
    { "order needs a column", false, function() return (posts:order()) end },
    { "argument 2 of order is a nil; expected a column, its name, or an expression", false,
      function() return (posts:order("id", nil)) end },
    { "argument 1 of order is a table; expected a column, its name, or an expression", false,
      function() return (posts:order { "id" }) end },
    { 'posts has no column "id desc"', "there are id, user_id, editor_id, title, likes, made_at",
      function() return (posts:order "id desc") end },
    { 'the query is ordered by "n", which it would not give any more', "call unordered first, or order after select",
      function() return (posts:select((posts.id + 1):as "n"):order "n":select "id") end },
    { "the limit is -1; expected a whole number, 0 or more", false, function() return (posts:limit(-1)) end },
    { "the limit is 1.5; expected a whole number, 0 or more", false, function() return (posts:limit(1.5)) end },
    { "the limit is inf; expected a whole number, 0 or more", false, function() return (posts:limit(math.huge)) end },
    { "the limit is a string; expected a whole number, 0 or more", false, function() return (posts:limit "1") end },
    { "the limit is a nil; expected a whole number, 0 or more", false, function() return (posts:limit()) end },
    { "the limit is a moonpool.Expression; expected a whole number, 0 or more", false,
      function() return (posts:limit(posts.id)) end },
    { "the offset is a null; expected a whole number, 0 or more", false,
      function() return (posts:offset(mp.null)) end },
    { "the options of a lock are a boolean; expected a table", false, function() return (posts:for_update(true)) end },
    { 'there is no option "skiplocked" of a lock', "did you mean skip_locked?",
      function() return (posts:for_update { skiplocked = true }) end },
    { "option nowait is a number; expected true or false", false,
      function() return (posts:for_share { nowait = 1 }) end },
    { "a lock has the options skip_locked and nowait; expected one of them", false,
      function() return (posts:for_update { skip_locked = true, nowait = true }) end },
    { "users is not part of this query, and cannot be locked", false,
      function() return (posts:for_update { of = users }) end },
    { "option of is a string; expected a table or a list of them", false,
      function() return (posts:for_update { of = "posts" }) end },
    { "option of is an empty list; expected a table or a list of them", false,
      function() return (posts:for_update { of = {} }) end },
    { "the argument of of is a string; expected a table", false,
      function() return (posts:for_update { of = { "posts" } }) end },
    { 'query has no method "wher"', "did you mean where?", function() return posts:all().wher end },
    { "the scope gave a nil; expected a query", "return the query from it",
      function() return (posts:scope(function() end)) end },
    { "the argument of scope is a nil; expected a function", false, function() return (posts:scope()) end },
    { 'no table of this query has a column "a"', false,
      function() return (mp.select(mp.value(1):as "a"):where { a = 1 }) end },
    { 'no table of this query has a column "b"', false,
      function() return (mp.select(mp.value(1):as "a"):order "b") end },
    { 'this query has no column "a"', false, function() return (mp.select "a") end },
    { "select needs a column", false, function() return (mp.select(mp.value(1)):select()) end },
  }

  for i, mistake in ipairs(MISTAKES) do
    it(("refuses, %d: %s"):format(i, mistake[1]), function()
      refuses(mistake[1], mistake[2] or nil, mistake[3])
    end)
  end

  it("is not run with values that it has no use for", function()
    refuses("the query has no parameters, but a value was given", 'mp.param "name" makes one', function()
      return (db:query(posts:where { id = 1 }, 2))
    end)
    refuses("the statement is the table posts", "for all its rows write table:all()", function()
      return (db:query(posts))
    end)
  end)
end)

describe("a query of the sample data", function()
  local db
  local metrics, permissions, members = buster.metric_files, buster.asset_permissions, buster.users_to_organizations

  setup(function() db = mp.connect { url = sample.database(), max_size = 2 } end)
  teardown(function() db:close() end)

  --- Both give the same rows, and there are some.
  local function answers(query, sql, ...)
    local expected = db:query(sql, ...)
    assert.is_true(#expected > 0)
    assert.same(expected, db:query(query))
  end

  it("gives what the same question in SQL gives", function()
    answers(metrics:where(metrics.deleted_at:is_null(), metrics.publicly_accessible):order(metrics.id),
      "select * from metric_files where deleted_at is null and publicly_accessible order by id")
    answers(metrics:select("verification", mp.fn.count():as "n"):group_by "verification":order("n", "verification"),
      "select verification, count(*) n from metric_files group by 1 order by 2, 1")
    answers(members:where { role = { "querier", "viewer", "data_admin" }, status = "active" }
      :order(members.user_id, members.organization_id), [[
      select * from users_to_organizations where role in ('querier', 'viewer', 'data_admin') and status = 'active'
      order by user_id, organization_id]])
    answers(permissions:select(permissions.asset_type, permissions.role, mp.fn.count():as "n")
      :where(~permissions.role:in_ { "owner" } | permissions.asset_type:eq "chat"):group_by("asset_type", "role")
      :having(mp.fn.count():gt(1)):order(permissions.asset_type, permissions.role:desc()), [[
      select asset_type, role, count(*) n from asset_permissions where not role = 'owner' or asset_type = 'chat'
      group by 1, 2 having count(*) > 1 order by 1, 2 desc]])
    answers(metrics:select("created_by", "id", "name"):distinct_on "created_by"
      :order("created_by", metrics.created_at:desc(), "id"), [[
      select distinct on (created_by) created_by, id, name from metric_files
      order by created_by, created_at desc, id]])
    answers(metrics:where(metrics.created_at:between("2000-01-01", "2100-01-01") & metrics.name:ilike "%a%")
      :select("id"):order "id":limit(5):offset(2), [[
      select id from metric_files where created_at between '2000-01-01' and '2100-01-01' and name ilike '%a%'
      order by id limit 5 offset 2]])
  end)
end)
