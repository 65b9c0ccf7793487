--- Which migrations a database has: Diesel's table with the versions, so that either tool can go on, and ours beside it
--- with the checksums. Both names are qualified, since a migration may leave another search path behind.

local mp = require "moonpool"

local Ledger = {}
Ledger.__index = Ledger

local M = {}

---@class moonpool.migrate.Applied
---@field version string
---@field run_on string when, by the server's clock
---@field checksum? string nil when another tool applied it
---@field title? string the folder's name at that time

---@class moonpool.migrate.Ledger
---@field versions string the qualified name of Diesel's table
---@field checksums string the qualified name of ours

--- Where the ledger is; or, when there is none, where it would be made.
local SCHEMA = [[
select coalesce(
  (select quote_ident(nspname)
   from pg_class
   join pg_namespace on pg_namespace.oid = relnamespace
   where pg_class.oid = to_regclass('__diesel_schema_migrations')),
  quote_ident(current_schema()))
]]

---@param conn table
---@return moonpool.migrate.Ledger
function M.open(conn)
  local schema = conn:value(SCHEMA)
  if schema == nil or schema == mp.null then
    error(mp.error {
      kind = "migration",
      message = "there is no schema to keep the migrations' ledger in: the search path names none that exists",
      hint = "create schema public, or alter role … set search_path",
    })
  end
  return setmetatable({
    versions = schema .. ".__diesel_schema_migrations",
    checksums = schema .. ".moonpool_migrations",
  }, Ledger)
end

---@param conn table
---@param name string
---@return boolean
local function exists(conn, name)
  return conn:value("select to_regclass($1) is not null", name)
end

--- Makes what is missing of the two tables.
---@param conn table
function Ledger:create(conn)
  if not exists(conn, self.versions) then
    conn:exec(("create table if not exists %s (version varchar(50) primary key not null, "
      .. "run_on timestamp not null default current_timestamp)"):format(self.versions))
  end
  if not exists(conn, self.checksums) then
    conn:exec(("create table if not exists %s (version varchar(50) not null, title text not null, "
      .. "checksum text not null, applied_at timestamptz not null default now(), "
      .. "constraint moonpool_migrations_pkey primary key (version))"):format(self.checksums))
  end
end

--- What is applied, in the order of the versions. Reads only.
---@param conn table
---@return moonpool.migrate.Applied[] applied
---@return table<string, moonpool.migrate.Applied> by_version
function Ledger:read(conn)
  if not exists(conn, self.versions) then return {}, {} end
  local ours = exists(conn, self.checksums) and ("left join %s using (version)"):format(self.checksums)
    or "cross join (select null::text as checksum, null::text as title) as ours"
  local applied = conn:query(([[
    select version, to_char(run_on, 'YYYY-MM-DD HH24:MI:SS') as run_on, checksum, title
    from %s
    %s
    order by version collate "C"
  ]]):format(self.versions, ours))
  local by_version = {}
  for _, row in ipairs(applied) do by_version[row.version] = row end
  return applied, by_version
end

--- Notes a checksum; one that is there from an earlier life of the version is replaced.
---@param session table
---@param migration moonpool.migrate.Migration
---@param checksum string
function Ledger:keep_checksum(session, migration, checksum)
  session:exec(([[
    insert into %s (version, title, checksum)
    values ($1, $2, $3)
    on conflict (version) do update
    set title = excluded.title, checksum = excluded.checksum, applied_at = excluded.applied_at
  ]]):format(self.checksums), migration.version, migration.name, checksum)
end

---@param session table
---@param migration moonpool.migrate.Migration
---@param checksum string
function Ledger:add(session, migration, checksum)
  session:exec(("insert into %s (version) values ($1)"):format(self.versions), migration.version)
  self:keep_checksum(session, migration, checksum)
end

---@param session table
---@param migration moonpool.migrate.Migration
function Ledger:remove(session, migration)
  session:exec(("delete from %s where version = $1"):format(self.versions), migration.version)
  session:exec(("delete from %s where version = $1"):format(self.checksums), migration.version)
end

return M
