--- Migrations against a real server: folders are written for each test, databases are empty ones.

local mp = require "moonpool"
local core = require "moonpool.core"
local cluster = require "spec.support.cluster"
local runner = require "moonpool.migrate.runner"
local folder = require "moonpool.migrate.folder"
local shell = require "spec.support.shell"

local EXECUTABLE = (os.getenv("MOONPOOL_BUILD") or "build/release") .. "/moonpool"

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
end

local quote = shell.quote

--- Starts the command; its output and exit code come when the result is called.
local function start(...)
  local words = { quote(EXECUTABLE), "migrate" }
  for _, word in ipairs { ... } do words[#words + 1] = quote(word) end
  local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1"))
  return function()
    local output = pipe:read("a")
    local _, _, code = pipe:close()
    return output, code
  end
end

local function migrate(...)
  return start(...)()
end

describe("migrate", function()
  local dir, url, db, lines

  local function options()
    return { dir = dir, say = function(line) lines[#lines + 1] = line end }
  end

  --- Writes one migration; `files` are its further files by name.
  local function add(name, up, down, files)
    local path = dir .. "/" .. name
    assert(core.make_folder(path))
    if up then write_file(path .. "/up.sql", up) end
    if down then write_file(path .. "/down.sql", down) end
    for file, text in pairs(files or {}) do write_file(path .. "/" .. file, text) end
  end

  local function add_two()
    add("2026-01-01-000000_one", "create table one (id int);", "drop table one;")
    add("2026-01-02-000000_two", "create table two (id int);\ninsert into two values (1);", "drop table two;")
  end

  local function exists(name)
    return db:value("select to_regclass($1) is not null", name)
  end

  local function versions()
    local found = {}
    for i, row in ipairs(db:query("select version from __diesel_schema_migrations order by version")) do
      found[i] = row.version
    end
    return found
  end

  local function states()
    local found = {}
    for i, state in ipairs(runner.status(db, { dir = dir })) do found[i] = state.name .. " " .. state.state end
    return found
  end

  --- The error of a call that must fail.
  local function failure(fn, ...)
    local is_done, err = pcall(fn, ...)
    assert.is_false(is_done)
    assert.is_true(mp.is_error(err), tostring(err))
    return err
  end

  before_each(function()
    dir = os.tmpname()
    os.remove(dir)
    assert(core.make_folder(dir))
    url = cluster.database()
    db = mp.connect(url)
    lines = {}
  end)

  after_each(function()
    db:close()
    os.execute("rm -rf " .. quote(dir))
  end)

  describe("up", function()
    it("applies what is pending, in order, and then nothing", function()
      add_two()
      local done = runner.up(db, options())
      assert.equal(2, #done)
      assert.matches("^applied 2026%-01%-01%-000000_one %(%d+ ms%)$", lines[1])
      assert.matches("^applied 2026%-01%-02%-000000_two %(%d+ ms%)$", lines[2])
      assert.equal(1, db:value("select id from two"))
      assert.same({}, runner.up(db, options()))
      assert.equal(2, #lines)
    end)

    it("keeps versions as Diesel does, and checksums beside them", function()
      add_two()
      runner.up(db, options())
      assert.same({ "20260101000000", "20260102000000" }, versions())
      local row = db:one("select * from moonpool_migrations where version = '20260101000000'")
      assert.equal("2026-01-01-000000_one", row.title)
      assert.equal(core.checksum("create table one (id int);"), row.checksum)
      local columns = db:query([[
        select column_name, data_type, character_maximum_length as size, is_nullable, column_default
        from information_schema.columns
        where table_name = '__diesel_schema_migrations'
        order by ordinal_position]])
      assert.same({ "version", "character varying", "NO" },
        { columns[1].column_name, columns[1].data_type, columns[1].is_nullable })
      assert.equal(50, columns[1].size)
      assert.same({ "run_on", "timestamp without time zone", "NO", "CURRENT_TIMESTAMP" },
        { columns[2].column_name, columns[2].data_type, columns[2].is_nullable, columns[2].column_default })
    end)

    it("leaves nothing of a migration that fails, and keeps those before it", function()
      add_two()
      add("2026-01-03-000000_three", "create table three (id int);\n\n-- größer\nselect 'ä', nonsense\nfrom three;")
      local err = failure(runner.up, db, options())
      assert.equal("42703", err.sqlstate)
      assert.equal(dir .. "/2026-01-03-000000_three/up.sql", err.file)
      local text = tostring(err)
      assert.matches("up%.sql:4: select 'ä', nonsense\n *%^", text)
      local line, caret = text:match("([^\n]*nonsense)\n( *)%^")
      assert.equal(utf8.len(line) - #"nonsense", #caret)
      assert.is_false(exists("three"))
      assert.same({ "20260101000000", "20260102000000" }, versions())
    end)

    it("shows the statement where the server names no place", function()
      add("2026-01-01-000000_one", "create table one (id int primary key);\n  insert into one values (1), (1);\n")
      local err = failure(runner.up, db, options())
      assert.equal("constraint", err.kind)
      assert.matches("up%.sql:2:   insert into one values %(1%), %(1%);\n *%^", tostring(err))
    end)

    it("splits statements where the server would", function()
      add("2026-01-01-000000_one", [[
        create function f() returns int language plpgsql as $f$ begin return 1; end; $f$;
        create function g(a int) returns int begin atomic select case when true then $1 end; end;
        create table "a;b" (c text default ';' /* ; */); -- ;
      ]])
      runner.up(db, options())
      assert.is_true(exists('"a;b"'))
      assert.equal(3, db:value("select f() + g(2)"))
    end)

    it("refuses an edited migration before it does anything", function()
      add_two()
      runner.up(db, options())
      add("2026-01-03-000000_three", "create table three (id int)")
      write_file(dir .. "/2026-01-01-000000_one/up.sql", "create table one (id bigint);")
      local err = failure(runner.up, db, options())
      assert.equal("migration", err.kind)
      assert.matches("2026%-01%-01%-000000_one/up%.sql was edited after it was applied", err.message)
      assert.is_false(exists("three"))
    end)

    it("takes other line ends for no edit", function()
      add_two()
      runner.up(db, options())
      write_file(dir .. "/2026-01-02-000000_two/up.sql", "create table two (id int);\r\ninsert into two values (1);")
      assert.same({}, runner.up(db, options()))
    end)

    it("adopts what Diesel applied, and says so once", function()
      add_two()
      db:script([[
        create table __diesel_schema_migrations (
          version varchar(50) primary key not null, run_on timestamp not null default current_timestamp);
        insert into __diesel_schema_migrations (version) values ('20260101000000');
        create table one (id int)]])
      runner.up(db, options())
      assert.equal("adopted 2026-01-01-000000_one: another tool applied it, its checksum is kept from now on", lines[1])
      assert.equal(2, #lines)
      runner.up(db, options())
      assert.equal(2, #lines)
    end)

    it("applies again what Diesel reverted", function()
      add_two()
      runner.up(db, options())
      db:script("drop table two; delete from __diesel_schema_migrations where version = '20260102000000'")
      write_file(dir .. "/2026-01-02-000000_two/up.sql", "create table two (id text)")
      assert.equal(1, #runner.up(db, options()))
      assert.same({ "2026-01-01-000000_one applied", "2026-01-02-000000_two applied" }, states())
    end)

    it("applies one that came late", function()
      add_two()
      runner.up(db, options())
      add("2026-01-01-120000_between", "create table between_them (id int)")
      assert.equal(1, #runner.up(db, options()))
      assert.is_true(exists("between_them"))
    end)

    it("keeps what one sets for its session from the next", function()
      add("2026-01-01-000000_one", "select set_config('search_path', 'pg_catalog', false); set role pg_monitor;")
      add("2026-01-02-000000_two", "create table two (id int)")
      runner.up(db, options())
      assert.is_true(exists("public.two"))
      assert.same({ "20260101000000", "20260102000000" }, versions())
    end)

    it("does not wait long for a lock", function()
      add_two()
      runner.up(db, options())
      add("2026-01-03-000000_three", "select 1;\nalter table one add column name text;")
      db:transaction(function(tx)
        tx:exec("lock table one in access share mode")
        local other = mp.connect(url)
        local err = failure(runner.up, other, { dir = dir, lock_timeout = "50ms" })
        other:close()
        assert.equal("55P03", err.sqlstate)
        assert.matches("up%.sql:2: alter table", tostring(err))
        assert.matches("%-%-lock%-timeout", err.hint)
      end)
      assert.equal(1, #runner.up(db, options()))
    end)
  end)

  describe("a transaction", function()
    it("is not opened around a file that says so", function()
      add("2026-01-01-000000_one", "create table one (id int)")
      add("2026-01-02-000000_two", "-- moonpool: no-transaction\ncreate index concurrently two on one (id)",
        "-- moonpool: no-transaction\ndrop index concurrently two")
      runner.up(db, options())
      assert.is_true(exists("two"))
      runner.down(db, options())
      assert.is_false(exists("two"))
      assert.same({ "20260101000000" }, versions())
    end)

    it("is not opened where metadata.toml says so", function()
      add("2026-01-01-000000_one", "create table one (id int)")
      add("2026-01-02-000000_two", "create index concurrently two on one (id)", nil,
        { ["metadata.toml"] = "# Diesel's\nrun_in_transaction = false # since concurrently\n" })
      runner.up(db, options())
      assert.is_true(exists("two"))
    end)

    it("is not ended by its own file", function()
      add("2026-01-01-000000_one", "create table one (id int);\ncommit;\nselect nonsense")
      local err = failure(runner.up, db, options())
      assert.equal("migration", err.kind)
      assert.matches("up%.sql:2: commit;\n *%^", tostring(err))
      assert.is_false(exists("one"))
    end)

    it("may be written in the file too", function()
      add("2026-01-01-000000_one", "begin;\ncreate table one (id int);\nsavepoint a; rollback to savepoint a;\ncommit;")
      runner.up(db, options())
      assert.is_true(exists("one"))
    end)

    it("tells what a file without one has already done", function()
      add("2026-01-01-000000_one", "-- moonpool: no-transaction\ncreate table one (id int);\nselect nonsense")
      local err = failure(runner.up, db, options())
      assert.matches("up%.sql:3: select nonsense", tostring(err))
      assert.matches("the statements before this one have been done", err.hint)
      assert.is_true(exists("one"))
      assert.same({}, versions())
    end)
  end)

  describe("down and redo", function()
    it("revert the last ones, the last one first", function()
      add_two()
      add("2026-01-03-000000_three", "create view three as select * from two", "drop view three")
      runner.up(db, options())
      lines = {}
      runner.down(db, options(), 2)
      assert.matches("^reverted 2026%-01%-03%-000000_three ", lines[1])
      assert.matches("^reverted 2026%-01%-02%-000000_two ", lines[2])
      assert.same({ "20260101000000" }, versions())
      assert.equal(1, db:value("select count(*) from moonpool_migrations"))
      assert.equal(1, #runner.down(db, options(), math.huge))
      assert.same({}, runner.down(db, options()))
    end)

    it("apply again in order, edits included", function()
      add_two()
      runner.up(db, options())
      write_file(dir .. "/2026-01-02-000000_two/up.sql", "create table two (name text)")
      lines = {}
      runner.redo(db, options(), 2)
      assert.equal(4, #lines)
      assert.matches("^applied 2026%-01%-01%-000000_one ", lines[3])
      assert.is_nil(db:first("select name from two"))
      assert.same({}, runner.up(db, options()))
    end)

    it("keep a migration whose down.sql fails", function()
      add("2026-01-01-000000_one", "create table one (id int)", "drop table one;\ndrop table nonsense;")
      runner.up(db, options())
      assert.matches("down%.sql:2: drop table nonsense;\n *%^", tostring(failure(runner.down, db, options())))
      assert.is_true(exists("one"))
      assert.same({ "20260101000000" }, versions())
    end)

    it("refuse one that cannot be reverted", function()
      add("2026-01-01-000000_one", "create table one (id int)")
      runner.up(db, options())
      assert.matches("cannot be reverted: it has no down.sql", failure(runner.down, db, options()).message)
    end)

    it("refuse one whose folder is missing", function()
      add_two()
      runner.up(db, options())
      os.execute("rm -r " .. quote(dir .. "/2026-01-02-000000_two"))
      assert.matches("2026%-01%-02%-000000_two is applied, but its folder is missing",
        failure(runner.down, db, options()).message)
    end)
  end)

  describe("status", function()
    it("tells where each stands, and changes nothing", function()
      add_two()
      assert.same({ "2026-01-01-000000_one pending", "2026-01-02-000000_two pending" }, states())
      assert.is_false(exists("__diesel_schema_migrations"))
      runner.up(db, options())
      add("2026-01-03-000000_three", "select 1")
      write_file(dir .. "/2026-01-01-000000_one/up.sql", "select 1")
      os.execute("rm -r " .. quote(dir .. "/2026-01-02-000000_two"))
      assert.same({
        "2026-01-01-000000_one edited", "2026-01-02-000000_two missing", "2026-01-03-000000_three pending",
      }, states())
    end)
  end)

  describe("the folder", function()
    it("must be there", function()
      os.execute("rm -r " .. quote(dir))
      assert.equal("there is no folder " .. dir, failure(runner.up, db, options()).message)
    end)

    it("needs an up.sql in each", function()
      add("2026-01-01-000000_one", nil, "select 1")
      assert.matches("2026%-01%-01%-000000_one has no up%.sql", failure(runner.up, db, options()).message)
    end)

    it("needs a time in front of each title", function()
      add("one", "select 1")
      assert.matches("one does not begin with a time", failure(runner.up, db, options()).message)
    end)

    it("has one migration of a version", function()
      add("2026-01-01-000000_one", "select 1")
      add("20260101000000_two", "select 1")
      assert.matches("have the same version, 20260101000000", failure(runner.up, db, options()).message)
    end)

    it("may hold other files", function()
      add_two()
      write_file(dir .. "/README.md", "read")
      assert(core.make_folder(dir .. "/.keep"))
      assert.equal(2, #runner.up(db, options()))
    end)

    it("gets new migrations that run", function()
      local path = folder.create(dir .. "/new", "Add  users-table")
      assert.matches("/new/%d%d%d%d%-%d%d%-%d%d%-%d%d%d%d%d%d_add_users_table$", path)
      assert.equal(1, #runner.up(db, { dir = dir .. "/new" }))
      assert.equal(1, #runner.down(db, { dir = dir .. "/new" }))
      assert.equal("usage", failure(folder.create, dir, "a/b").kind)
      assert.equal("usage", failure(folder.create, dir, " ").kind)
    end)
  end)

  describe("the command", function()
    local function at(verb, ...)
      return verb, "--dir", dir, "--database-url", url, ...
    end

    it("runs twice at the same time, one with a concurrent index", function()
      add("2026-01-01-000000_one", "create table one (id int); select pg_sleep(0.5);")
      add("2026-01-02-000000_two", "-- moonpool: no-transaction\ncreate index concurrently two on one (id)")
      local first, second = start(at("up")), start(at("up"))
      local first_output, first_code = first()
      local second_output, second_code = second()
      local output = first_output .. second_output
      assert.equal(0, first_code, output)
      assert.equal(0, second_code, output)
      assert.equal(1, select(2, output:gsub("waiting for another migration to end %(server process %d+%)", "")), output)
      assert.equal(2, select(2, output:gsub("applied ", "")), output)
      assert.is_true(db:value("select indisvalid from pg_index where indexrelid = 'two'::regclass"))
    end)

    it("ends with 0 when it did its work, and says nothing when told so", function()
      add_two()
      local output, code = migrate(at("up"))
      assert.equal(0, code, output)
      assert.equal("nothing to do\n", (migrate(at("up"))))
      assert.equal("", (migrate(at("up", "--quiet"))))
      output, code = migrate(at("status"))
      assert.equal(0, code)
      assert.matches("^applied  %d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d  2026%-01%-01%-000000_one\napplied ", output)
      assert.equal(0, select(2, migrate(at("redo", "2"))))
      assert.equal(0, select(2, migrate(at("down", "all"))))
      assert.same({}, versions())
    end)

    it("ends with 1 when a migration fails", function()
      add("2026-01-01-000000_one", "select\n  nonsense;")
      local output, code = migrate(at("up"))
      assert.equal(1, code)
      assert.matches("^moonpool migrate: .*up%.sql:2:   nonsense;\n *%^", output)
      assert.not_matches("%.lua", output)
    end)

    it("ends with 2 when it is called wrongly", function()
      for _, words in ipairs {
        {}, { "upp" }, { "up", "1" }, { "down", "0" }, { "down", "x" }, { "redo", "-1" }, { "up", "--dirs", "x" },
        { "up", "--dir" }, { "up", "--dir=" }, { "new" }, { "new", "a/b" },
      } do
        local output, code = migrate(table.unpack(words))
        assert.equal(2, code, table.concat(words, " "))
        assert.matches("^moonpool migrate: .*\nhint: ", output)
      end
    end)

    it("makes a migration", function()
      local output, code = migrate("new", "--dir=" .. dir, "add", "users")
      assert.equal(0, code, output)
      local path = output:match("^(.*_add_users)/up%.sql\n")
      assert.is_not_nil(folder.read_file(path .. "/down.sql"))
    end)
  end)
end)
