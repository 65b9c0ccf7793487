-- Fills a migrated database with sample data: two organisations with everything that belongs to
-- them. The same scale and seed always give the same rows.
--
--   moonpool scripts/buster/sample_data.lua --scale 1
--
-- Scale 1 is a small organisation, scale 100 the size for load tests (30,000 metrics).

local mp = require "moonpool"
local Layout = require "buster.sample_data.layout"

local M = {}

local TOPICS = {
  require "buster.sample_data.people",
  require "buster.sample_data.data",
  require "buster.sample_data.assets",
  require "buster.sample_data.conversations",
  require "buster.sample_data.sharing",
}

local ROWS_PER_STATEMENT <const> = 500
local MOST_SCALE <const> = 1000

-- A row travels as a JSON object; PostgreSQL gives each value its column's type, and NULL to a
-- column without one.
local function insert_statement(name, columns)
  local list = columns:gsub(" ", ", ")
  return ("insert into %s (%s) select %s from jsonb_populate_recordset(null::%s, $1::jsonb)")
    :format(name, list, list, name)
end

local function fill(tx, topic, layout, progress)
  local statement = insert_statement(topic.name, topic.columns)
  local batch, count = {}, 0
  local function flush()
    if #batch > 0 then
      tx:exec(statement, mp.json(batch))
      count = count + #batch
      batch = {}
      progress(topic.name, count, false)
    end
  end
  topic.rows(layout, function(row)
    batch[#batch + 1] = row
    if #batch == ROWS_PER_STATEMENT then
      flush()
    end
  end)
  flush()
  progress(topic.name, count, true)
  return count
end

-- One load at a time: the second waits here until the first has ended, and then sees its rows.
local function is_loaded(tx)
  tx:exec "lock table organizations in share row exclusive mode"
  return tx:value("select exists (select from organizations where id = $1::uuid)", Layout.HOME)
end

local function mistake_in(scale, seed)
  if math.type(scale) ~= "integer" or scale < 1 or scale > MOST_SCALE then
    return ("scale: %s is not a whole number from 1 to %d"):format(scale, MOST_SCALE)
  elseif math.type(seed) ~= "integer" then
    return ("seed: %s is not a whole number"):format(seed)
  end
end

---@class buster.sample_data.Options
---@field scale? integer 1 to 1000: multiplies metrics, permissions and messages; default 1
---@field seed? integer another seed gives other data of the same shape; default 1
---@field progress? fun(name: string, rows: integer, is_done: boolean) a table's name and its rows so far

--- Loads the sample data in one transaction, unless it is there already, at whatever scale.
---@param db table a pool, connection or transaction of a migrated database
---@param options? buster.sample_data.Options
---@return table<string, integer>? rows how many rows each table got; nil when it was loaded already
function M.load(db, options)
  options = options or {}
  local scale, seed = options.scale or 1, options.seed or 1
  local mistake = mistake_in(scale, seed)
  if mistake then
    error(mistake, 2)
  end
  local layout = Layout.new(scale, seed)
  local progress = options.progress or function() end
  return db:transaction(function(tx)
    if is_loaded(tx) then
      return nil
    end
    local rows = {}
    for _, topic in ipairs(TOPICS) do
      for _, part in ipairs(topic) do
        rows[part.name] = fill(tx, part, layout, progress)
      end
    end
    return rows
  end)
end

local USAGE <const> = [[
usage: moonpool scripts/buster/sample_data.lua [--scale N] [--seed N]
  --scale N  1 is a small organisation, 100 the size for load tests (default 1)
  --seed N   another seed gives other data of the same shape (default 1)
]]

local function usage_error(message)
  io.stderr:write("sample_data: ", message, "\n", USAGE)
  os.exit(2)
end

local function parse_arguments(arguments)
  local options = { scale = 1, seed = 1 }
  for at = 1, #arguments, 2 do
    local name, text = arguments[at], arguments[at + 1]
    if name ~= "--scale" and name ~= "--seed" then
      usage_error(("unknown option '%s'"):format(name))
    elseif not text then
      usage_error(name .. " needs a number")
    end
    options[name:sub(3)] = math.tointeger(tonumber(text)) or text
  end
  local mistake = mistake_in(options.scale, options.seed)
  if mistake then
    usage_error(mistake)
  end
  return options
end

local function main(arguments)
  local options = parse_arguments(arguments)
  function options.progress(name, rows, is_done)
    if is_done or rows % 5000 == 0 then
      io.stderr:write(("%-32s%8d rows%s\n"):format(name, rows, is_done and "" or " ..."))
    end
  end
  local db <close> = mp.connect()
  if not M.load(db, options) then
    print "The sample data is loaded already: nothing to do."
  end
end

-- `require` names the module it loads; whoever else runs this file runs a script.
if ... ~= "buster.sample_data" then
  main { ... }
end

return M
