--- The SQL that reads PostgreSQL's catalogs: for the description of a schema, and for the question whether one still
--- fits. Every name in it has its schema, so that search_path only shows in the texts of defaults.

local M = {}

--- A type's name as a description has it: without its schema when that is pg_catalog or the described one.
---@param type string the alias of pg_type
---@param namespace string the alias of its pg_namespace
---@return string
local function name_of(type, namespace)
  local text = [[case
      when <namespace>.nspname = 'pg_catalog' then <type>.typname::text
      when <namespace>.nspname = $1 and not exists (
        select
        from pg_catalog.pg_type o
        where o.typname = <type>.typname and o.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
      ) then <type>.typname::text
      else <namespace>.nspname || '.' || <type>.typname
    end]]
  return (text:gsub("<(%a+)>", { type = type, namespace = namespace }))
end

--- Each domain with the type below it that is none, through domains over domains.
local DOMAINS = [[
with recursive chain (oid, base, modifier, is_not_null) as (
  select d.oid, d.typbasetype, d.typtypmod, d.typnotnull
  from pg_catalog.pg_type d
  where d.typtype = 'd'
  union all
  select chain.oid, d.typbasetype, d.typtypmod, chain.is_not_null or d.typnotnull
  from chain
  join pg_catalog.pg_type d on d.oid = chain.base
  where d.typtype = 'd'
), domain as (
  select chain.*
  from chain
  join pg_catalog.pg_type b on b.oid = chain.base
  where b.typtype <> 'd'
)
]]

--- What is to be known of each column of the table `c`. A column's type `t` may be a domain; `r` is the type below it
--- that is none, and `u` the element's type when that is an array, or else `r` itself.
local COLUMNS_OF_TABLE = [[
  select a.attnum, a.attname, a.attidentity::text as identity, a.attgenerated <> '' as is_generated,
    coalesce(domain.modifier, a.atttypmod) as modifier,
    a.attnotnull or coalesce(domain.is_not_null, false) as is_not_null,
    a.attgenerated = '' and (a.atthasdef or t.typdefault is not null) as has_default,
    case when a.attgenerated = '' then coalesce(pg_catalog.pg_get_expr(v.adbin, v.adrelid), t.typdefault) end as text,
    pg_catalog.col_description(a.attrelid, a.attnum) as comment,
    tn.nspname || '.' || t.typname as exact_type,
    un.nspname || '.' || u.typname || case when e.oid is null then '' else '[]' end as exact_base,
    case when t.typtype = 'd' then ]] .. name_of("t", "tn") .. [[ end as domain,
    ]] .. name_of("u", "un") .. [[ as element, e.oid is not null as is_array,
    pg_catalog.format_type(t.oid, a.atttypmod) as full_type,
    pg_catalog.format_type(t.oid, null) as bare_type,
    case when u.typtype = 'e' then array(
      select l.enumlabel::text
      from pg_catalog.pg_enum l
      where l.enumtypid = u.oid
      order by l.enumsortorder
    ) end as labels
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type t on t.oid = a.atttypid
  join pg_catalog.pg_namespace tn on tn.oid = t.typnamespace
  left join domain on domain.oid = t.oid
  join pg_catalog.pg_type r on r.oid = coalesce(domain.base, t.oid)
  left join pg_catalog.pg_type e on e.oid = r.typelem and e.typarray = r.oid
  join pg_catalog.pg_type u on u.oid = coalesce(e.oid, r.oid)
  join pg_catalog.pg_namespace un on un.oid = u.typnamespace
  left join pg_catalog.pg_attrdef v on v.adrelid = a.attrelid and v.adnum = a.attnum
  where a.attrelid = c.oid
    and a.attnum > 0
    and not a.attisdropped
]]

--- The choice of tables by `$1`, the schema, and `$2`, their names.
local THESE_TABLES = [[
where n.nspname = $1
  and c.relname = any ($2::pg_catalog.name[])
  and c.relkind in ('r', 'p', 'v', 'm', 'f')
]]

--- The tables of a schema, those of extensions left out, in the order of their names. Parameter: the schema.
M.TABLES = [[
select c.relname as name, c.relkind::text as kind, c.relispartition as is_partition,
  pg_catalog.obj_description(c.oid, 'pg_class') as comment
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1
  and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and not exists (
    select
    from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      and d.objid = c.oid
      and d.deptype = 'e'
  )
order by c.relname collate "C"
]]

--- The columns of tables in their order. Parameters: the schema, the tables' names.
M.COLUMNS = DOMAINS .. [[
select c.relname as "table", f.attname as name, f.*
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral (
]] .. COLUMNS_OF_TABLE .. ") f\n" .. THESE_TABLES .. [[
order by c.relname collate "C", f.attnum
]]

--- A fingerprint of each table that is there: of all that M.COLUMNS tells and a description is compared by. Defaults
--- and comments may change without a script's harm. Parameters: the schema, the tables' names.
M.FINGERPRINTS = DOMAINS .. [[
select c.relname as name, pg_catalog.md5(coalesce(pg_catalog.string_agg(
    array[
      f.attname, f.exact_type, f.exact_base, f.modifier::text, f.is_not_null::text, f.identity, f.is_generated::text,
      f.has_default::text, f.labels::text
    ]::text, e'\n' order by f.attnum
  ) filter (where f.attnum is not null), '')) as fingerprint
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join lateral (
]] .. COLUMNS_OF_TABLE .. ") f on true\n" .. THESE_TABLES .. "group by c.relname\n"

--- The keys of tables: unique indexes on plain columns, in which no row is left out. Parameters: as above.
M.KEYS = [[
select c.relname as "table", i.relname as name, x.indisprimary as is_primary,
  array(
    select a.attname::text
    from pg_catalog.unnest(x.indkey::int2[]) with ordinality k (attnum, place)
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
    where k.place <= x.indnkeyatts
    order by k.place
  ) as columns
from pg_catalog.pg_index x
join pg_catalog.pg_class c on c.oid = x.indrelid
join pg_catalog.pg_class i on i.oid = x.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
]] .. THESE_TABLES .. [[
  and x.indisunique
  and x.indisvalid
  and x.indpred is null
  and x.indexprs is null
order by c.relname collate "C", i.relname collate "C"
]]

--- The foreign keys from tables to tables, without the copies that partitions make of them. Parameters: as above.
M.FOREIGN_KEYS = [[
select k.conname as name, c.relname as "table", o.relname as other,
  array(
    select a.attname::text
    from pg_catalog.unnest(k.conkey) with ordinality u (attnum, place)
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = u.attnum
    order by u.place
  ) as columns,
  array(
    select a.attname::text
    from pg_catalog.unnest(k.confkey) with ordinality u (attnum, place)
    join pg_catalog.pg_attribute a on a.attrelid = o.oid and a.attnum = u.attnum
    order by u.place
  ) as other_columns
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_class o on o.oid = k.confrelid and o.relnamespace = n.oid
]] .. THESE_TABLES .. [[
  and o.relname = any ($2::pg_catalog.name[])
  and k.contype = 'f'
  and not exists (
    select
    from pg_catalog.pg_constraint p
    where p.oid = k.conparentid and p.conrelid = k.conrelid
  )
order by c.relname collate "C", k.conname collate "C"
]]

--- The enum types of a schema, those of extensions left out. Parameter: the schema.
M.ENUMS = [[
select ]] .. name_of("t", "n") .. [[ as name,
  array(
    select l.enumlabel::text
    from pg_catalog.pg_enum l
    where l.enumtypid = t.oid
    order by l.enumsortorder
  ) as labels
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where n.nspname = $1
  and t.typtype = 'e'
  and not exists (
    select
    from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
      and d.objid = t.oid
      and d.deptype = 'e'
  )
]]

return M
