--- Joins: along relations and by conditions, of outer rows, of queries, lateral; which names are visible where; and
--- what is refused.

local mp = require "moonpool"
local forum = require "spec.support.forum"
local refuses = require "spec.support.refuses"
local renders = require "spec.support.renders"
local sample = require "spec.support.sample"
local buster = require "buster.schema"

describe("a join", function()
  local db, users, posts, comments

  setup(function()
    local schema
    db, schema = forum.open()
    users, posts, comments = schema.users, schema.posts, schema.comments
  end)

  teardown(function() db:close() end)

  local COMMENTS = 'select "comments"."id" from "comments" '
  local POSTS = 'select "posts"."id" from "posts" '
  local TO_POSTS = 'join "posts" on "comments"."post_id" = "posts"."id"'
  local TO_USERS = 'join "users" on "posts"."user_id" = "users"."id"'

  describe("along a relation", function()
    it("is found by the table, if one relation leads there", function()
      assert.equal(60, #renders(db, comments:select "id":join(posts), COMMENTS .. TO_POSTS))
    end)

    it("has a name", function()
      assert.equal(60, #renders(db, comments:select "id":join "post", COMMENTS .. TO_POSTS))
      assert.equal(60, #renders(db, comments:select(comments.id):join(posts):join(posts.r.user),
        COMMENTS .. TO_POSTS .. " " .. TO_USERS))
    end)

    it("may lead to the table under another name", function()
      local editors = users:as "editors"
      assert.equal(20, #renders(db, posts:select(posts.id, editors.name):join(posts.r.user):join("editor", editors),
        'select "posts"."id", "editors"."name" from "posts" ' .. TO_USERS
        .. ' join "users" as "editors" on "posts"."editor_id" = "editors"."id"'))
    end)

    it("may lead to the table itself", function()
      local managers = users:as "managers"
      local query = users:select(users.id, managers.id:as "manager"):join("manager", managers):order(users.id)
      local rows = renders(db, query,
        'select "users"."id", "managers"."id" as "manager" from "users" join "users" as "managers" '
        .. 'on "users"."manager_id" = "managers"."id" order by "users"."id"')
      assert.same(db:query "select id, manager_id manager from users where manager_id is not null order by 1", rows)
    end)
  end)

  describe("by a condition", function()
    local ON = ' join "users" on "users"."id" = "posts"."editor_id"'

    it("keeps the rows that it is told to keep", function()
      local on = users.id:eq(posts.editor_id)
      local query = posts:select(posts.id)
      assert.equal(20, #renders(db, query:join(users, on), 'select "posts"."id" from "posts"' .. ON))
      assert.equal(40, #renders(db, query:left_join(users, on), 'select "posts"."id" from "posts" left' .. ON))
      assert.equal(27, #renders(db, query:right_join(users, on), 'select "posts"."id" from "posts" right' .. ON))
      assert.equal(47, #renders(db, query:full_join(users, on), 'select "posts"."id" from "posts" full' .. ON))
      assert.equal(480, #renders(db, query:cross_join(users), POSTS .. 'cross join "users"'))
    end)

    it("gives NULL where there is no row", function()
      local row = db:one(posts:left_join(posts.r.editor):select(posts.id, users.name):where(posts.id:eq(1)))
      assert.is_nil(row.name)
    end)

    it("may use all tables before it", function()
      assert.equal(60, #renders(db, comments:select(comments.id):join(posts):join(users,
        users.id:eq(posts.user_id) & comments.id:gt(0)),
        COMMENTS .. TO_POSTS .. ' join "users" on "users"."id" = "posts"."user_id" and "comments"."id" > $1', 0))
    end)
  end)

  it("finds names in all its tables", function()
    renders(db, posts:join(users, users.id:eq(posts.user_id)):select("title", "name"):where { age = 21 }:order "likes",
      'select "posts"."title", "users"."name" from "posts" join "users" on "users"."id" = "posts"."user_id" '
      .. 'where "users"."age" = $1 order by "posts"."likes"', 21)
    renders(db, posts:join(users, users.id:eq(posts.user_id)):select "users.id":where { ["posts.id"] = 1 },
      'select "users"."id" from "posts" join "users" on "users"."id" = "posts"."user_id" where "posts"."id" = $1', 1)
  end)

  describe("of a query", function()
    it("needs a name, and has the query's columns", function()
      local counts = posts:select("user_id", mp.fn.count():as "n"):group_by "user_id"
      local busy = counts:having(mp.fn.count():gt(4)):as "busy"
      local rows = renders(db, users:select("name", busy.n):join(busy, busy.user_id:eq(users.id)):where(busy.n:gt(1))
        :order(users.id),
        'select "users"."name", "busy"."n" from "users" join (select "posts"."user_id", count(*) as "n" from "posts" '
        .. 'group by "posts"."user_id" having count(*) > $1) as "busy" on "busy"."user_id" = "users"."id" '
        .. 'where "busy"."n" > $2 order by "users"."id"', 4, 1)
      assert.same(db:query [[
        select u.name, b.n from users u join (select user_id, count(*) n from posts group by 1 having count(*) > 4) b
        on b.user_id = u.id order by u.id]], rows)
    end)

    it("may be the first table", function()
      local loud = posts:where(posts.likes:gt(3)):select("id", "user_id"):as "loud"
      assert.equal(13, #renders(db, loud:join(users, users.id:eq(loud.user_id)):select(loud.id),
        'select "loud"."id" from (select "posts"."id", "posts"."user_id" from "posts" where "posts"."likes" > $1) '
        .. 'as "loud" join "users" on "users"."id" = "loud"."user_id"', 3))
    end)

    it("may be lateral, and use the tables before it", function()
      local last = posts:where(posts.user_id:eq(users.id)):order(posts.id:desc()):limit(1):select "id":as "last"
      local LATERAL = 'lateral (select "posts"."id" from "posts" where "posts"."user_id" = "users"."id" '
        .. 'order by "posts"."id" desc limit $1) as "last"'
      local query = users:select("name", last.id:as "last"):order(users.id)
      local rows = renders(db, query:join_lateral(last), 'select "users"."name", "last"."id" as "last" from "users" '
        .. "cross join " .. LATERAL .. ' order by "users"."id"', 1)
      assert.same(db:query [[
        select name, (select max(id) from posts where user_id = users.id) as last from users
        where exists (select from posts where user_id = users.id) order by id]], rows)
      assert.equal(12, #renders(db, query:left_join_lateral(last), 'select "users"."name", "last"."id" as "last" '
        .. 'from "users" left join ' .. LATERAL .. ' on true order by "users"."id"', 1))
      assert.equal(9, #renders(db, query:join_lateral(last, last.id:gt(0)), 'select "users"."name", '
        .. '"last"."id" as "last" from "users" join ' .. LATERAL .. ' on "last"."id" > $2 order by "users"."id"', 1, 0))
    end)

    it("may be lateral within another lateral one", function()
      local inner = comments:where(comments.post_id:eq(posts.id), comments.id:gt(users.id)):select "id":as "inner"
      local outer = posts:where(posts.user_id:eq(users.id)):join_lateral(inner):select(inner.id):as "outer"
      local rows = renders(db, users:select(users.id:as "user", outer.id):join_lateral(outer):order(users.id, outer.id),
        'select "users"."id" as "user", "outer"."id" from "users" cross join lateral (select "inner"."id" from "posts" '
        .. 'cross join lateral (select "comments"."id" from "comments" where "comments"."post_id" = "posts"."id" '
        .. 'and "comments"."id" > "users"."id") as "inner" where "posts"."user_id" = "users"."id") as "outer" '
        .. 'order by "users"."id", "outer"."id"')
      assert.same(db:query [[
        select p.user_id as user, c.id from posts p join comments c on c.post_id = p.id and c.id > p.user_id
        order by 1, 2]], rows)
    end)
  end)

  describe("whose tables are those of an outer query", function()
    it("refers to them from several levels below", function()
      local others = users:as "others"
      local query = users:select "id":where(posts:where(posts.user_id:eq(users.id),
        comments:where(comments.post_id:eq(posts.id),
          others:where(others.id:eq(comments.id), others.age:ge(users.age)):exists()):exists()):exists()):order "id"
      local rows = renders(db, query,
        'select "users"."id" from "users" where exists (select from "posts" where "posts"."user_id" = "users"."id" '
        .. 'and exists (select from "comments" where "comments"."post_id" = "posts"."id" '
        .. 'and exists (select from "users" as "others" where "others"."id" = "comments"."id" '
        .. 'and "others"."age" >= "users"."age"))) order by "users"."id"')
      assert.is_true(#rows > 0 and #rows < 9)
      assert.same(db:query [[
        select distinct u.id from users u join posts p on p.user_id = u.id join comments c on c.post_id = p.id
        join users o on o.id = c.id and o.age >= u.age order by 1]], rows)
    end)

    it("means the innermost one, where the table itself is read twice", function()
      local query = users:select "id":where(users:where(users.id:gt(11)):exists())
      assert.equal(12, #renders(db, query, 'select "users"."id" from "users" '
        .. 'where exists (select from "users" where "users"."id" > $1)', 11))
    end)

    local HINT = 'read one of them under another name: :as "other"'

    it("refuses a name that means another table there", function()
      local MESSAGE = "users.id: another table is called users in this query"
      local shadow = posts:as "users"
      refuses(MESSAGE, HINT, function()
        local condition = shadow:where(shadow.user_id:eq(users.id)):exists()
        return (users:where(condition):to_sql())
      end)
      refuses(MESSAGE, HINT, function()
        local inner = posts:select "id":as "users"
        local condition = comments:join(inner, inner.id:eq(comments.post_id)):where(comments.id:eq(users.id)):exists()
        return (users:where(condition):to_sql())
      end)
      refuses(MESSAGE, HINT, function()
        local between = posts:as "users"
        local deep = comments:where(comments.id:eq(users.id)):exists()
        return (users:where(between:where(deep):exists()):to_sql())
      end)
    end)

    it("takes names again where nothing is meant by them", function()
      local shadow = posts:as "users"
      assert.equal(12, #db:query(users:where(shadow:where(shadow.user_id:eq(1)):exists())))
      local rows = mp.fn.generate_series(1, 3):rows("users", { "id int8" })
      assert.equal(12, #db:query(users:where(rows:where(rows.id:gt(2)):exists())))
    end)
  end)

  describe("that was forgotten", function()
    --- The error's place is the line that is `offset` lines below `first`.
    local function names_line(query, first, offset, message, hint)
      local ok, err = pcall(query.to_sql, query)
      assert.is_false(ok)
      assert.equal(message, err.message)
      assert.equal(hint, err.hint)
      assert.matches(("join_spec%%.lua:%d$"):format(first + offset), err.where)
    end

    local MESSAGE, HINT = "users.id: users is not part of this query", "it reads from posts; join it: :join(users)"

    it("names the line of the clause that used a column", function()
      local all = posts:all()
      for method, arguments in pairs {
        where = { users.id:eq(1) }, having = { mp.fn.max(users.id):gt(1) }, order = { users.id:desc() },
        group_by = { users.id }, select = { users.id }, add = { users.id:as "u" }, distinct_on = { users.id },
      } do
        local line = debug.getinfo(1, "l").currentline
        local query = all[method](all, table.unpack(arguments))
        names_line(query:limit(1), line, 1, MESSAGE, HINT)
      end
    end)

    it("is found in every sort of expression", function()
      local id = users.id
      for _, condition in ipairs {
        id:between(1, 2), posts.id:between(id, 2), posts.id:between(1, id), ~id:is_null(), id:cast("text"):eq "1",
        (-id):eq(1), (id + 1):eq(1), (1 - id):eq(1), id:in_ { 1 }, posts.id:any("=", mp.fn.array(id)),
        mp.case(id:eq(1), true):finish(), mp.case(posts.id:eq(1), id:eq(2)):finish(),
        mp.case(posts.id:eq(1), true):otherwise(id:eq(1)), mp.fn.count():filter(id:eq(1)):eq(1),
        mp.fn.max(posts.id):order_by(id:desc()):eq(1), mp.fn.rank():over { partition_by = id }:eq(1),
        mp.fn.rank():over { order_by = { id:desc() } }:eq(1), mp.fn.mode():within_group(id):eq(1),
        mp.sql "$id = 1" { id = id }, posts.id:eq(1) & (posts.id:eq(2) | id:eq(3)), id:as("x"):eq(1),
        mp.fn.array(id):at(1):eq(1), mp.fn.array(1):at(id):eq(1), mp.fn.coalesce(mp.null, id):eq(1),
      } do
        local line = debug.getinfo(1, "l").currentline
        local query = posts:where(condition)
        names_line(query:limit(1), line, 1, MESSAGE, HINT)
      end
    end)

    it("is found in subqueries", function()
      local line = debug.getinfo(1, "l").currentline
      local inner = comments:where(comments.id:eq(users.id))
      names_line(posts:where(inner:exists()), line, 1, MESSAGE,
        "it reads from comments, posts; join it: :join(users)")
    end)

    it("may follow", function()
      assert.equal(4, #db:query(posts:where(users.id:eq(1)):join(posts.r.user):select(posts.id)))
    end)

    it("is told apart from one that comes too late", function()
      local line = debug.getinfo(1, "l").currentline
      local query = users:join(posts, posts.id:eq(comments.post_id))
        :join(comments, comments.post_id:eq(posts.id))
      names_line(query, line, 1, "comments.post_id: comments is joined later",
        "join it before the condition that needs it")
    end)

    it("is told apart from a table of the same name", function()
      refuses("u.id: another table is called u in this query",
        "each call of as makes a table of its own: keep it in a variable",
        function() return (users:as("u"):where(users:as("u").id:eq(1)):to_sql()) end)
    end)

    it("is that of a query which is not lateral", function()
      refuses("users.id: users is not part of this query", "it reads from posts; join it: :join(users)", function()
        local own = posts:where(posts.user_id:eq(users.id)):as "own"
        return (users:join(own, own.id:eq(users.id)):to_sql())
      end)
    end)
  end)

  local MISTAKES = {
    { "2 relations lead from this query to users", "join one of posts.r.editor, posts.r.user",
      function() return (posts:join(users)) end },
    { "no relation leads from this query to comments", "give a condition: join(table, condition)",
      function() return (users:join(comments)) end },
    { 'posts has no relation "usr"', "did you mean user?", function() return (posts:join "usr") end },
    { 'posts has no relation "usr"', "did you mean user?", function() return posts.r.usr end },
    { "the relation user is one of posts, which is not part of this query", "join posts first",
      function() return (comments:join(posts.r.user)) end },
    { "posts is in the query already", 'join it under another name: posts:as "other"',
      function() return (posts:join(posts, posts.id:eq(1))) end },
    { "posts is in the query already", 'join it under another name: users:as "other"',
      function() return (posts:join(users:as "posts", users.id:eq(1))) end },
    { "the first argument of join is a nil; expected a table, a relation, or the name of a relation", false,
      function() return (posts:join()) end },
    { "the first argument of join is a moonpool.query; expected a table, a relation, or the name of a relation",
      'give the query a name: :as "name"', function() return (posts:join(users:all(), users.id:eq(1))) end },
    { "the second argument of join is a boolean; expected a condition such as column:eq(value)",
      "Lua's == compares objects: write column:eq(value)", function() return (posts:join(users, true)) end },
    { "the second argument of join is a moonpool.Expression; expected users under another name",
      'write users:as "other"', function() return (posts:join("user", users.id:eq(1))) end },
    { "the second argument of join is comments; expected users under another name", 'write users:as "other"',
      function() return (posts:join("user", comments)) end },
    { "join takes a table and a condition", false, function() return (posts:join(users, users.id:eq(1), 2)) end },
    { "the argument of cross_join is a string; expected a table", false,
      function() return (posts:cross_join "users") end },
    { "cross_join takes a table alone", "with a condition it is join(table, condition)",
      function() return (posts:cross_join(users, users.id:eq(1))) end },
    { "the argument of join_lateral is a moonpool.query; expected a table", 'give the query a name: :as "name"',
      function() return (posts:join_lateral(users:all())) end },
    { "the argument of left_join_lateral is the table users; expected a query with a name, or a function that gives "
      .. "rows",
      "write join, left_join or cross_join",
      function() return (posts:left_join_lateral(users)) end },
    { "the second argument of left_join_lateral is a boolean; expected a condition such as column:eq(value)",
      "Lua's == compares objects: write column:eq(value)",
      function() return (posts:left_join_lateral(users:as "u":all():as "x", false)) end },
    { "a query without a table has no join", "begin it with a table",
      function() return (mp.select(mp.value(1)):join(users, users.id:eq(1))) end },
    { 'the column "id" is ambiguous', "write comments.id or posts.id",
      function() return (comments:join(posts):order "id") end },
    { 'the column "id" is ambiguous', "write comments.id or posts.id",
      function() return (comments:join(posts):where { id = 1 }) end },
    { 'no table of this query has a column "titl"', "did you mean title?",
      function() return (comments:join(posts):select "titl") end },
    { '"post" is not part of this query', "did you mean posts?",
      function() return (comments:join(posts):select "post.title") end },
    { 'posts has no column "titel"', "did you mean title?",
      function() return (comments:join(posts):select "posts.titel") end },
    { 'select gives two columns named "id", and a row can hold only one', 'name one of them: :as "other"',
      function() return (comments:join(posts):select(comments, posts)) end },
    { "the alias is a nil; expected a name", false, function() return (users:as()) end },
    { "the alias is empty; expected a name", false, function() return (users:as "") end },
    { 'the alias "\\xff" has a NUL byte or is not UTF-8', false, function() return (users:as "\xff") end },
  }

  for i, mistake in ipairs(MISTAKES) do
    it(("refuses, %d: %s"):format(i, mistake[1]), function()
      refuses(mistake[1], mistake[2] or nil, mistake[3])
    end)
  end

  it("takes names of 63 bytes, and quotes them", function()
    for _, name in ipairs { ("é"):rep(31) .. "x", '"; --', "a.b", "select", "$1" } do
      local other = users:as(name)
      assert.equal(12, #db:query(users:join(other, other.id:eq(users.id)):select(other.id)))
    end
  end)
end)

describe("joins of the sample data", function()
  local db
  local users, members, organizations = buster.users, buster.users_to_organizations, buster.organizations
  local chats, messages, metrics = buster.chats, buster.messages, buster.metric_files

  setup(function() db = mp.connect { url = sample.database(), max_size = 2 } end)
  teardown(function() db:close() end)

  local function answers(query, sql)
    local expected = db:query(sql)
    assert.is_true(#expected > 0)
    assert.same(expected, db:query(query))
  end

  it("give what the same question in SQL gives", function()
    answers(members:join "user":join "organization":where { role = "querier" }
      :select(users.email, organizations.name:as "organization"):order(users.email, organizations.id), [[
      select u.email, o.name organization from users_to_organizations m join users u on u.id = m.user_id
      join organizations o on o.id = m.organization_id where m.role = 'querier' order by u.email, o.id]])
    answers(users:left_join(chats, chats.created_by:eq(users.id)):select(users.id, mp.fn.count(chats.id):as "chats")
      :group_by(users.id):order(users.id), [[
      select u.id, count(c.id) chats from users u left join chats c on c.created_by = u.id group by 1 order by 1]])
    local last = messages:where(messages.chat_id:eq(chats.id)):order(messages.created_at:desc(), messages.id):limit(1)
      :select("id", "title"):as "last"
    answers(chats:left_join_lateral(last):select(chats.id, last.id:as "message", last.title):order(chats.id), [[
      select c.id, l.id message, l.title from chats c left join lateral (select id, title from messages m
        where m.chat_id = c.id order by created_at desc, id limit 1) l on true order by c.id]])
    local publishers = users:as "publishers"
    answers(metrics:join(metrics.r.created_by_users):left_join("publicly_enabled_by_users", publishers)
      :select(metrics.id, users.email:as "owner", publishers.email:as "publisher"):order(metrics.id), [[
      select m.id, u.email "owner", p.email publisher from metric_files m join users u on u.id = m.created_by
      left join users p on p.id = m.publicly_enabled_by order by m.id]])
  end)
end)
