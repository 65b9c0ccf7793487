--- Moonpool: PostgreSQL for Lua scripts.
---
---     local mp = require "moonpool"
---     local db = mp.connect()
---     mp.show(db:query("select id, name from users where active = $1", true))

local core = require "moonpool.core"
require "moonpool.database"
require "moonpool.each"
require "moonpool.transaction"
local pool = require "moonpool.pool"
local query = require "moonpool.query"

---@class moonpool
---@field null lightuserdata SQL's NULL where nil cannot stand: in lists, in JSON, among named parameters
---@field version string
local M = {
  version = core.version,

  -- values
  null = core.null,
  numeric = core.numeric,
  timestamp = core.timestamp,
  date = core.date,
  time = core.time,
  interval = core.interval,
  bytes = core.bytes,
  array = core.array,
  json = core.json,
  yaml = core.yaml,
  uuid = core.uuid,
  range = core.range,
  codec = core.codec,

  -- errors
  error = core.error,
  is_error = core.is_error,

  -- tasks
  all = core.all,
  sleep = core.sleep,

  -- queries
  fn = query.fn,
  case = query.case,
  rows = query.rows,
  sql = query.sql,
  from_sql = query.from_sql,
  cte = query.cte,
  recursive = query.recursive,
  param = query.param,
  value = query.value,
  exists = query.exists,
  select = query.select,

  connect = pool.connect,
  show = require("moonpool.show").show,
}

return M
