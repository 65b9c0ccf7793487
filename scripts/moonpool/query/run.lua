--- A statement of the builder on its way to a database: printed once, its values filled in, and the schema compared the
--- first time that a pool sees it.

local core = require "moonpool.core"
local complain = require "moonpool.query.complain"
local expression = require "moonpool.query.expression"
local render = require "moonpool.query.render"
local source = require "moonpool.query.source"
local statement = require "moonpool.query.statement"

local usage = complain.usage
local unpack = table.unpack

local is_statement = statement.is

local M = {}

local function raise_no_statement(value)
  if source.is(value) then
    usage(("the statement is the table %s"):format(tostring(value)), "for all its rows write table:all()")
  end
  usage(("the statement is a %s; expected a string of SQL or a query"):format(complain.type_name(value)))
end

--- The printed form; of a statement it is kept.
---@param query table
---@return moonpool.query.Compiled
function M.compiled(query)
  if statement.is(query) then
    local compiled = query.compiled
    if not compiled then
      compiled = render.compile(query)
      query.compiled = compiled
    end
    return compiled
  elseif expression.is(query) then
    return render.compile(query)
  end
  return raise_no_statement(query)
end

local function raise_absent(name)
  usage(("parameter %s is absent"):format(complain.show(name)), ("for NULL write %s = mp.null"):format(name))
end

local function raise_unknown(params, arguments)
  local names, known = {}, {}
  for i, param in ipairs(params) do
    names[i] = param.name
    known[param.name] = true
  end
  for name in next, arguments do
    if not known[name] then
      usage(("the query has no parameter %s"):format(complain.show(name)), complain.hint(name, names))
    end
  end
end

--- The values, with those of mp.param from the caller's table.
local function fill_in(compiled, arguments, ...)
  if type(arguments) ~= "table" or select("#", ...) > 0 then
    usage("the query has parameters and needs one table", "pass { name = value, ... }")
  end
  local params, values = compiled.params, {}
  if #params < compiled.count then
    table.move(compiled.values, 1, compiled.count, 1, values)
  end
  for i = 1, #params do
    local param = params[i]
    local given = arguments[param.name]
    if given == nil then
      raise_absent(param.name)
    elseif type(given) == "table" and (expression.is(given) or statement.is(given)) then
      usage(("parameter %s is an expression; expected a value"):format(complain.show(param.name)))
    end
    values[param.number] = given
  end
  local count = 0
  for _ in next, arguments do
    count = count + 1
  end
  if count ~= #params then
    raise_unknown(params, arguments)
  end
  return values
end

local function describe_drift(schema, list)
  local name = require("moonpool.schema").describe(schema).name or "of the script"
  return ("the database is not what the schema %s says"):format(name), table.concat(list, "\n")
end

--- Which of the query's tables differ, in words.
local function differences_of(query, schema, differences)
  return require("moonpool.schema.compare").list(differences, render.tables_of(query, schema))
end

--- Compares a schema with the pool's database. What is known of the pool is then true, or the differences by table.
local function compare(known, database, schema)
  local check = require("moonpool.schema.compare").check
  local differences = known.schema_drift ~= "ignore" and check(database, require("moonpool.schema").describe(schema))
  if differences and known.schema_drift == "warn" then
    local all = require("moonpool.schema.compare").list(differences)
    io.stderr:write(("moonpool: warning: %s\n%s\n"):format(describe_drift(schema, all)))
    differences = nil
  end
  known[schema] = differences or true
end

--- Refuses a query with tables that differ from what their schema says; others go on. The database is looked at the
--- first time that the schema is used there, and before a query is refused, since a migration may have mended it.
local function check_schema(known, database, schema, query)
  local before = known[schema]
  if before and #differences_of(query, schema, before) == 0 then
    return
  end
  compare(known, database, schema)
  local list = known[schema] ~= true and differences_of(query, schema, known[schema]) or {}
  if #list > 0 then
    local message, detail = describe_drift(schema, list)
    error(core.error {
      kind = "schema", message = message, detail = detail,
      hint = "run the migrations, or `moonpool schema generate` and mend the script",
    })
  end
end

--- The first row alone is asked for, where the query does not say how many.
local function limited(query)
  if is_statement(query) and (query.kind == "select" or query.kind == "set") and not query.count_limit then
    if not query.first_row then
      query.first_row = query:limit(1)
    end
    return query.first_row
  end
  return query
end

local function check_further(known, database, schemas, query)
  for _, schema in ipairs(schemas) do
    if known[schema] ~= true then
      check_schema(known, database, schema, query)
    end
  end
end

--- What db:query and its like call with anything but a text: gives the text and the values to send.
---@param is_first boolean only the first row is of interest
---@param known table what is known of the pool
---@param database moonpool.Database
---@param query table
---@param ... any the values of mp.param, by name
local function prepare(is_first, known, database, query, ...)
  if is_first and type(query) == "table" then
    query = limited(query)
  end
  local compiled = is_statement(query) and query.compiled or M.compiled(query)
  local schema = compiled.schema
  if schema and known[schema] ~= true then
    check_schema(known, database, schema, query)
  end
  if compiled.schemas then
    check_further(known, database, compiled.schemas, query)
  end
  if compiled.params then
    return compiled.text, unpack(fill_in(compiled, ...), 1, compiled.count)
  elseif ... ~= nil or select("#", ...) > 1 then
    usage("the query has no parameters, but a value was given", "mp.param \"name\" makes one")
  end
  return compiled.text, unpack(compiled.values, 1, compiled.count)
end

core.on_query(prepare)

return M
