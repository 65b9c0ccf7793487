-- Reads what a database's catalogs say about the objects of its public schema, as sorted lines of
-- text that two databases can be compared by.

local M = {}

-- The tables in which migrations are recorded are no part of what they create.
local LEDGER_TABLES <const> = "('__diesel_schema_migrations', 'moonpool_migrations')"

local QUERIES = {
  [[
    select concat_ws(' ', 'column', r.relname, a.attnum, a.attname,
                     format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
                     a.attgenerated, pg_get_expr(d.adbin, d.adrelid)) as line
    from pg_class r
    join pg_attribute a on a.attrelid = r.oid
    left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
    where r.relkind in ('r', 'p', 'v', 'm')
      and r.relnamespace = 'public'::regnamespace
      and r.relname not in ]] .. LEDGER_TABLES .. [[
      and a.attnum > 0
      and not a.attisdropped
  ]],
  [[
    select format('constraint %s %s %s', r.relname, c.conname, pg_get_constraintdef(c.oid)) as line
    from pg_constraint c
    join pg_class r on r.oid = c.conrelid
    where r.relnamespace = 'public'::regnamespace
      and r.relname not in ]] .. LEDGER_TABLES,
  [[
    select indexdef as line
    from pg_indexes
    where schemaname = 'public'
      and tablename not in ]] .. LEDGER_TABLES,
  [[
    select pg_get_triggerdef(t.oid) as line
    from pg_trigger t
    where not t.tgisinternal
  ]],
  [[
    select pg_get_functiondef(p.oid) as line
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace
  ]],
  [[
    select format('enum %s %s', t.typname, string_agg(e.enumlabel, ' ' order by e.enumsortorder)) as line
    from pg_type t
    join pg_enum e on e.enumtypid = t.oid
    group by t.typname
  ]],
}

--- Every table, column, constraint, index, trigger, function and enum type of the public schema.
---@param db table
---@return string[] lines sorted
function M.read(db)
  local lines = {}
  for _, query in ipairs(QUERIES) do
    for _, row in ipairs(db:query(query)) do
      lines[#lines + 1] = row.line
    end
  end
  table.sort(lines)
  return lines
end

--- The columns of each table, written as in domain_tables.
---@param db table
---@return table<string, string>
function M.tables(db)
  local tables = {}
  local rows = db:query([[
    select r.relname::text as name,
           string_agg(concat_ws(' ', a.attname, coalesce(e.typname || '[]', t.typname),
                                case when a.attnotnull then 'not null' end),
                      ', ' order by a.attnum) as columns
    from pg_class r
    join pg_attribute a on a.attrelid = r.oid
    join pg_type t on t.oid = a.atttypid
    left join pg_type e on e.typarray = t.oid
    where r.relkind = 'r'
      and r.relnamespace = 'public'::regnamespace
      and r.relname not in ]] .. LEDGER_TABLES .. [[
      and a.attnum > 0
      and not a.attisdropped
    group by r.relname
  ]])
  for _, row in ipairs(rows) do
    tables[row.name] = row.columns
  end
  return tables
end

--- The labels of each enum type, in order, separated by blanks.
---@param db table
---@return table<string, string>
function M.enums(db)
  local enums = {}
  for _, row in ipairs(db:query [[
    select t.typname::text as name,
           string_agg(e.enumlabel, ' ' order by e.enumsortorder) as labels
    from pg_type t
    join pg_enum e on e.enumtypid = t.oid
    group by t.typname
  ]]) do
    enums[row.name] = row.labels
  end
  return enums
end

return M
