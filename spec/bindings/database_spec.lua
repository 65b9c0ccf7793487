--- The calls of a database handle: what comes back, and what is said when something is wrong.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"

--- The error that fn raises; fails when it raises none of ours.
local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert(mp.is_error(err), tostring(err))
  return err
end

--- The line and column (in characters) that the caret of a described error stands under, with the line's text.
local function caret(err)
  local shown, blanks = tostring(err):match("\n(line [^\n]*)\n( *)^")
  assert(shown, "no caret in: " .. tostring(err))
  local label = shown:match("^line %d+: ")
  return tonumber(label:match("%d+")), #blanks - #label + 1, shown:sub(#label + 1)
end

describe("a database", function()
  local db

  setup(function()
    db = mp.connect { url = cluster.database(), max_size = 2 }
    db:script [[
      create table people (id int primary key generated always as identity, name text not null, age int2);
      create table "Odd Table" ("a b" int, "select" text);
      create schema other;
      create table other.things (id int primary key, note text default 'none');
      create table defaults (id int default 1);
    ]]
  end)

  teardown(function() db:close() end)

  before_each(function()
    db:script [[truncate people restart identity; truncate "Odd Table", other.things;]]
  end)

  describe("query", function()
    it("gives rows by column name, with the columns and their count", function()
      local rows = db:query("select n, n * 2 as double, null as nothing from generate_series(1, 3) n order by n")
      assert.are.same({ "n", "double", "nothing" }, rows.columns)
      assert.are.equal(3, rows.count)
      assert.are.equal(3, #rows)
      assert.are.same({ n = 2, double = 4 }, rows[2])
    end)

    it("gives an empty list with columns when there is no row", function()
      local rows = db:query("select 1 as a where false")
      assert.are.equal(0, #rows)
      assert.are.equal(0, rows.count)
      assert.are.same({ "a" }, rows.columns)
    end)

    it("gives empty tables for rows without columns, counted", function()
      for _ = 1, 3 do
        local rows = db:query("select from generate_series(1, 3)")
        assert.are.equal(3, rows.count)
        assert.are.same({}, rows.columns)
        assert.are.same({ {}, {}, {} }, { table.unpack(rows) })
      end
      assert.are.same({}, db:one("select"))
    end)

    it("gives arrays when asked, where NULL is mp.null", function()
      local rows = db:with { rows = "arrays" }:query("select 1 as a, null as b, 'x' as a")
      assert.are.same({ { 1, mp.null, "x" } }, { table.unpack(rows) })
      assert.are.same({ "a", "b", "a" }, rows.columns)
      assert.are.same({ 1, mp.null }, db:with { rows = "arrays" }:one("select 1, null"))
    end)

    it("refuses two columns of one name", function()
      for _, call in ipairs { "query", "one", "first" } do
        local err = error_of(db[call], db, "select 1 as id, 2 as other, 3 as id")
        assert.are.equal("usage", err.kind)
        assert.are.equal('two columns of the result are called "id"', err.message)
        assert.matches("rows = \"arrays\"", err.hint, 1, true)
      end
    end)

    it("finds two columns of one name among many", function()
      local columns = {}
      for i = 1, 40 do columns[i] = "1 as c" .. i end
      columns[41] = "2 as c17"
      local err = error_of(db.query, db, "select " .. table.concat(columns, ", "))
      assert.matches('"c17"', err.message, 1, true)
    end)

    it("carries as many columns as the server can", function()
      local columns = {}
      for i = 1, 1600 do columns[i] = i .. " as c" .. i end
      local row = db:one("select " .. table.concat(columns, ", "))
      assert.are.equal(1, row.c1)
      assert.are.equal(1600, row.c1600)
    end)

    it("runs an empty statement", function()
      assert.are.equal(0, db:query("").count)
      assert.are.equal(0, db:query(" -- only a comment\n ;").count)
      assert.are.equal(0, db:exec(""))
    end)

    it("runs a statement of 64 MB", function()
      local size = 64 * 1024 * 1024
      assert.are.equal(size, db:value("select length('" .. ("x"):rep(size) .. "')"))
    end)

    it("returns rows of statements that write", function()
      local rows = db:query("insert into people (name) values ($1), ($2) returning id, name", "Ada", "Bob")
      assert.are.same({ { id = 1, name = "Ada" }, { id = 2, name = "Bob" } }, { table.unpack(rows) })
    end)
  end)

  describe("one, first and value", function()
    it("give a row, or an error that says how many there were", function()
      assert.are.same({ a = 1 }, db:one("select 1 as a"))
      for count, sql in pairs { [0] = "select 1 where false", [3] = "select generate_series(1, 3)" } do
        local err = error_of(db.one, db, sql)
        assert.are.equal("rows", err.kind)
        assert.are.equal("expected exactly one row, but the statement gave " .. count, err.message)
      end
    end)

    it("give the first row or nil", function()
      assert.are.same({ n = 1 }, db:first("select generate_series(1, 3) as n"))
      assert.is_nil(db:first("select 1 as n where false"))
    end)

    it("give the single value or nil", function()
      assert.are.equal("x", db:value("select 'x'"))
      assert.is_nil(db:value("select null"))
      assert.is_nil(db:value("select 1 where false"))
    end)

    it("refuse more than one row or another number of columns for a value", function()
      for sql, message in pairs {
        ["select generate_series(1, 2)"] = "expected at most one row for a single value, but the statement gave 2",
        ["select 1, 2"] = "expected one column for a single value, but the statement gave 2",
        ["select"] = "expected one column for a single value, but the statement gave 0",
      } do
        local err = error_of(db.value, db, sql)
        assert.are.equal("rows", err.kind)
        assert.are.equal(message, err.message)
      end
    end)
  end)

  describe("exec", function()
    it("counts rows", function()
      assert.are.equal(2, db:exec("insert into people (name) values ('a'), ('b')"))
      assert.are.equal(1, db:exec("update people set name = 'c' where id = $1", 1))
      assert.are.equal(0, db:exec("delete from people where id = $1", 99))
      assert.are.equal(2, db:exec("select * from people"))
      assert.are.equal(0, db:exec("create temp table t ()"))
    end)
  end)

  describe("script", function()
    it("runs several statements as one", function()
      db:script "insert into people (name) values ('a;b'); insert into people (name) values ($$c;d$$)"
      assert.are.equal(2, db:value("select count(*) from people"))
      local err = error_of(db.script, db, "insert into people (name) values ('x'); insert into nowhere values (1)")
      assert.are.equal("42P01", err.sqlstate)
      assert.are.equal(2, db:value("select count(*) from people"))
    end)

    it("shows the line that failed", function()
      local text = "select 1;\nselect 'äöü';\n  select 'ü', oops;\nselect 2;"
      local err = error_of(db.script, db, text)
      assert.are.equal("42703", err.sqlstate)
      assert.are.equal(text, err.statement)
      local line, column, shown = caret(err)
      assert.are.same({ 3, 15 }, { line, column })
      assert.are.equal("  select 'ü', oops;", shown)
    end)

    it("rolls back and reports a transaction that it left open", function()
      local err = error_of(db.script, db, "begin; insert into people (name) values ('x')")
      assert.are.equal("transaction", err.kind)
      assert.are.equal(0, db:value("select count(*) from people"))
    end)

    it("refuses COPY, and the connection goes on", function()
      for _, sql in ipairs { "copy people from stdin", "select 1; copy people to stdout; select 2" } do
        local err = error_of(db.script, db, sql)
        assert.are.equal("usage", err.kind)
        assert.matches("COPY", err.message)
      end
      assert.are.equal(1, db:value("select 1"))
    end)

    it("takes no NUL byte and no other type", function()
      assert.matches("NUL byte at offset 8", error_of(db.script, db, "select '\0'").message)
      assert.are.equal("the statement is a number; expected a string of SQL", error_of(db.script, db, 1).message)
    end)
  end)

  describe("insert", function()
    it("returns the row as the table has it", function()
      assert.are.same({ id = 1, name = "Ada" }, db:insert("people", { name = "Ada" }))
      assert.are.same({ id = 2, name = "Bob" }, db:insert("people", { name = "Bob", age = mp.null }))
    end)

    it("inserts a list in one statement; a column that a row lacks gets its default", function()
      local rows = db:insert("other.things", { { id = 1, note = "one" }, { id = 2 }, { id = 3, note = mp.null } })
      assert.are.same({ { id = 1, note = "one" }, { id = 2, note = "none" }, { id = 3 } }, { table.unpack(rows) })
      assert.are.equal(3, rows.count)
    end)

    it("quotes names", function()
      assert.are.same({ ["a b"] = 1, select = "x" }, db:insert("Odd Table", { ["a b"] = 1, select = "x" }))
    end)

    it("takes a table of a schema, which checks the row", function()
      local people = require "spec.support.described"(db).people
      assert.are.equal("Eve", db:insert(people, { name = "Eve" }).name)
      assert.are.equal(2, db:insert(people, { { name = "Eve" }, { name = "Eva" } }).count)
      local err = error_of(db.insert, db, people, { nam = "Eve" })
      assert.are.equal('people has no column "nam"', err.message)
      assert.matches("^spec/bindings/database_spec.lua:%d+$", err.where:gsub("^%./", ""))
      assert.are.equal("usage", error_of(db.insert, db, people, 5).kind)
    end)

    it("inserts a row of defaults", function()
      assert.are.same({ id = 1 }, db:insert("defaults", {}))
      assert.are.equal("23502", error_of(db.insert, db, "people", {}).sqlstate)
    end)

    it("inserts thousands of rows at once", function()
      local rows = {}
      for i = 1, 30000 do rows[i] = { id = i, note = "n" .. i } end
      assert.are.equal(30000, db:insert("other.things", rows).count)
      assert.are.equal("n29999", db:value("select note from other.things where id = 29999"))
    end)

    it("says what is wrong with its arguments", function()
      for _, case in ipairs {
        { { 1, {} }, "the table of insert is a number; expected its name" },
        { { "", {} }, "the table of insert is empty; expected its name" },
        { { "people", "x" }, "the row of insert is a string; expected a table of column = value" },
        { { "people", { { name = "a" }, 2 } }, "row 2 of insert is a number; expected a table of column = value" },
        { { "people", { { name = "a" }, { "b" } } }, "row 2 of insert has the key 1; expected names of columns" },
        { { "people", { [true] = 1 } }, "row 1 of insert has the key true; expected names of columns" },
        { { "people", { {}, {} } }, "the rows of insert have no columns" },
        { { "people", { "x", name = "y" } }, "row 1 of insert is a string; expected a table of column = value" },
      } do
        local err = error_of(db.insert, db, table.unpack(case[1]))
        assert.are.equal("usage", err.kind)
        assert.are.equal(case[2], err.message)
        assert.matches("database_spec.lua:%d+", err.where)
      end
    end)
  end)

  describe("parameters", function()
    it("go by position, in any order and more than once", function()
      assert.are.same({ a = 2, b = 1, c = 2 }, db:one("select $2::int as a, $1::int as b, $2::int as c", 1, 2))
    end)

    it("go by name", function()
      local row = db:one("select $x::int as a, $long_name::text as b, $x::int + 1 as c", { x = 1, long_name = "n" })
      assert.are.same({ a = 1, b = "n", c = 2 }, row)
      assert.is_nil(db:value("select $x::int", { x = mp.null }))
      assert.is_false(db:value("select $x::bool", { x = false }))
    end)

    it("are not seen in strings, comments and quoted names", function()
      assert.are.same({ ["$1"] = "$2 $name" }, db:one [[select '$2 $name' as "$1" -- $3 $other]])
    end)

    it("take nil as NULL, at the end as well", function()
      local row = db:with { rows = "arrays" }:one("select $1::int, $2::int, $3::int", nil, 2, nil)
      assert.are.same({ mp.null, 2, mp.null }, row)
    end)

    it("are counted before anything is sent", function()
      for _, case in ipairs {
        { { "select $1::int, $2::int", 1 }, "the statement has 2 parameters, but 1 was given" },
        { { "select $1::int", 1, 2, 3 }, "the statement has 1 parameter, but 3 were given" },
        { { "select 1", 1 }, "the statement has 0 parameters, but 1 was given" },
        { { "select $1::int" }, "the statement has 1 parameter, but 0 were given" },
        { { "select $name::int" }, "the statement has named parameters and needs one table" },
        { { "select $name::int", { name = 1 }, 2 }, "the statement has named parameters and needs one table" },
        { { "select $name::int", 1 }, "the statement has named parameters, such as $name, and needs one table" },
      } do
        local err = error_of(function() db:query(table.unpack(case[1])) end)
        assert.are.equal("usage", err.kind)
        assert.are.equal(case[2], err.message)
        assert.matches("database_spec.lua:%d+", err.where)
      end
    end)

    it("are never silently absent", function()
      local err = error_of(db.query, db, "select $a::int, $b::int", { a = 1, c = 2 })
      assert.are.equal("usage", err.kind)
      assert.are.equal("parameter $b is absent", err.message)
      assert.are.equal("for NULL write b = mp.null", err.hint)
    end)

    it("are refused when two kinds of placeholders are mixed", function()
      local err = error_of(db.query, db, "select $1, $name", 1)
      assert.are.equal("usage", err.kind)
    end)

    it("are refused when their type has no SQL form", function()
      for name, value in pairs {
        ["function"] = print, thread = coroutine.create(print), userdata = io.stdout,
      } do
        local err = error_of(db.query, db, "select $1::text", value)
        assert.are.equal("usage", err.kind)
        assert.matches("^parameter %$1 is a " .. name .. ";", err.message)
      end
      assert.matches("parameter $1 is a ", error_of(db.query, db, "select $1::text", db).message, 1, true)
    end)

    it("are refused when a table contains itself", function()
      local list, object = {}, {}
      list[1], object.inner = list, { object }
      for sql, value in pairs { ["select $1::int[]"] = list, ["select $1::jsonb"] = object } do
        for _ = 1, 3 do
          local err = error_of(db.query, db, sql, value)
          assert.are.equal("usage", err.kind)
          assert.matches("contains itself", err.message)
        end
      end
    end)

    it("are refused when an integer does not fit its column", function()
      for name, value in pairs { int2 = 32768, int4 = 2147483648 } do
        for _ = 1, 3 do
          local err = error_of(db.query, db, "select $1::" .. name, value)
          assert.are.equal("usage", err.kind)
          assert.matches("^parameter %$1: .*out of range", err.message)
        end
        assert.are.equal(value - 1, db:value("select $1::" .. name, value - 1))
        assert.are.equal(-value, db:value("select $1::" .. name, -value))
      end
      for _, value in ipairs { math.mininteger, math.maxinteger } do
        assert.are.equal(value, db:value("select $1::int8", value))
      end
    end)

    it("are refused when a text holds a NUL byte or is not UTF-8", function()
      for value, message in pairs { ["a\0b"] = "NUL byte at byte 2", ["ab\xff"] = "not valid UTF-8 at byte 3",
        ["\xed\xa0\x80"] = "not valid UTF-8 at byte 1" } do
        for _ = 1, 3 do
          local err = error_of(db.query, db, "select $1::text", value)
          assert.are.equal("usage", err.kind)
          assert.matches("^parameter %$1: ", err.message)
          assert.matches(message, err.message, 1, true)
        end
      end
    end)

    it("may be 65535, and not one more", function()
      local marks, values = {}, {}
      for i = 1, 65536 do marks[i], values[i] = "$" .. i, i end
      local function count(n)
        local list = table.concat(marks, ", ", 1, n)
        return db:value("select cardinality(array[" .. list .. "]::int[])", table.unpack(values, 1, n))
      end
      for _, n in ipairs { 7498, 7499, 65535 } do
        assert.are.equal(n, count(n))
      end
      local err = error_of(count, 65536)
      assert.are.equal("usage", err.kind)
      assert.matches("65535", err.message)
    end)

    it("may be tables among thousands", function()
      local marks, values = {}, {}
      for i = 1, 8000 do marks[i], values[i] = "$" .. i .. "::int[]", mp.array { i, i + 1 } end
      local sql = "select array_length(array[" .. table.concat(marks, ", ") .. "], 1)"
      assert.are.equal(8000, db:value(sql, table.unpack(values)))
    end)
  end)

  describe("an error of the server", function()
    it("has the server's fields", function()
      db:script "create table limited (n int constraint positive check (n > 0), u int constraint only_once unique)"
      local err = error_of(db.exec, db, "insert into limited values (-1)")
      assert.are.equal("constraint", err.kind)
      assert.are.same({ "23514", "public", "limited", "positive", false },
        { err.sqlstate, err.schema, err.table, err.constraint, err.retryable })
      db:exec "insert into limited values (1, 1)"
      err = error_of(db.exec, db, "insert into limited values (1, $1)", 1)
      assert.are.same({ "23505", "only_once" }, { err.sqlstate, err.constraint })
      assert.are.equal("Key (u)=(1) already exists.", err.detail)
      db:exec "drop table limited"
    end)

    it("has a caret under the place, on the seventh line of a long statement", function()
      local lines = {}
      for i = 1, 20 do lines[i] = ("  %d as column_%d,"):format(i, i) end
      lines[1], lines[7], lines[20] = "select 1 as column_1,", "  7 as as column_7,", "  20 as column_20"
      local line, column, shown = caret(error_of(db.query, db, table.concat(lines, "\n")))
      assert.are.same({ 7, 11, "  7 as as column_7," }, { line, column, shown })
    end)

    it("has the caret in the right place after characters of several bytes", function()
      local line, column = caret(error_of(db.query, db, "select 'äöü€𝄞',\n 'ü€𝄞' ,, 1"))
      assert.are.same({ 2, 9 }, { line, column })
    end)

    it("has the caret in the right place after named parameters", function()
      local sql = "select $größe::int, $n::int,\n $größe::int,, $n"
      local line, column = caret(error_of(db.query, db, sql, { ["größe"] = 1, n = 2 }))
      assert.are.same({ 2, 14 }, { line, column })
    end)

    it("cuts a very long line around the caret", function()
      local err = error_of(db.query, db, "select " .. ("1, "):rep(1000) .. "oops, " .. ("2, "):rep(1000) .. "3")
      local shown, blanks = tostring(err):match("\n(line 1: [^\n]*)\n( *)^")
      assert.are.equal("oops", shown:sub(#blanks + 1, #blanks + 4))
      assert.is_true(#shown < 200)
    end)

    it("has the caret at the end when the statement stops too early", function()
      local line, column = caret(error_of(db.query, db, "select 1\nfrom"))
      assert.are.same({ 2, 5 }, { line, column })
    end)

    it("hints at a cast when a parameter's type is unknown", function()
      local err = error_of(db.query, db, "select $1 is null", nil)
      assert.are.equal("42P18", err.sqlstate)
      assert.are.equal("say the parameter's type with a cast, such as $1::text", err.hint)
    end)

    it("leaves the connection usable", function()
      for _ = 1, 5 do
        error_of(db.query, db, "select 1 / 0")
        assert.are.equal(1, db:value("select 1"))
      end
      assert.are.equal(0, db:stats().in_use)
    end)
  end)

  describe("a statement", function()
    it("is one string of one statement without NUL bytes", function()
      for _, case in ipairs {
        { nil, "the statement is a nil; expected a string of SQL or a query" },
        { 12, "the statement is a number; expected a string of SQL or a query" },
        { {}, "the statement is a table; expected a string of SQL or a query" },
        { "select '\0'", "the statement has a NUL byte at offset 8, which SQL cannot hold" },
        { "select 1; select 2", "the text has several statements; expected one" },
      } do
        local err = error_of(db.query, db, case[1])
        assert.are.equal("usage", err.kind)
        assert.are.equal(case[2], err.message)
      end
      assert.are.equal("run them with db:script(text)", error_of(db.query, db, "select 1; select 2").hint)
    end)

    it("of invalid UTF-8 is refused by the server", function()
      assert.are.equal("22021", error_of(db.query, db, "select '\xff'").sqlstate)
    end)

    it("does not begin or end a transaction on the pool", function()
      for _, sql in ipairs { "begin", "commit", "rollback", "savepoint x", "start transaction" } do
        local err = error_of(db.exec, db, sql)
        assert.are.equal("usage", err.kind)
        assert.are.equal("use db:transaction(function(tx) ... end)", err.hint)
      end
    end)

    it("is not a COPY from or to the client", function()
      assert.matches("COPY", error_of(db.exec, db, "copy people to stdout").message)
      assert.matches("COPY", error_of(db.exec, db, "copy people from stdin").message)
    end)

    it("is called with a colon", function()
      for _, self in ipairs { "select 1", 1, {}, io.stdout } do
        local err = error_of(db.query, self)
        assert.are.equal("call it with a colon: db:query(...)", err.hint)
      end
    end)
  end)

  describe("with", function()
    it("leaves the handle as it was", function()
      local arrays = db:with { rows = "arrays" }
      assert.are.same({ 1 }, arrays:one("select 1 as a"))
      assert.are.same({ a = 1 }, db:one("select 1 as a"))
      assert.are.same({ a = 1 }, arrays:with { rows = "tables" }:one("select 1 as a"))
    end)

    it("cancels a statement at its timeout", function()
      local err = error_of(db.query, db:with { timeout = 0.05 }, "select pg_sleep(60)")
      assert.are.equal("timeout", err.kind)
      assert.are.equal("57014", err.sqlstate)
      assert.are.equal("select pg_sleep(60)", err.statement)
      local asleep = "select count(*) from pg_stat_activity where query like '%sleep(60)' and state = 'active'"
      assert.are.equal(0, db:value(asleep))
    end)

    it("says what is wrong with its options", function()
      for _, case in ipairs {
        { { row = "arrays" }, 'there is no option "row"', "did you mean rows?" },
        { { 1 }, "the options of with have a key that is a number" },
        { { rows = "lists" }, 'option rows is lists; expected "tables" or "arrays"' },
        { { rows = true }, 'option rows is true; expected "tables" or "arrays"' },
        { { timeout = 0 }, "option timeout is 0; expected a number of seconds above 0" },
        { { timeout = -1 }, "option timeout is -1; expected a number of seconds above 0" },
        { { timeout = 0 / 0 }, "option timeout is nan; expected a number of seconds above 0" },
        { { timeout = "2" }, "option timeout is 2; expected a number of seconds above 0" },
        { "arrays", "the argument of with is a string; expected a table of options" },
      } do
        local err = error_of(db.with, db, case[1])
        assert.are.equal("usage", err.kind)
        assert.are.equal(case[2], (err.message:gsub("%-nan", "nan")))
        if case[3] then assert.are.equal(case[3], err.hint) end
      end
    end)
  end)
end)
