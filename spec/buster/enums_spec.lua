--- The enums of the domain: what each reads, the order of roles, and that they are the database's.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"
local enum = require "moonpool.enum"
local enums = require "buster.enums"
local sample_data = require "buster.sample_data"
local schema = require "buster.schema"
local assert_raises = require "spec.support.assert_raises"

--- What each enum reads: the label that is written, then its other spellings. Written down apart from the code.
local SPELLINGS = {
  asset_permission_role = {
    "owner", "full_access fullAccess", "can_edit canEdit editor", "can_filter canFilter", "can_view canView viewer",
  },
  asset_type = {
    "chat", "metric_file metricFile metric", "report_file reportFile report", "collection",
    "dashboard_file dashboardFile dashboard dashboard_deprecated dashboardDeprecated",
  },
  chat_type = { "analyst", "data_engineer dataEngineer developer" },
  data_source_onboarding_status = { "notStarted not_started", "inProgress in_progress", "completed", "failed" },
  data_source_type = {
    "bigquery", "databricks", "mysql", "mariadb", "postgres", "redshift", "snowflake", "sqlserver", "supabase",
  },
  dataset_group_permission_type = { "user", "permission_group permissionGroup" },
  dataset_permission_type = { "user", "team", "dataset_group datasetGroup", "permission_group permissionGroup" },
  dataset_type = { "table", "view", "materializedView materialized_view materialized#view" },
  identity_type = { "user User", "team Team", "organization Organization" },
  message_feedback = { "positive", "negative" },
  metric_value_aggregate = { "sum", "average", "median", "count", "max", "min", "first" },
  search_asset_type = { "metric", "dashboard", "collection" },
  sharing_setting = { "none", "team", "organization", "public" },
  step_progress = { "inProgress in_progress", "completed", "failed" },
  stored_values_status = { "syncing", "success", "failed" },
  sync_job_status = { "pending", "in_progress inProgress", "success", "error" },
  team_role = { "manager", "member", "none" },
  user_organization_role = {
    "workspace_admin workspaceAdmin", "data_admin dataAdmin", "querier", "restricted_querier restrictedQuerier",
    "viewer",
  },
  user_organization_status = { "active", "inactive", "pending", "guest" },
  verification = { "verified", "backlogged", "inReview in_review", "requested", "notRequested not_requested" },
  workspace_sharing = { "none", "can_view canView", "can_edit canEdit", "full_access fullAccess" },
}

--- Spellings that stood for rows which are gone, or that nobody ever wrote.
local REFUSED = {
  asset_permission_role = { "Owner", "none", "can view", "canview" },
  asset_type = { "thread", "data_source", "filter", "dataset", "tool", "source", "collection_file", "message" },
  chat_type = { "Analyst", "data engineer" },
  data_source_type = { "postgresql", "BigQuery", "sql_server" },
  identity_type = { "USER", "organisation" },
  team_role = { "owner", "admin" },
  user_organization_role = { "owner", "admin", "member" },
  verification = { "inreview", "InReview", "in review" },
  workspace_sharing = { "owner", "can_filter", "viewer" },
}

local function sorted(list)
  table.sort(list)
  return list
end

local function words_of(text)
  local words = {}
  for word in text:gmatch "%S+" do
    words[#words + 1] = word:gsub("#", " ")
  end
  return words
end

local function read_file(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

describe("the domain's enums", function()
  for name, rows in pairs(SPELLINGS) do
    it(name .. " reads its labels in all their spellings, and writes the labels", function()
      local labels = {}
      for i, row in ipairs(rows) do
        local words = words_of(row)
        labels[i] = words[1]
        for _, word in ipairs(words) do
          assert.equal(words[1], enums[name]:parse(word))
        end
      end
      assert.same(sorted(labels), sorted(enums[name]:labels()))
    end)
  end

  for name, spellings in pairs(REFUSED) do
    it(name .. " refuses what is none of them", function()
      for _, spelling in ipairs(spellings) do
        assert.is_nil(enums[name]:find(spelling))
        assert_raises("usage", name .. ' has no label "' .. spelling .. '"\nhint: ', enums[name].parse, enums[name],
          spelling)
      end
    end)
  end

  it("are all of them tried here", function()
    for name in pairs(enums) do
      assert(SPELLINGS[name], name)
    end
  end)

  it("name the nearest label", function()
    local nearest = {
      asset_permission_role = { fulAccess = "full_access", editr = "can_edit" },
      asset_type = { dashbord = "dashboard_file", metric_fil = "metric_file" },
      dataset_type = { ["materialised view"] = "materializedView" },
      identity_type = { organisation = "organization" },
      data_source_type = { postgresql = "postgres" },
    }
    for name, cases in pairs(nearest) do
      for spelling, label in pairs(cases) do
        local _, err = pcall(enums[name].parse, enums[name], spelling)
        assert.equal(("did you mean %s?"):format(label), err.hint)
      end
    end
  end)
end)

describe("the annotations of the domain's enums", function()
  local text = read_file "scripts/buster/enums.lua"
  local generated = read_file "scripts/buster/schema.lua"

  it("have a field for each, and no other", function()
    local fields, names = {}, {}
    for field in text:gmatch "\n%-%-%-@field ([%w_]+) moonpool%.Enum<buster%.[%w_]+>" do
      fields[#fields + 1] = field
    end
    for name in pairs(enums) do
      names[#names + 1] = name
    end
    assert.same(names, sorted(fields))
  end)

  it("have the labels", function()
    for name, member in pairs(enums) do
      local alias = text:match("@field " .. name .. " moonpool%.Enum<(buster%.[%w_]+)>")
      assert.equal("buster." .. (member.type or name), alias)
      local source = member.type and generated or text:gsub("\n%-%-%-|", "|")
      local labels = source:match("\n%-%-%-@alias " .. alias:gsub("%.", "%%.") .. " ([^\n]*)")
      local expected = member.type and schema.enums[member.type] or member:labels()
      assert.equal('"' .. table.concat(expected, '"|"') .. '"', labels)
    end
  end)
end)

describe("the order of roles", function()
  local roles, sharing = enums.asset_permission_role, enums.workspace_sharing

  -- rank(row) >= rank(column): owner, full_access, can_edit, can_filter, can_view
  local ORDER = { "owner", "full_access", "can_edit", "can_filter", "can_view" }
  local SUFFICES = {
    owner = "yes yes yes yes yes",
    full_access = "no yes yes yes yes",
    can_edit = "no no yes yes yes",
    can_filter = "no no no yes yes",
    can_view = "no no no no yes",
    [false] = "no no no no no",
  }

  it("says which suffices for which", function()
    for level, row in pairs(SUFFICES) do
      for i, answer in ipairs(words_of(row)) do
        assert.equal(answer == "yes", roles:at_least(level or nil, ORDER[i]))
      end
    end
  end)

  it("has ranks from 5 to 1, and 0 for no permission", function()
    for i, role in ipairs(ORDER) do
      assert.equal(6 - i, roles:rank(role))
      assert.equal(role, roles:of_rank(6 - i))
    end
    assert.equal(0, roles:rank(nil))
    assert.equal(3, roles:rank "editor")
    assert.equal(1, roles:rank "viewer")
  end)

  it("gives the more privileged of two, whichever comes first", function()
    for i, one in ipairs(ORDER) do
      assert.equal(one, roles:max(one, nil))
      assert.equal(one, roles:max(nil, one))
      for j, other in ipairs(ORDER) do
        assert.equal(ORDER[math.min(i, j)], roles:max(one, other))
      end
    end
    assert.equal("can_edit", roles:max("viewer", "editor"))
  end)

  it("knows workspace sharing as a role", function()
    assert.is_nil(roles:from(sharing, "none"))
    assert.is_nil(roles:from(sharing, nil))
    for _, label in ipairs { "can_view", "can_edit", "full_access" } do
      assert.equal(label, roles:from(sharing, label))
      assert.equal(roles:rank(label), sharing:rank(label))
    end
    assert.equal("full_access", sharing:max("can_edit", "full_access", "none"))
  end)

  it("orders the roles in an organisation", function()
    local organization_roles = enums.user_organization_role
    local order = { "workspace_admin", "data_admin", "querier", "restricted_querier", "viewer" }
    for i, one in ipairs(order) do
      for j, other in ipairs(order) do
        assert.equal(i <= j, organization_roles:at_least(one, other))
      end
      assert.is_false(organization_roles:at_least(nil, one))
    end
  end)

  it("is in no other enum", function()
    local ordered = {}
    for name, member in pairs(enums) do
      if pcall(member.rank, member, nil) then
        ordered[#ordered + 1] = name
      end
    end
    assert.same({ "asset_permission_role", "user_organization_role", "workspace_sharing" }, ordered)
  end)
end)

describe("the domain's enums and the database", function()
  local db

  setup(function()
    db = mp.connect(cluster.migrated())
    sample_data.load(db)
  end)

  teardown(function() db:close() end)

  --- Where the labels of a type are not those of its enum.
  local function compare(findings, member, labels)
    for i, label in ipairs(labels) do
      local ok, index = pcall(member.index, member, label)
      if not ok or index ~= i then
        findings[#findings + 1] = ("%s is not label %d of %s"):format(label, i, member.name)
      end
    end
    for _, label in ipairs(member:labels()) do
      if member:index(label) > #labels then
        findings[#findings + 1] = ("the database has no %s of %s"):format(label, member.name)
      end
    end
  end

  --- Where the types of a database are not those of the enums.
  local function drift(on, known)
    local by_type, findings = {}, {}
    for _, member in pairs(known) do
      by_type[member.type or false] = member
    end
    by_type[false] = nil
    for _, row in ipairs(on:query [[
      select t.typname::text as type, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
      from pg_type t
      join pg_enum e on e.enumtypid = t.oid
      group by t.oid
      order by t.typname
    ]]) do
      if by_type[row.type] then
        compare(findings, by_type[row.type], row.labels)
        by_type[row.type] = nil
      else
        findings[#findings + 1] = row.type .. " is not known"
      end
    end
    for type in pairs(by_type) do
      findings[#findings + 1] = type .. " is not in the database"
    end
    return findings
  end

  it("have the same types, and the same labels in the same order", function()
    assert.same({}, drift(db, enums))
  end)

  it("would be seen to differ", function()
    local function wrong(statement, ...)
      local expected, findings = { ... }, nil
      cluster.rolled_back(function() return db end, function(tx)
        tx:exec(statement)
        findings = drift(tx, enums)
      end)()
      assert.same(expected, findings)
    end
    wrong("create type mood_enum as enum ('glad')", "mood_enum is not known")
    wrong("alter type team_role_enum add value 'guest'", "guest is not label 4 of team_role")
    wrong("alter type team_role_enum rename value 'manager' to 'boss'", "boss is not label 1 of team_role")
    wrong("drop type message_feedback_enum", "message_feedback_enum is not in the database")
    local known = {}
    for name, member in pairs(enums) do
      known[name] = member
    end
    known.team_role = enum.new {
      name = "team_role", type = "team_role_enum", labels = { "manager", "member", "none", "other" },
    }
    assert.same({ "the database has no other of team_role" }, drift(db, known))
  end)

  it("have the labels that a check allows", function()
    local text = db:value [[
      select pg_get_constraintdef(oid) from pg_constraint where conname = 'dataset_permissions_permission_type_check'
    ]]
    local allowed = {}
    for label in text:gmatch "'([^']*)'" do
      allowed[#allowed + 1] = label
    end
    assert.same(allowed, enums.dataset_permission_type:labels())
  end)

  it("have all that the text columns of the sample data hold", function()
    local columns = {
      data_source_type = { "data_sources", "type" },
      dataset_group_permission_type = { "dataset_groups_permissions", "permission_type" },
      dataset_permission_type = { "dataset_permissions", "permission_type" },
      message_feedback = { "messages", "feedback" },
      search_asset_type = { "asset_search", "asset_type" },
    }
    for name, column in pairs(columns) do
      local held = db:value(("select array_agg(distinct %s::text) from %s where %s is not null")
        :format(column[2], column[1], column[2]))
      assert(held and #held > 0, name)
      for _, label in ipairs(held) do
        assert.equal(label, enums[name]:parse(label))
      end
    end
    assert.same({ "collection", "dashboard", "metric" },
      db:value "select array_agg(distinct asset_type order by asset_type) from asset_search")
  end)

  it("order by privilege in SQL, where the type does not", function()
    local permissions, roles = schema.asset_permissions, enums.asset_permission_role
    local rank = roles:rank_of(permissions.role)
    local found = db:query(permissions:select(permissions.role, rank:as "rank"):distinct():order(rank:desc()))
    assert.is_true(#found >= 4)
    for i, row in ipairs(found) do
      assert.equal(roles:rank(row.role), row.rank)
      assert.is_true(i == 1 or row.rank <= found[i - 1].rank)
    end
    assert.equal("owner", found[1].role)
    assert.equal("owner", roles:of_rank(db:value(permissions:select(mp.fn.max(rank)))))
    assert.not_equal("owner", db:value "select max(role) from asset_permissions")
  end)

  it("count the same permissions by rank and by labels, old ones too", cluster.rolled_back(function() return db end,
    function(tx)
      tx:exec "update asset_permissions set role = 'viewer' where role = 'can_view'"
      local permissions, roles = schema.asset_permissions, enums.asset_permission_role
      for _, role in ipairs(roles:labels()) do
        local by_rank = permissions:where(roles:rank_of(permissions.role):ge(roles:rank(role)))
        local by_labels = permissions:where(permissions.role:in_(roles:at_or_above(role)))
        assert.equal(tx:value(by_rank:select(mp.fn.count())), tx:value(by_labels:select(mp.fn.count())))
      end
      assert.equal(900, tx:value(permissions:where(permissions.role:in_(roles:at_or_above "can_view"))
        :select(mp.fn.count())))
    end))

  it("rank workspace sharing in SQL as roles are", function()
    local metrics, sharing = schema.metric_files, enums.workspace_sharing
    local rank = sharing:rank_of(metrics.workspace_sharing)
    for _, row in ipairs(db:query(metrics:select(metrics.workspace_sharing, rank:as "rank"):distinct())) do
      assert.equal(sharing:rank(row.workspace_sharing), row.rank)
      assert.equal(enums.asset_permission_role:from(sharing, row.workspace_sharing),
        enums.asset_permission_role:of_rank(row.rank))
    end
  end)
end)
