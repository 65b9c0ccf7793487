--- Random queries: the server takes all that the builder lets pass of what a person would write, and wrong calls fail
--- with an error of kind "usage", whatever they are given.
---
--- A failure names its seed and its case: MOONPOOL_SEED repeats them. With MOONPOOL_LONG=1 there are 100,000 of each,
--- others each time.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"
local random_query = require "spec.support.random_query"
local wrong_query = require "spec.support.wrong_query"
local expression = require "moonpool.query.expression"
local read = require "moonpool.schema.read"
local run = require "moonpool.query.run"
local source = require "moonpool.query.source"
local statement = require "moonpool.query.statement"

local LONG = os.getenv "MOONPOOL_LONG" == "1"
local SEED = tonumber(os.getenv "MOONPOOL_SEED") or LONG and os.time() or 1

local BATCH = 50 -- statements that travel together
local ROUND = 200 -- wrong calls that go on from each other's results
local MOST_FAILURES = 3

--- Classes of SQLSTATEs of a plan that are no fault of the query: a value that is none of its type, or not of its
--- domain, and a foreign table whose server is none.
local CLASSES_OF_DATA = { ["22"] = true, ["23"] = true, ["55"] = true }

--- Columns that must be given, of all kinds.
local NEEDED = [[
  create type mood as enum ('glad', 'sad');
  create table needed (
    id int primary key, flag bool not null, note text not null, document jsonb not null, tags text[] not null,
    at timestamptz not null, span int4range not null, feeling mood not null, bytes bytea not null
  );
  create table needed_too (id uuid primary key, needed int not null references needed, on_it bool not null);
]]

--- What is tried: the project's own schema, and those of schema_spec.lua, with their hostile names and odd types.
local CASES = {
  { name = "buster", share = 0.5 },
  { name = "needed", share = 0.1, sql = NEEDED },
  { name = "identifiers", share = 0.1, schema = 'odd "schema"; --' },
  { name = "kinds", share = 0.1 },
  { name = "relations", share = 0.1 },
  { name = "types", share = 0.1 },
}

local function read_file(name)
  local file <close> = assert(io.open("spec/moonpool/schema/" .. name .. "/up.sql", "rb"))
  return file:read "a"
end

local function open(case)
  if case.name == "buster" then
    return mp.connect { url = cluster.migrated(), max_size = 1 }, require "buster.schema"
  end
  local db = mp.connect { url = cluster.database(), max_size = 1 }
  db:checkout(function(connection) connection:script(case.sql or read_file(case.name)) end)
  local description = read.describe(db, { schema = case.schema or "public" })
  description.name = case.name
  return db, require("moonpool.schema").define(description)
end

-- ---- failures ----

local function new_report(what)
  local failures = {}
  return {
    add = function(n, err, text)
      if #failures < MOST_FAILURES then
        failures[#failures + 1] = ("%s, MOONPOOL_SEED=%d, case %d: %s\n%s")
          :format(what, SEED, n, tostring(err), text or "")
      end
    end,
    check = function() assert(#failures == 0, "\n" .. table.concat(failures, "\n\n")) end,
  }
end

--- Where an error that is none of Moonpool's comes from.
local function traced(err)
  return mp.is_error(err) and err or debug.traceback(tostring(err), 2)
end

local function value_of(params, name)
  for _, param in ipairs(params) do
    if param.name == name then
      return param.value
    end
  end
end

local function prepare(db, text)
  return pcall(db.script, db, ("prepare statement as %s; deallocate statement"):format(text))
end

--- Asks the server about many texts at once, and about each alone where it refuses one of them.
local function prepare_all(db, batch, refused)
  local texts = {}
  for i, one in ipairs(batch) do
    texts[i] = ("prepare statement as %s; deallocate statement"):format(one.text)
  end
  if pcall(db.script, db, table.concat(texts, ";\n")) then
    return
  end
  for _, one in ipairs(batch) do
    local ok, err = prepare(db, one.text)
    if not ok then
      refused(one.n, err, one.text)
    end
  end
end

-- ---- coverage ----

local function methods_of()
  local compose, select_, write = require "moonpool.query.compose", require "moonpool.query.select",
    require "moonpool.query.write"
  return {
    Table = source.Table, Query = select_.Query, Set = compose.Set, Insert = write.Insert, Update = write.Update,
    Delete = write.Delete, Expression = expression.Expression,
  }
end

--- Counts calls of the builder's methods while fn runs. Gives the names of those that were not called; a table's
--- methods are those of its query.
local function uncalled_by(fn)
  local classes, originals, called, uncalled = methods_of(), {}, {}, {}
  for class, methods in pairs(classes) do
    originals[class] = {}
    for name, method in next, methods do
      originals[class][name] = method
      local key = (class == "Table" and rawget(classes.Query, name) and "Query" or class) .. ":" .. name
      methods[name] = function(...)
        called[key] = true
        return method(...)
      end
    end
  end
  local ok, err = xpcall(fn, debug.traceback)
  for class, methods in pairs(classes) do
    for name, method in pairs(originals[class]) do
      methods[name] = method
      local key = class .. ":" .. name
      local is_other = name == "to_sql" or name == "explain" or class == "Table" and rawget(classes.Query, name)
      if not called[key] and not is_other then
        uncalled[#uncalled + 1] = key
      end
    end
  end
  assert(ok, err)
  table.sort(uncalled)
  return uncalled
end

-- ---- the specs ----

for _, case in ipairs(CASES) do
  describe("random queries of " .. case.name, function()
    local db, schema

    setup(function() db, schema = open(case) end)
    teardown(function() db:close() end)

    --- With values. The planner evaluates constants: a random text need not be a regular expression.
    local function explain(made, params)
      local values, explained = {}, made:explain()
      for _, param in ipairs(run.compiled(explained).params or {}) do
        values[param.name] = value_of(params, param.name)
      end
      local ok, err = pcall(db.query, db, explained, next(values) and values or nil)
      return ok or CLASSES_OF_DATA[tostring(err.sqlstate):sub(1, 2)], err
    end

    it("are prepared by the server", function()
      local generator, report, batch = random_query.new(schema), new_report(case.name), {}
      for n = 1, math.floor((LONG and 100000 or 1500) * case.share) do
        math.randomseed(SEED, n)
        local ok, made, params = xpcall(generator.statement, traced, generator)
        local printed, text = false, nil
        if ok then
          printed, text = xpcall(made.to_sql, traced, made)
        end
        if not printed then
          report.add(n, ok and text or made)
        else
          batch[#batch + 1] = { n = n, text = text }
        end
        if printed and n % 20 == 0 then
          local planned, err = explain(made, params)
          if not planned then
            report.add(n, err, text)
          end
        end
        if #batch == BATCH then
          prepare_all(db, batch, report.add)
          batch = {}
        end
      end
      prepare_all(db, batch, report.add)
      report.check()
    end)

    it("with wrong arguments fail with usage errors only, and never with broken SQL", function()
      local report, caller = new_report(case.name), nil
      for n = 1, math.floor((LONG and 100000 or 2000) * case.share) do
        if n % ROUND == 1 then
          math.randomseed(SEED, n)
          caller = wrong_query.new(schema)
        end
        local name, call = caller:call()
        local ok, result = xpcall(call, traced)
        local text
        if ok then
          caller:keep(result)
          local is_expression = expression.is(result)
          if is_expression or statement.is(result) and result.kind ~= "explain" then
            ok, result = xpcall(function()
              return (is_expression and caller.table:select(result) or result):to_sql()
            end, traced)
            text = ok and result
          end
        end
        if text then
          local prepared, err = prepare(db, text)
          if not prepared and err.sqlstate == "42601" then
            report.add(n, ("%s: %s"):format(name, err), text)
          end
        elseif not ok and not wrong_query.is_expected(result) then
          report.add(n, ("%s: %s"):format(name, result))
        end
      end
      report.check()
    end)
  end)
end

it("random queries are made by all methods of the builder", function()
  local generator = random_query.new(require "buster.schema")
  local uncalled = uncalled_by(function()
    for n = 1, 3000 do
      math.randomseed(1, n)
      generator:statement()
    end
  end)
  assert.same({}, uncalled)
end)
