-- Sample data sources, datasets, and who may see which dataset.

local Layout = require "buster.sample_data.layout"
local Source = require "buster.sample_data.source"
local subjects = require "buster.sample_data.subjects"

local in_days = Source.in_days

local SOURCES = {
  { name = "Warehouse", type = "postgres", env = "prod" },
  { name = "Old Warehouse", type = "snowflake", env = "prod", is_deleted = true },
  { name = "Freight", type = "postgres", env = "prod", is_partner = true },
}

local function source_of(dataset)
  if dataset > 35 then
    return 3
  end
  return dataset > 31 and 2 or 1
end

-- secret_id is only an id: the credential comes when there is a vault to keep it.
local function data_sources(layout, emit)
  for index, source in ipairs(SOURCES) do
    local admin = layout:uuid("user", source.is_partner and 26 or 1)
    emit {
      id = layout:uuid("data_source", index), name = source.name, type = source.type,
      secret_id = layout:uuid("secret", index), env = source.env, onboarding_status = "completed",
      organization_id = source.is_partner and Layout.PARTNER or Layout.HOME,
      created_by = admin, updated_by = admin, created_at = in_days(-550),
      updated_at = in_days(source.is_deleted and -100 or -550),
      deleted_at = source.is_deleted and in_days(-100) or nil,
    }
  end
end

local function add(lines, format, ...)
  lines[#lines + 1] = format:format(...)
end

-- The semantic model as people write it: YAML text.
local function semantic_model(dataset)
  local lines = {}
  add(lines, "name: %s", dataset.name)
  add(lines, "description: One row per entry of %s, \"as booked\"", dataset.base)
  add(lines, "database: warehouse")
  add(lines, "schema: %s", dataset.schema)
  add(lines, "dimensions:")
  add(lines, "  - name: %s\n    description: When it happened\n    type: timestamptz", dataset.time)
  for _, name in ipairs(dataset.dimensions) do
    add(lines, "  - name: %s\n    description: %s\n    type: text\n    searchable: true",
      name, subjects.title(name))
  end
  add(lines, "measures:")
  for _, measure in ipairs(dataset.measures) do
    add(lines, "  - name: %s\n    description: \"%s\"\n    type: float8", measure[1], measure[2])
  end
  add(lines, "metrics:\n  - name: total_%s\n    expr: sum(%s)\n    description: Total of %s",
    dataset.measures[1][1], dataset.measures[1][1], dataset.measures[1][2])
  add(lines, "filters:\n  - name: recent\n    expr: %s > now() - interval '30 days'", dataset.time)
  if dataset.base ~= "customers" then
    add(lines, "relationships:\n  - name: customers\n    source_col: customer_id\n    ref_col: customer_id"
      .. "\n    type: left\n    cardinality: many-to-one")
  end
  return table.concat(lines, "\n") .. "\n"
end

local function definition(dataset)
  local name = dataset.schema .. "." .. dataset.name
  if dataset.type == "table" then
    return ("create table %s (customer_id uuid, %s timestamptz, %s text, %s text, %s float8, %s float8)")
      :format(name, dataset.time, dataset.dimensions[1], dataset.dimensions[2],
        dataset.measures[1][1], dataset.measures[2][1])
  end
  return ("select * from %s.%s"):format(dataset.schema, dataset.base)
end

-- Every fourth dataset has no model yet; three are switched off; two went with the old warehouse.
local IS_OFF = { [6] = true, [18] = true, [33] = true }
local IS_DELETED = { [34] = true, [35] = true }

local function datasets(layout, emit)
  for index = 1, subjects.DATASETS do
    local dataset = subjects.dataset(index)
    local source = source_of(index)
    local author = layout:uuid("user", source == 3 and 26 or 3)
    emit {
      id = layout:uuid("dataset", index), name = dataset.name, database_name = dataset.name,
      when_to_use = ("Questions about %s"):format(dataset.base),
      when_not_to_use = index % 2 == 0 and "Figures of the current day: loaded at night" or nil,
      type = dataset.type, definition = definition(dataset), schema = dataset.schema,
      enabled = not IS_OFF[index], imported = index % 3 == 0,
      data_source_id = layout:uuid("data_source", source),
      organization_id = source == 3 and Layout.PARTNER or Layout.HOME,
      created_by = author, updated_by = author, created_at = in_days(-540),
      updated_at = in_days(IS_DELETED[index] and -100 or -120),
      deleted_at = IS_DELETED[index] and in_days(-100) or nil,
      model = index % 5 == 0 and dataset.name .. ".sql" or nil,
      yml_file = index % 4 ~= 0 and semantic_model(dataset) or nil,
      database_identifier = source ~= 3 and "warehouse" or nil,
    }
  end
end

-- The first group is everybody's, known by its name.
local function permission_groups(layout, emit)
  local names = { "default:" .. Layout.HOME, "Finance data", "Operations data", "Web data" }
  for index, name in ipairs(names) do
    local admin = layout:uuid("user", 1)
    emit {
      id = layout:uuid("permission_group", index), name = name, organization_id = Layout.HOME,
      created_by = admin, updated_by = admin, created_at = in_days(-380), updated_at = in_days(-380),
    }
  end
end

-- Four users and a team in each group but the default one.
local function permission_groups_to_identities(layout, emit)
  for group = 2, 4 do
    for place = 1, 5 do
      local kind = place == 5 and "team" or "user"
      local index = place == 5 and group - 1 or 10 + group * 2 + place
      emit {
        permission_group_id = layout:uuid("permission_group", group), identity_type = kind,
        identity_id = layout:uuid(kind, index), created_at = in_days(-370),
        updated_at = in_days(-370), created_by = layout:uuid("user", 1),
        updated_by = layout:uuid("user", 1),
      }
    end
  end
end

-- Eight datasets for everybody, fourteen for each other group.
local function datasets_to_permission_groups(layout, emit)
  for group = 1, 4 do
    for place = 1, group == 1 and 8 or 14 do
      emit {
        permission_group_id = layout:uuid("permission_group", group),
        dataset_id = layout:uuid("dataset", (group * 8 + place * 3) % 35 + 1),
        created_at = in_days(-360), updated_at = in_days(-360),
      }
    end
  end
end

local function dataset_groups(layout, emit)
  for index, name in ipairs { "Month end", "Support desk", "Growth" } do
    emit {
      id = layout:uuid("dataset_group", index), name = name, organization_id = Layout.HOME,
      created_at = in_days(-300), updated_at = in_days(-300),
    }
  end
end

local function datasets_to_dataset_groups(layout, emit)
  for group, size in ipairs { 7, 7, 6 } do
    for place = 1, size do
      emit {
        dataset_group_id = layout:uuid("dataset_group", group),
        dataset_id = layout:uuid("dataset", (group - 1) * 8 + place),
        created_at = in_days(-300), updated_at = in_days(-300),
      }
    end
  end
end

-- Each dataset group is granted to one user and one permission group.
local function dataset_groups_permissions(layout, emit)
  for index = 1, 6 do
    local group = (index + 1) // 2
    local kind = index % 2 == 0 and "permission_group" or "user"
    emit {
      id = layout:uuid("dataset_group_permission", index), permission_type = kind,
      dataset_group_id = layout:uuid("dataset_group", group), organization_id = Layout.HOME,
      permission_id = layout:uuid(kind, kind == "user" and 13 + group or group + 1),
      created_at = in_days(-290), updated_at = in_days(-290),
    }
  end
end

-- Dataset, kind of the one who may see it, and its index.
local DATASET_PERMISSIONS = {
  { 1, "user", 14 }, { 1, "user", 15 }, { 2, "user", 20 }, { 5, "user", 21 }, { 5, "user", 22 },
  { 9, "user", 25 }, { 10, "team", 1 }, { 11, "team", 4 }, { 13, "dataset_group", 1 },
  { 14, "dataset_group", 2 }, { 15, "permission_group", 2 }, { 17, "permission_group", 3 },
  { 34, "user", 16 }, { 36, "user", 30 }, { 37, "user", 30 },
}

local function dataset_permissions(layout, emit)
  for index, grant in ipairs(DATASET_PERMISSIONS) do
    local dataset, kind, holder = table.unpack(grant)
    local is_revoked = index == 2
    emit {
      id = layout:uuid("dataset_permission", index), permission_type = kind,
      organization_id = dataset > 35 and Layout.PARTNER or Layout.HOME,
      dataset_id = layout:uuid("dataset", dataset), permission_id = layout:uuid(kind, holder),
      created_at = in_days(-280), updated_at = in_days(is_revoked and -9 or -280),
      deleted_at = is_revoked and in_days(-9) or nil,
    }
  end
end

return {
  {
    name = "data_sources",
    columns = "id name type secret_id onboarding_status organization_id created_by updated_by"
      .. " created_at updated_at deleted_at env",
    rows = data_sources,
  },
  {
    name = "datasets",
    columns = "id name database_name when_to_use when_not_to_use type definition schema enabled"
      .. " imported data_source_id organization_id created_by updated_by created_at updated_at"
      .. " deleted_at model yml_file database_identifier",
    rows = datasets,
  },
  {
    name = "dataset_groups",
    columns = "id organization_id name created_at updated_at",
    rows = dataset_groups,
  },
  {
    name = "datasets_to_dataset_groups",
    columns = "dataset_id dataset_group_id created_at updated_at",
    rows = datasets_to_dataset_groups,
  },
  {
    name = "permission_groups",
    columns = "id name organization_id created_by updated_by created_at updated_at",
    rows = permission_groups,
  },
  {
    name = "permission_groups_to_identities",
    columns = "permission_group_id identity_id identity_type created_at updated_at created_by"
      .. " updated_by",
    rows = permission_groups_to_identities,
  },
  {
    name = "datasets_to_permission_groups",
    columns = "dataset_id permission_group_id created_at updated_at",
    rows = datasets_to_permission_groups,
  },
  {
    name = "dataset_permissions",
    columns = "id organization_id dataset_id permission_id permission_type created_at updated_at"
      .. " deleted_at",
    rows = dataset_permissions,
  },
  {
    name = "dataset_groups_permissions",
    columns = "id dataset_group_id permission_id permission_type organization_id created_at"
      .. " updated_at",
    rows = dataset_groups_permissions,
  },
}
