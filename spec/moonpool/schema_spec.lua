--- What is read from databases, and written about them. A folder of spec/moonpool/schema/ is a case: up.sql goes in,
--- expected.lua has to come out. After a change that is meant, MOONPOOL_ACCEPT=1 writes what comes out; read it then.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"
local read = require "moonpool.schema.read"
local write = require "moonpool.schema.write"
local annotations = require "spec.support.annotations"

local FOLDER = "spec/moonpool/schema/"

local SCHEMAS = { identifiers = 'odd "schema"; --' } -- public where nothing is said

local CASES = { "identifiers", "kinds", "relations", "types" }

local function read_file(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function write_file(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

--- A new database with what a case makes.
local function database_of(case)
  local db = mp.connect { url = cluster.database(), max_size = 2 }
  db:checkout(function(connection) connection:script(read_file(FOLDER .. case .. "/up.sql")) end)
  return db
end

local function describe_case(db, case, tables)
  local description = read.describe(db, { schema = SCHEMAS[case] or "public", tables = tables })
  description.name = "app"
  return description
end

--- Runs a generated file, whose description comes back as it is there.
local function run_file(text)
  local function stand_in(name)
    assert(name == "moonpool.schema", name)
    return { define = function(description) return description end }
  end
  return assert(load(text, "=schema.lua", "t", { require = stand_in }))()
end

--- A database that counts its statements.
local function counting(db, counts)
  return setmetatable({
    with = function(self) return self end,
    query = function(_, ...)
      counts.queries = counts.queries + 1
      return db:query(...)
    end,
    transaction = function(_, options, fn)
      return db:transaction(options, function(tx) return fn(counting(tx, counts)) end)
    end,
  }, { __index = function(_, name) return function(_, ...) return db[name](db, ...) end end })
end

for _, case in ipairs(CASES) do
  describe("the schema of " .. case, function()
    local db, description, text

    setup(function()
      db = database_of(case)
      description = describe_case(db, case)
      text = write.text(description)
    end)

    teardown(function()
      db:close()
    end)

    it("is written as expected", function()
      local path = FOLDER .. case .. "/expected.lua"
      if os.getenv("MOONPOOL_ACCEPT") then
        write_file(path, text)
      end
      assert.equal(read_file(path), text)
    end)

    it("is Lua that gives back what was read", function()
      assert.same(description, run_file(text))
    end)

    it("is taken by moonpool.schema, with each of its tables", function()
      local real = require "moonpool.schema"
      local schema = assert(load(text, "=schema.lua", "t", { require = function() return real end }))()
      assert.same(description, real.describe(schema))
      for name, described in pairs(description.tables) do
        for _, column in ipairs(described.columns) do
          assert.is_not_nil(schema.tables[name].c[column[1]])
        end
      end
    end)

    it("has annotations that hang together", function()
      annotations.check(text, description)
    end)

    it("is the same whatever search_path is", function()
      local name = db:value("select current_database()")
      db:exec(("alter database %s set search_path = other, pg_temp"):format(name))
      local other <close> = mp.connect(cluster.url_of(name))
      assert.equal("other, pg_temp", other:value("show search_path"))
      assert.equal(text, write.text(describe_case(other, case)))
    end)

    it("is what the database is", function()
      local counts = { queries = 0 }
      assert.is_nil(require("moonpool.schema.compare").check(counting(db, counts), description))
      assert.equal(1, counts.queries)
    end)
  end)
end

describe("a description", function()
  local db

  setup(function()
    db = database_of("relations")
    db:script [[create table "odd*name" (id int); create table odd_name (id int); create table "odd-name" (id int);]]
  end)

  teardown(function()
    db:close()
  end)

  local function tables_of(...)
    local names = {}
    for name in pairs(describe_case(db, "relations", { ... }).tables) do
      names[#names + 1] = name
    end
    table.sort(names)
    return names
  end

  it("is of the tables that are asked for", function()
    assert.same({ "users" }, tables_of("users"))
    assert.same({ "documents", "event_notes", "events", "events_2026" }, tables_of("event*", "documents"))
    assert.same({ "odd*name", "odd-name", "odd_name" }, tables_of("odd?name"))
    assert.same({ "odd-name" }, tables_of("odd-name"))
  end)

  it("has no relations to other tables, and no enums but their own", function()
    assert.is_nil(describe_case(db, "relations", { "users" }).tables.users.relations.organization)
    assert.same({}, describe_case(db, "relations", { "users" }).enums)
  end)

  it("keeps the foreign keys of a partition that is asked for", function()
    local described = describe_case(db, "relations", { "events_2026", "documents" })
    assert.equal("documents", described.tables.events_2026.relations.document.table)
    described = describe_case(db, "relations", { "event*" })
    assert.same({ "events" }, require("moonpool.schema.names").sorted(described.tables.event_notes.relations))
  end)

  it("takes as many statements for one table as for many", function()
    local function count(...)
      local counts = { queries = 0 }
      read.describe(counting(db, counts), { schema = "public", tables = { ... } })
      return counts.queries
    end
    assert.equal(count("users"), count("*"))
  end)

  it("of what is not there says what could be meant", function()
    local _, err = pcall(read.describe, db, { schema = "pubic" })
    assert.same({ 'the database has no schema "pubic"', 'did you mean "public"?' }, { err.message, err.hint })
    _, err = pcall(tables_of, "user")
    assert.same({ 'there is no table "user"', 'did you mean "users"?' }, { err.message, err.hint })
  end)
end)

describe("a schema that is not in search_path", function()
  it("is queried with its types", function()
    local db <close> = database_of("identifiers")
    local text = write.text(describe_case(db, "identifiers"))
    local odd = assert(load(text))()['quo"te']
    db:exec [==[
      insert into "odd ""schema""; --"."quo""te" ("]]")
      values (array[']]', '--']::"odd ""schema""; --"."mood; --"[])
    ]==]
    assert.equal(1, #db:query(odd:where(odd.c["]]"]:contains { "]]" })))
    assert.equal(0, #db:query(odd:where(odd.c["]]"]:contains { "$name" })))
  end)
end)
