-- The sample data: how much of what, always the same, and no tenant's rows in another's.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"
local sample_data = require "buster.sample_data"

local ROWS = {
  organizations = 2, users = 30, users_to_organizations = 31, teams = 4, teams_to_users = 30,
  api_keys = 10, data_sources = 3, datasets = 40, dataset_groups = 3,
  datasets_to_dataset_groups = 20, permission_groups = 4, permission_groups_to_identities = 15,
  datasets_to_permission_groups = 50, dataset_permissions = 15, dataset_groups_permissions = 6,
  metric_files = 300, metric_files_to_datasets = 600, dashboard_files = 40,
  metric_files_to_dashboard_files = 200, report_files = 20, collections = 15,
  collections_to_assets = 120, asset_permissions = 900, chats = 100, messages = 600,
  messages_to_files = 400, user_favorites = 60,
}

-- Every reference from one asset to another, with the organisations at both ends.
local REFERENCES = {
  { "a metric's data source", [[
    select m.organization_id as one, d.organization_id as other
    from metric_files m
    join data_sources d on d.id = m.data_source_id
  ]] },
  { "a metric's datasets", [[
    select m.organization_id as one, d.organization_id as other
    from metric_files m
    join metric_files_to_datasets l on l.metric_file_id = m.id
    join datasets d on d.id = l.dataset_id
  ]] },
  { "a dashboard's metrics", [[
    select d.organization_id as one, m.organization_id as other
    from dashboard_files d
    join metric_files_to_dashboard_files l on l.dashboard_file_id = d.id
    join metric_files m on m.id = l.metric_file_id
  ]] },
  { "a report's metrics", [[
    select r.organization_id as one, m.organization_id as other
    from report_files r
    cross join regexp_matches(r.content, 'metricId="([^"]+)"', 'g') tag
    left join metric_files m on m.id = tag[1]::uuid
  ]] },
  { "a collection's assets", [[
    select c.organization_id as one, a.organization_id as other
    from collections c
    join collections_to_assets l on l.collection_id = c.id
    left join assets a on a.id = l.asset_id and a.type = l.asset_type
  ]] },
  { "a message's files", [[
    select c.organization_id as one, a.organization_id as other
    from chats c
    join messages m on m.chat_id = c.id
    join messages_to_files l on l.message_id = m.id
    left join assets a on a.id = l.file_id and a.type = l.file_type
  ]] },
  { "a chat's most recent file", [[
    select c.organization_id as one, a.organization_id as other
    from chats c
    left join assets a on a.id = c.most_recent_file_id and a.type = c.most_recent_file_type
  ]] },
  { "an asset's permissions", [[
    select a.organization_id as one, i.organization_id as other
    from asset_permissions p
    left join assets a on a.id = p.asset_id and a.type = p.asset_type
    left join identities i on i.id = p.identity_id and i.type = p.identity_type
      and (i.organization_id = a.organization_id or i.type <> 'user')
  ]] },
  { "a user's favourites", [[
    select a.organization_id as one, i.organization_id as other
    from user_favorites f
    left join assets a on a.id = f.asset_id and a.type = f.asset_type
    left join identities i on i.id = f.user_id and i.type = 'user'
      and i.organization_id = a.organization_id
  ]] },
  { "an asset's author", [[
    select a.organization_id as one, i.organization_id as other
    from assets a
    left join identities i on i.id = a.created_by and i.type = 'user'
      and i.organization_id = a.organization_id
  ]] },
  { "a dataset's permissions", [[
    select d.organization_id as one, p.organization_id as other
    from dataset_permissions p
    join datasets d on d.id = p.dataset_id
  ]] },
}

local VIEWS <const> = [[
  with assets as (
    select 'metric_file'::asset_type_enum as type, id, organization_id, created_by from metric_files
    union all
    select 'dashboard_file', id, organization_id, created_by from dashboard_files
    union all
    select 'report_file', id, organization_id, created_by from report_files
    union all
    select 'collection', id, organization_id, created_by from collections
    union all
    select 'chat', id, organization_id, created_by from chats
  ),
  identities as (
    select 'user'::identity_type_enum as type, user_id as id, organization_id from users_to_organizations
    union all
    select 'team', id, organization_id from teams
    union all
    select 'organization', id, id from organizations
  ),
]]

-- A digest of each table's content; ids of search entries are the database's own.
local function digests(db)
  local result = {}
  for name in pairs(ROWS) do
    result[name] = db:value(
      ("select md5(string_agg(t::text, '\n' order by t::text)) from %s t"):format(name))
  end
  return result
end

describe("sample data", function()
  local db, loaded

  setup(function()
    db = mp.connect(cluster.migrated())
    loaded = sample_data.load(db)
  end)

  teardown(function()
    db:close()
  end)

  local function count(sql)
    return db:value("select count(*) from " .. sql)
  end

  it("fills each table, and says how far", function()
    local counted = {}
    for name in pairs(ROWS) do
      counted[name] = count(name)
    end
    assert.same(ROWS, counted)
    assert.same(ROWS, loaded)
  end)

  it("is the same after each load into an empty database", function()
    local other <close> = mp.connect(cluster.migrated())
    sample_data.load(other)
    assert.same(digests(db), digests(other))
  end)

  it("differs with the seed", function()
    local other <close> = mp.connect(cluster.migrated())
    sample_data.load(other, { seed = 2 })
    assert.not_equal(digests(db).metric_files, digests(other).metric_files)
  end)

  it("is loaded once: the second time does nothing", function()
    local before = digests(db)
    assert.is_nil(sample_data.load(db))
    assert.is_nil(sample_data.load(db, { scale = 2, seed = 7 }))
    assert.same(before, digests(db))
  end)

  it("grows in metrics, permissions and messages", function()
    local other <close> = mp.connect(cluster.migrated())
    local rows = sample_data.load(other, { scale = 2 })
    assert.same({ 600, 1800, 1200, 40 },
      { rows.metric_files, rows.asset_permissions, rows.messages, rows.dashboard_files })
  end)

  it("refuses a scale that makes no sense, and loads nothing", function()
    local other <close> = mp.connect(cluster.migrated())
    for _, scale in ipairs { 0, -1, 1.5, 1001, "many" } do
      assert.has_error(function() sample_data.load(other, { scale = scale }) end)
    end
    assert.equal(0, other:value "select count(*) from organizations")
  end)

  for _, reference in ipairs(REFERENCES) do
    local name, sql = table.unpack(reference)
    it("keeps each tenant to itself: " .. name, function()
      local row = db:one(VIEWS .. "links as (" .. sql .. [[)
        select count(*) as links, count(*) filter (where one is distinct from other) as crossing
        from links
      ]])
      assert.is_true(row.links > 0)
      assert.equal(0, row.crossing)
    end)
  end

  it("gives every asset exactly one live owner", function()
    local row = db:one(VIEWS .. [[
      owned as (
        select a.id, count(p.identity_id) as owners
        from assets a
        left join asset_permissions p
          on p.asset_id = a.id and p.asset_type = a.type and p.role = 'owner' and p.deleted_at is null
        group by a.id
      )
      select count(*) as assets, count(*) filter (where owners <> 1) as odd
      from owned
    ]])
    assert.same({ assets = 475, odd = 0 }, row)
  end)

  it("keeps content and name equal to the latest version", function()
    for _, name in ipairs { "metric_files", "dashboard_files" } do
      assert.equal(0, count(([[
        %s f
        where f.name <> f.content ->> 'name'
           or f.content is distinct from (
             select v.value -> 'content'
             from jsonb_each(f.version_history) v
             order by v.key::int desc
             limit 1
           )
      ]]):format(name)))
    end
  end)

  it("has metrics of all seven chart types, and two that do not decode", function()
    local row = db:one [[
      select count(distinct content -> 'chartConfig' ->> 'selectedChartType')
               filter (where content -> 'chartConfig' ->> 'selectedChartType' <> 'radar') as charts,
             count(*) filter (where content -> 'chartConfig' ->> 'selectedChartType' = 'radar'
                                 or content -> 'sql' is null) as undecodable
      from metric_files
    ]]
    assert.same({ charts = 7, undecodable = 2 }, row)
  end)

  it("lays dashboards out in rows that add up, of the metrics that are linked to them", function()
    assert.equal(0, count [[
      dashboard_files d
      cross join jsonb_array_elements(d.content -> 'rows') r
      where jsonb_array_length(r -> 'items') <> jsonb_array_length(r -> 'columnSizes')
         or (select sum(s::int) from jsonb_array_elements_text(r -> 'columnSizes') s) <> 12
         or (select min(s::int) from jsonb_array_elements_text(r -> 'columnSizes') s) < 3
    ]])
    assert.equal(0, count [[
      dashboard_files d
      where (
        select array_agg(i ->> 'id' order by i ->> 'id')
        from jsonb_array_elements(d.content -> 'rows') r
        cross join jsonb_array_elements(r -> 'items') i
      ) is distinct from (
        select array_agg(l.metric_file_id::text order by l.metric_file_id::text)
        from metric_files_to_dashboard_files l
        where l.dashboard_file_id = d.id
          and l.deleted_at is null
      )
    ]])
  end)

  it("holds the cases that access rules must get right", function()
    assert.is_true(count [[
      asset_permissions o
      join collections_to_assets l on l.asset_id = o.asset_id and l.deleted_at is null
      join asset_permissions c
        on c.asset_id = l.collection_id and c.identity_id = o.identity_id and c.role = 'can_view'
      where o.role = 'owner'
        and c.deleted_at is null
    ]] > 0, "an owner with less in a collection")
    assert.is_true(count [[
      collections c
      join collections_to_assets l on l.collection_id = c.id and l.deleted_at is null
      where c.deleted_at is not null
    ]] > 0, "a deleted collection with live assets")
    assert.is_true(count [[
      metric_files_to_dashboard_files l
      join metric_files m on m.id = l.metric_file_id
      where m.deleted_at is not null
        and l.deleted_at is null
    ]] > 0, "a dashboard whose metric is deleted")
    assert.equal(1, count "metric_files_to_dashboard_files where deleted_at is not null")
  end)

  it("holds no token and no password, only digests", function()
    assert.equal(0, count "api_keys where key !~ '^[0-9a-f]{64}$'")
    assert.equal(0, count "metric_files where public_password not like '$argon2id$%'")
  end)
end)
