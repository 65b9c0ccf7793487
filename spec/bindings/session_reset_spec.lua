--- What one holder of a connection does to its session is nothing to the next: many ways to change one, and for each
--- what the next holder finds.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"

local GUEST = "guest_" .. mp.uuid():sub(1, 8) -- roles belong to the whole server, which other specs use too

local SCHEMA = ([[
  create role %s;
  create table kept (v text primary key);
  insert into kept values ('permanent');
  create table child (v text references kept deferrable);
  create sequence numbers;
  select pg_replication_origin_create('%s');
]]):format(GUEST, GUEST)

---@class Way
---@field [1] string what it does
---@field dirty string|string[]|fun(connection: moonpool.Database) statements of the first holder; they may fail
---@field look string|fun(db: moonpool.Database): any what the first holder sees changed, and the next unchanged
---@field replaced? boolean the session is not lent again: nothing on the server could undo it
---@field unseen? boolean the first holder sees no change either

local TEMPORARY = "select count(*) from pg_class where relpersistence = 't'"
local IN_TEMPORARY_SCHEMA = [[
  select count(*) from (select pronamespace from pg_proc union all
    select typnamespace from pg_type where typtype in ('e', 'd')) as made (namespace)
  where namespace = pg_my_temp_schema()]]
local ADVISORY = "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
local ROWS = "select count(*) from kept"
local LOADED = "select count(*) from pg_settings where name like 'auto_explain.%'"
local WORK_MEM = "show work_mem"

local function current_number(db)
  local ok, number = pcall(db.value, db, "select currval('numbers')")
  return ok and number or "undefined"
end

--- The first numbers that random() gives after setseed(0.5); whoever sees one can foretell the others.
local seeded = ([[
  select random() = any(array[%s])]]):format(("0.98516771753479992, 0.82530185802798095, 0.12974610012450416, " ..
  "0.16356291958601088, 0.64761861440839996, 0.88227719830387619"))

local function is_seeded(db)
  return db:value(seeded)
end

---@type Way[]
local WAYS = {
  -- settings
  { "set local in a transaction left open", dirty = { "begin", "set local work_mem = '5MB'" }, look = WORK_MEM },
  { "set_config in a select", dirty = "select set_config('work_mem', '5MB', false)", look = WORK_MEM },
  { "set_config with its schema and comments", look = WORK_MEM,
    dirty = "select pg_catalog /* a */ . /* b */ set_config -- c\n ('work_mem', '5MB', false)" },
  { "set_config in quotes", dirty = [[select "set_config"('work_mem', '5MB', false)]], look = WORK_MEM },
  { "set_config in escapes", dirty = [[select U&"set\005fconfig"('work_mem', '5MB', false)]], look = WORK_MEM },
  { "set_config in a CTE", look = WORK_MEM,
    dirty = "with changed as materialized (select set_config('work_mem', '5MB', false)) select * from changed" },
  { "set_config in explain analyze", look = WORK_MEM,
    dirty = "explain analyze select set_config('work_mem', '5MB', false)" },
  { "set_config in a row that is inserted", look = WORK_MEM,
    dirty = "insert into kept values (set_config('work_mem', '5MB', false)) on conflict do nothing" },
  { "an update of pg_settings", look = WORK_MEM,
    dirty = "update pg_settings set setting = '5MB' where name = 'work_mem'" },
  { "set behind a comment, in capitals", dirty = "/* set local */ SeT wOrK_mEm TO '5MB'", look = WORK_MEM },
  { "set in a do block", dirty = "do $$ begin perform set_config('work_mem', '5MB', false); end $$", look = WORK_MEM },
  { "a setting of a name of its own", dirty = "set app.tenant = 'ada'",
    look = "select coalesce(nullif(current_setting('app.tenant', true), ''), 'none')" },
  { "set session characteristics", dirty = "set session characteristics as transaction read only",
    look = "show default_transaction_read_only" },
  { "set names", dirty = "set names 'LATIN1'", look = "show client_encoding", unseen = true },
  { "set in a transaction that commits", look = WORK_MEM,
    dirty = function(connection) connection:transaction(function(tx) tx:exec "set work_mem = '5MB'" end) end },
  { "reset all and back", dirty = { "reset all", "set work_mem = '5MB'" }, look = WORK_MEM },
  -- who one is
  { "set role", dirty = "set role " .. GUEST, look = "select current_user" },
  { "set role in a transaction left open", look = "select current_user",
    dirty = { "begin", "set local role " .. GUEST } },
  { "set session authorization", dirty = "set session authorization " .. GUEST, look = "select session_user" },
  -- temporary objects
  { "a temporary table", dirty = "create temp table scratch (n int)", look = TEMPORARY },
  { "a temporary table before a permanent one", dirty = "create temp table kept as select 'temporary' as v",
    look = "select v from kept" },
  { "a temporary table by explain", dirty = "explain analyze create temp table scratch as select 1", look = TEMPORARY },
  { "a temporary table by its schema", dirty = "create table pg_temp.scratch (n int)", look = TEMPORARY },
  { "select into a temporary table", dirty = "select 1 as n into temp scratch", look = TEMPORARY },
  { "a temporary view", dirty = "create or replace temporary view scratch as select 1", look = TEMPORARY },
  { "a temporary sequence", dirty = "create local temp sequence scratch", look = TEMPORARY },
  { "a temporary function", look = IN_TEMPORARY_SCHEMA,
    dirty = "create function pg_temp.scratch() returns int language sql as 'select 1'" },
  { "a temporary type", dirty = "create type pg_temp.mood as enum ('fine')", look = IN_TEMPORARY_SCHEMA },
  { "a temporary domain", dirty = "create domain pg_temp.short as text", look = IN_TEMPORARY_SCHEMA },
  -- what a session holds
  { "the number that a sequence was set to", dirty = "select setval('numbers', 41)", look = current_number },
  { "listen", dirty = "listen news", look = "select count(*) from pg_listening_channels()" },
  { "a notification that nobody read", dirty = { "listen news", "notify news" },
    look = "select count(*) from pg_listening_channels()" },
  { "an advisory lock", dirty = "select pg_advisory_lock(7)", look = ADVISORY },
  { "a shared advisory lock, taken twice", look = ADVISORY,
    dirty = { "select pg_advisory_lock_shared(7)", "select pg_advisory_lock_shared(7)" } },
  { "an advisory lock that was tried", dirty = "select pg_try_advisory_lock(7, 8)", look = ADVISORY },
  { "prepare", dirty = "prepare mine as select 1",
    look = "select count(*) from pg_prepared_statements where from_sql and name = 'mine'" },
  { "a cursor with hold", dirty = "declare mine cursor with hold for select * from generate_series(1, 1000)",
    look = "select count(*) from pg_cursors where name = 'mine'" },
  { "a cursor in a transaction left open", dirty = { "begin", "declare mine cursor for select 1", "fetch mine" },
    look = "select count(*) from pg_cursors where name = 'mine'" },
  -- transactions
  { "a transaction left open", dirty = { "begin", "insert into kept values ('lost')" }, look = ROWS },
  { "a transaction left open on a savepoint", look = ROWS,
    dirty = { "begin", "savepoint a", "insert into kept values ('lost')", "savepoint b" } },
  { "a transaction that failed", dirty = { "begin", "insert into kept values ('lost')", "select 1 / 0" }, look = ROWS,
    unseen = true },
  { "a transaction that failed on a savepoint", look = ROWS, unseen = true,
    dirty = { "begin", "insert into kept values ('lost')", "savepoint a", "select 1 / 0" } },
  { "a read only transaction left open", dirty = { "begin read only", "select 1" },
    look = "show transaction_read_only" },
  { "set transaction in a transaction left open", dirty = { "begin", "set transaction isolation level serializable" },
    look = "show transaction_isolation" },
  { "constraints deferred in a transaction left open", look = "select count(*) from child",
    dirty = { "begin", "set constraints all deferred", "insert into child values ('nobody')" } },
  { "a table locked by a transaction left open", dirty = { "begin", "lock table kept" },
    look = "select count(*) from pg_locks where relation = 'kept'::regclass and mode = 'AccessExclusiveLock'" },
  { "a large object of a transaction left open", dirty = { "begin", "select lo_create(0)" },
    look = "select count(*) from pg_largeobject_metadata" },
  { "chained transactions", dirty = { "begin isolation level serializable", "select 1", "commit and chain" },
    look = "show transaction_isolation" },
  -- what nothing on the server can undo
  { "a library that was loaded", dirty = "load 'auto_explain'", look = LOADED, replaced = true },
  { "the seed of random numbers", dirty = "select setseed(0.5)", look = is_seeded, replaced = true },
  { "the seed as a setting", dirty = "set seed to 0.5", look = is_seeded, replaced = true },
  { "the seed as a setting of the session", dirty = "set session seed = 0.5", look = is_seeded, replaced = true },
  { "a temporary replication slot", replaced = true,
    dirty = "select pg_create_physical_replication_slot('slot_" .. GUEST .. "', false, true)",
    look = "select count(*) from pg_replication_slots where slot_name = 'slot_" .. GUEST .. "'" },
  { "a replication origin", replaced = true,
    dirty = "select pg_replication_origin_session_setup('" .. GUEST .. "')",
    look = "select pg_replication_origin_session_is_setup()" },
}

--- Settings, each with a value that is nobody's default. The first eight decide how values are written on the wire.
for name, value in pairs {
  TimeZone = "Asia/Kathmandu", DateStyle = "German", IntervalStyle = "iso_8601", bytea_output = "escape",
  extra_float_digits = "-10", client_encoding = "LATIN1", standard_conforming_strings = "off", xmlbinary = "hex",
  search_path = "pg_catalog", statement_timeout = "77s", lock_timeout = "77s",
  idle_in_transaction_session_timeout = "77s", default_transaction_isolation = "serializable",
  default_transaction_read_only = "on", default_transaction_deferrable = "on", application_name = "somebody else",
  plan_cache_mode = "force_generic_plan", row_security = "off", session_replication_role = "replica",
  default_tablespace = "pg_default", temp_tablespaces = "pg_default", synchronous_commit = "off",
  enable_seqscan = "off", role = GUEST, check_function_bodies = "off", client_min_messages = "error",
  default_text_search_config = "pg_catalog.german", lc_monetary = "C", transform_null_equals = "on",
  array_nulls = "off", backslash_quote = "on", escape_string_warning = "off", max_parallel_workers_per_gather = "0",
} do
  WAYS[#WAYS + 1] = { "set " .. name, dirty = ("set %s to '%s'"):format(name, value), look = "show " .. name,
    unseen = name == "client_encoding" } -- in which nothing more is sent
end

local function run(connection, statement, way)
  return pcall(connection[way], connection, statement)
end

--- The first holder's work; `way` is how its statements are sent: "exec" or "script".
local function dirty(connection, what, way)
  if type(what) == "function" then
    return what(connection)
  elseif way == "script" then
    return run(connection, type(what) == "table" and table.concat(what, "; ") or what, "script")
  end
  for _, statement in ipairs(type(what) == "table" and what or { what }) do
    run(connection, statement, "exec")
  end
end

local function look(db, how)
  if type(how) == "function" then
    return how(db)
  end
  return db:value(how)
end

--- Values whose text depends on the session, read in both forms: the third time is binary.
local function read_values(db)
  local row
  for _ = 1, 3 do
    row = db:one [[
      select timestamptz '2024-02-29 12:00:00+00' as at, date '2024-02-29' as day, '\x00ff5c'::bytea as bytes,
             interval '1 day 02:03:04.5' as span, 1::float8 / 3 as third, 'äöü €' as text, 'a\b' as backslash]]
  end
  return table.concat({ tostring(row.at == mp.timestamp "2024-02-29 12:00:00+00"), tostring(row.day), row.bytes,
    tostring(row.span), row.third, row.text, row.backslash }, "|")
end

local VALUES = table.concat({ "true", "2024-02-29", "\0\xff\\",
  tostring(mp.interval { days = 1, hours = 2, minutes = 3, seconds = 4.5 }), 1 / 3, "äöü €", "a\\b" }, "|")

local function pid_of(db)
  return db:value "select pg_backend_pid()"
end

describe("a connection that comes back", function()
  local url, db

  setup(function()
    url = cluster.database()
    local admin <close> = mp.connect(url)
    admin:script(SCHEMA)
  end)

  teardown(function()
    local admin <close> = mp.connect(url)
    admin:script(("select pg_replication_origin_drop('%s'); drop role %s"):format(GUEST, GUEST))
  end)

  before_each(function()
    db = mp.connect { url = url, max_size = 1, checkout_timeout = 10 }
    db:exec "delete from kept where v <> 'permanent'"
  end)

  after_each(function()
    assert.are.equal(0, db:stats().in_use)
    db:close()
  end)

  for _, way in ipairs(WAYS) do
    for _, sent in ipairs(type(way.dirty) == "function" and { "exec" } or { "exec", "script" }) do
      it(("shows nothing of %s (%s)"):format(way[1], sent), function()
        local pid, before = pid_of(db), look(db, way.look)
        db:checkout(function(connection)
          dirty(connection, way.dirty, sent)
          if not way.unseen then
            assert.are_not.equal(before, look(connection, way.look))
          end
        end)
        assert.are.equal(before, look(db, way.look))
        assert.are.equal(VALUES, read_values(db))
        assert.are.equal(not way.replaced, pid == pid_of(db))
      end)
    end
  end

  it("shows nothing of a named connection of dblink", function()
    local names = "select coalesce(array_length(dblink_get_connections(), 1), 0)"
    if not db:value "select true from pg_available_extensions where name = 'dblink'" then
      pending "dblink is not installed"
    end
    db:exec "create extension if not exists dblink"
    db:checkout(function(connection)
      local target = connection:one [[
        select split_part(current_setting('unix_socket_directories'), ',', 1) as folder,
          current_setting('port') as port, current_database() as name, current_user as role]]
      connection:value("select dblink_connect('left', $1)", ("host=%s port=%s dbname=%s user=%s"):format(target.folder,
        target.port, target.name, target.role))
      assert.are.equal(1, connection:value(names))
    end)
    assert.are.equal(0, db:value(names))
  end)

  it("goes straight to who waits for it, clean", function()
    local seen
    mp.all {
      function()
        db:checkout(function(connection)
          connection:exec "set work_mem = '5MB'"
          connection:exec "begin"
          cluster.wait_until(function() return db:stats().waiting == 1 end)
        end)
      end,
      function() seen = db:value(WORK_MEM) end,
    }
    assert.are_not.equal("5MB", seen)
  end)

  it("shows nothing of what a single statement on the pool has set", function()
    local before = db:value(WORK_MEM)
    db:exec "set work_mem = '5MB'"
    assert.are.equal(before, db:value(WORK_MEM))
    db:script "set work_mem = '5MB'"
    assert.are.equal(before, db:value(WORK_MEM))
  end)

  it("shows nothing of a transaction that set something and was rolled back, or failed", function()
    local before = db:value(WORK_MEM)
    pcall(db.transaction, db, function(tx)
      tx:exec "set work_mem = '5MB'"
      error "no"
    end)
    assert.are.equal(before, db:value(WORK_MEM))
    pcall(db.transaction, db, function(tx)
      tx:exec "set work_mem = '5MB'"
      tx:exec "select 1 / 0"
    end)
    assert.are.equal(before, db:value(WORK_MEM))
  end)

  it("returns to the settings that the pool was opened with", function()
    local own <close> = mp.connect { url = url, max_size = 1, application_name = "own",
      options = "-c work_mem=7MB -c timezone=Asia/Tokyo" }
    local pid = pid_of(own)
    own:checkout(function(connection)
      connection:script [[
        set work_mem = '5MB'; set timezone = 'UTC'; set application_name = 'other'; set datestyle = 'SQL']]
    end)
    local settings = {}
    for i, name in ipairs { "work_mem", "timezone", "application_name", "client_encoding" } do
      settings[i] = own:value("show " .. name)
    end
    assert.are.same({ "7MB", "Asia/Tokyo", "own", "UTF8" }, settings)
    assert.are.equal(VALUES, read_values(own))
    assert.are.equal(pid, pid_of(own))
  end)

  it("runs again what it had prepared before it was reset", function()
    local sql = "select v from kept where v = $1"
    for _ = 1, 4 do
      for _ = 1, 4 do
        assert.are.equal("permanent", db:value(sql, "permanent"))
      end
      db:exec "set work_mem = '5MB'"
    end
    for _, statement in ipairs { "deallocate all", "discard plans", "discard temp" } do
      db:exec(statement)
      assert.are.equal("permanent", db:value(sql, "permanent"))
    end
    assert.are.equal(1, db:stats().connects)
  end)

  it("shows nothing of a copy that a script began", function()
    for _, copy in ipairs { "copy kept from stdin", "copy (select * from generate_series(1, 100000)) to stdout" } do
      db:checkout(function(connection) pcall(connection.script, connection, copy) end)
      assert.are.equal(1, db:value(ROWS))
      assert.are.equal(VALUES, read_values(db))
    end
  end)

  it("shows nothing of notices", function()
    db:script "do $$ begin raise warning 'of the one before'; raise notice 'too'; end $$"
    assert.are.equal(VALUES, read_values(db))
  end)

  it("shows nothing of a statement that was cancelled by its deadline", function()
    local pid = pid_of(db)
    db:checkout(function(connection)
      local hasty = connection:with { timeout = 0.02 }
      for _, sql in ipairs { "select pg_sleep(10)", "select repeat('x', 1000) from generate_series(1, 10000000)" } do
        local ok, err = pcall(hasty.query, hasty, sql)
        assert.are.same({ false, "timeout" }, { ok, err.kind })
      end
    end)
    assert.are.equal(VALUES, read_values(db))
    assert.are.equal(pid, pid_of(db))
  end)

  it("shows nothing of a statement that was cancelled with its task", function()
    local pid = pid_of(db)
    local ok, err = pcall(mp.all, {
      function() db:query "select repeat('x', 1000) from generate_series(1, 10000000)" end,
      function()
        cluster.wait_until(function() return db:stats().in_use == 1 end)
        error("enough", 0)
      end,
    })
    assert.are.same({ false, "enough" }, { ok, err })
    assert.are.equal(VALUES, read_values(db))
    assert.are.equal(pid, pid_of(db))
  end)

  it("is another one when its session was ended", function()
    local pid = pid_of(db)
    db:checkout(function(connection)
      assert.is_false(pcall(connection.exec, connection, "select pg_terminate_backend(pg_backend_pid())"))
    end)
    assert.are.equal(VALUES, read_values(db))
    assert.are_not.equal(pid, pid_of(db))
  end)
end)
