-- A tour of Moonpool on its sample data, which is that of an analytics API.
--
--   ./dev run                                  sets everything up and runs this
--   build/release/moonpool examples/tour.lua   on DATABASE_URL, or on the project's own PostgreSQL

local mp = require "moonpool"
local schema = require "buster.schema"

local db <close> = mp.connect()

local function title(text)
  print(("\n%s\n%s"):format(text, ("="):rep(utf8.len(text))))
end

-- `first` gives one row or nil; `$name` takes its value from a table.
local home = db:first("select id, name from organizations where name = $name", { name = "Lighthouse Analytics" })
if not home then
  io.stderr:write("tour: there is no sample data; `moonpool scripts/buster/sample_data.lua` loads it\n")
  os.exit(1)
end

title("What " .. home.name .. " has")
mp.show(db:query([[
  select table_name as what, count(*) - count(deleted_at) as live, count(deleted_at) as deleted
  from (
    select 'members', deleted_at from users_to_organizations where organization_id = $1 union all
    select 'teams', deleted_at from teams where organization_id = $1 union all
    select 'datasets', deleted_at from datasets where organization_id = $1 union all
    select 'metrics', deleted_at from metric_files where organization_id = $1 union all
    select 'dashboards', deleted_at from dashboard_files where organization_id = $1 union all
    select 'collections', deleted_at from collections where organization_id = $1 union all
    select 'chats', deleted_at from chats where organization_id = $1
  ) as rows (table_name, deleted_at)
  group by table_name order by live desc
]], home.id))

title "Its largest dashboards, with their metrics"
local dashboards = db:query([[
  select dashboard.id, dashboard.name as dashboard, author.name as author, count(*) as metrics,
    round(avg(metric.evaluation_score)::numeric, 2) as score,
    array_agg(distinct metric.content #>> '{chartConfig,selectedChartType}') as charts
  from dashboard_files dashboard
  join users author on author.id = dashboard.created_by
  join metric_files_to_dashboard_files link on link.dashboard_file_id = dashboard.id and link.deleted_at is null
  join metric_files metric on metric.id = link.metric_file_id and metric.deleted_at is null
  where dashboard.organization_id = $1 and dashboard.deleted_at is null
  group by dashboard.id, author.id
  order by metrics desc, dashboard
  limit 8
]], home.id)
for _, row in ipairs(dashboards) do
  row.charts = table.concat(row.charts, ", ") -- an SQL array is a Lua list
end
dashboards.columns = { "dashboard", "author", "metrics", "score", "charts" }
mp.show(dashboards)

title 'Who may see "Sales: week 1", and how'
mp.show(db:query([[
  with dashboard as (
    select id from dashboard_files where organization_id = $organization and name = $name
  ), held as ( -- the dashboard itself, and the collections that hold it
    select id, 'dashboard_file' as type, 'itself' as through from dashboard union all
    select collection.id, 'collection', 'collection ' || collection.name
    from collections_to_assets content
    join collections collection on collection.id = content.collection_id and collection.deleted_at is null
    where content.asset_id in (select id from dashboard) and content.deleted_at is null
  ), granted as ( -- to a person, to a team, or to the whole organisation
    select member.user_id, permission.role, permission.identity_type as given_to, held.through
    from held
    join asset_permissions permission on permission.asset_id = held.id
      and permission.asset_type::text = held.type and permission.deleted_at is null
    join users_to_organizations member on member.organization_id = $organization and member.deleted_at is null
      and member.status = 'active'
    where permission.identity_id in (member.user_id, member.organization_id)
      or permission.identity_type = 'team' and exists (
        select from teams_to_users place
        join teams team on team.id = place.team_id and team.deleted_at is null
        where place.team_id = permission.identity_id and place.user_id = member.user_id and place.deleted_at is null)
  )
  select users.name as who, granted.role, granted.given_to, granted.through
  from granted join users on users.id = granted.user_id
  order by who, through
]], { organization = home.id, name = "Sales: week 1" }))

title "A query that knows the schema"
local metric_files, users = schema.metric_files, schema.users
local authors = metric_files:join("created_by_users")
  :where(metric_files.organization_id:eq(home.id), metric_files.deleted_at:is_null())
  :group_by(users.id)
  :select(users.name:as "author", mp.fn.count():as "metrics",
    mp.fn.count():filter(metric_files.verification:eq("verified")):as "verified")
  :order(mp.fn.count():desc(), users.name)
mp.show(db:query(authors:limit(3)))
local _, mistake = pcall(function() return authors:where { verification = "verifed" } end)
print("\n" .. tostring(mistake))

title "Two queries side by side"
local start = mp.timestamp.now()
local members, metrics = mp.all {
  function()
    return db:query("select status, count(*) as members from users_to_organizations, pg_sleep(0.3) group by 1")
  end,
  function()
    return db:query("select verification, count(*) as metrics from metric_files, pg_sleep(0.3) group by 1")
  end,
}
local seconds = (mp.timestamp.now() - start).microseconds / 1000000
mp.show(members)
mp.show(metrics)
print(("Each takes 0.3 seconds; both together took %.1f, on two connections."):format(seconds))

title "A transaction that rolls back"
local RENAME = "update dashboard_files set name = $name where id = $id returning name"
local ok, err = pcall(function()
  db:transaction(function(tx)
    print("inside:   " .. tx:value(RENAME, { id = dashboards[1].id, name = "Board meeting, final (2)" }))
    error("second thoughts", 0)
  end)
end)
print("raised:   " .. (ok and "nothing" or err))
print("outside:  " .. db:value("select name from dashboard_files where id = $1", dashboards[1].id))

title "An error, as a user sees it"
local _, failure = pcall(db.query, db, [[
  select name, evaluation_score
  from metric_files
  where name like 'Größe%' and organisation_id = $1
]], home.id)
print(failure)
print(("\nA script tells errors apart by err.kind (%s) and err.sqlstate (%s)."):format(failure.kind, failure.sqlstate))
