-- Sample organisations, users, memberships, teams and API keys.

local mp = require "moonpool"
local Layout = require "buster.sample_data.layout"
local Source = require "buster.sample_data.source"

local timestamp, in_days = Source.timestamp, Source.in_days

local USERS = {
  "Ada Lindqvist", "Bogdan Ionescu", "Chiara Bellini", "Dávid Szabó", "Elif Yıldız",
  "Farid Haddad", "Grace Okafor", "Henrik Sørensen", "Inês Carvalho", "Jürgen Groß",
  "Kateřina Nováková", "Liam O'Brien", "Mei-Ling Chen", "Nikos Papadakis", "Olga Petrova",
  "Paweł Zieliński", "Quentin Lefèvre", "Rosa Jiménez", "Samir Nasser", "Tuuli Mäkinen",
  "Ulrike Weiß", "Valentina Rossi", "Wanjiru Kamau", "Ximena Duarte", "Yuki Tanaka",
  "Zoë van Dijk", "Anders Holm", "Beatriz Souza", "Conor Walsh", "Dana Cohen",
}

-- Roles of the home organisation's members, by index: the last index that has the role.
local HOME_ROLES = {
  { 2, "workspace_admin" }, { 5, "data_admin" }, { 13, "querier" }, { 19, "restricted_querier" },
  { 25, "viewer" },
}

local PARTNER_ROLES = {
  [26] = "workspace_admin", [27] = "data_admin", [28] = "querier", [29] = "querier",
  [30] = "viewer", [6] = "querier",
}

local STATUSES = { [23] = "inactive", [24] = "pending", [25] = "guest" }

local function organizations(_, emit)
  emit {
    id = Layout.HOME, name = "Lighthouse Analytics", domain = "example.org",
    domains = { "example.org", "example.com" }, payment_required = false,
    restrict_new_user_invitations = false, default_role = "restricted_querier",
    organization_color_palettes = {
      selectedId = "harbour", selectedDictionaryPalette = mp.null,
      palettes = {
        { id = "harbour", name = "Harbour", colors = { "#264653", "#2A9D8F", "#E9C46A" } },
        { id = "moor", name = "Moor", colors = { "#606C38", "#283618", "#DDA15E" } },
      },
    },
    created_at = in_days(-900), updated_at = in_days(-20),
  }
  emit {
    id = Layout.PARTNER, name = "Ferryman Freight", domain = "example.net",
    domains = { "example.net" }, payment_required = false,
    restrict_new_user_invitations = true, default_role = "querier",
    organization_color_palettes = {
      selectedId = mp.null, selectedDictionaryPalette = mp.null, palettes = mp.array {},
    },
    created_at = in_days(-600), updated_at = in_days(-600),
  }
end

local function user_config(index)
  if index % 5 ~= 0 then
    return {}
  end
  local palette = { "#264653", "#E76F51" }
  return { color_palettes = { palette }, last_used_color_palette = palette }
end

local function users(layout, emit)
  for index, name in ipairs(USERS) do
    local joined = layout:stream("user", index):days_ago(850)
    emit {
      id = layout:uuid("user", index), name = name, config = user_config(index), attributes = {},
      email = ("user%02d@%s"):format(index, index <= 25 and "example.org" or "example.net"),
      avatar_url = index % 3 == 0 and ("https://example.org/avatars/%d.png"):format(index) or nil,
      created_at = timestamp(joined), updated_at = timestamp(joined),
    }
  end
end

local function home_role(user)
  for _, entry in ipairs(HOME_ROLES) do
    if user <= entry[1] then
      return entry[2]
    end
  end
end

local function membership(layout, owner, user)
  local role = owner.is_home and home_role(user) or PARTNER_ROLES[user]
  local may_edit = role ~= "viewer" and role ~= "restricted_querier"
  local admin = layout:uuid("user", owner.admin)
  local has_left = owner.is_home and user == 22
  return {
    user_id = layout:uuid("user", user), organization_id = owner.id, role = role,
    sharing_setting = may_edit and "organization" or "none", edit_sql = may_edit,
    upload_csv = may_edit, export_assets = true, email_slack_enabled = user % 2 == 0,
    status = owner.is_home and STATUSES[user] or "active",
    created_at = in_days(-500), updated_at = in_days(has_left and -40 or -500),
    created_by = admin, updated_by = admin,
    deleted_at = has_left and in_days(-40) or nil, deleted_by = has_left and admin or nil,
  }
end

local function users_to_organizations(layout, emit)
  for _, owner in ipairs(layout.organizations) do
    for _, user in ipairs(owner.members) do
      emit(membership(layout, owner, user))
    end
  end
end

-- The fourth team is deleted, its memberships are not.
local function teams(layout, emit)
  for index, name in ipairs { "Finance", "Operations", "Marketing & Web", "Year-end project" } do
    emit {
      id = layout:uuid("team", index), name = name, organization_id = Layout.HOME,
      sharing_setting = "team", edit_sql = index == 1, upload_csv = false, export_assets = true,
      email_slack_enabled = false, created_by = layout:uuid("user", 1),
      created_at = in_days(-400), updated_at = in_days(index == 4 and -90 or -400),
      deleted_at = index == 4 and in_days(-90) or nil,
    }
  end
end

local function team_role(place)
  if place == 1 then
    return "manager"
  end
  return place == 8 and "none" or "member"
end

-- Thirty places in four teams; the last member of the second team has left it.
local function teams_to_users(layout, emit)
  for team, size in ipairs { 8, 8, 7, 7 } do
    for place = 1, size do
      local user = (team - 1) * 6 + place
      local has_left = team == 2 and place == size
      emit {
        team_id = layout:uuid("team", team), user_id = layout:uuid("user", user),
        role = team_role(place), created_at = in_days(-390),
        updated_at = in_days(has_left and -30 or -390),
        deleted_at = has_left and in_days(-30) or nil,
      }
    end
  end
end

-- A key is a digest, here of a token that nobody has: none of these keys opens anything.
local function api_keys(layout, emit)
  for index = 1, 10 do
    local user = index <= 8 and index or 24 + index - 6
    local is_revoked = index == 4
    emit {
      id = layout:uuid("api_key", index), owner_id = layout:uuid("user", user),
      key = layout:stream("key", index):digest(),
      organization_id = index <= 8 and Layout.HOME or Layout.PARTNER,
      created_at = in_days(-200 - index), updated_at = in_days(is_revoked and -5 or -200 - index),
      deleted_at = is_revoked and in_days(-5) or nil,
    }
  end
end

return {
  {
    name = "organizations",
    columns = "id name domain created_at updated_at payment_required domains"
      .. " restrict_new_user_invitations default_role organization_color_palettes",
    rows = organizations,
  },
  {
    name = "users",
    columns = "id email name config created_at updated_at attributes avatar_url",
    rows = users,
  },
  {
    name = "users_to_organizations",
    columns = "user_id organization_id role sharing_setting edit_sql upload_csv export_assets"
      .. " email_slack_enabled created_at updated_at deleted_at created_by updated_by deleted_by"
      .. " status",
    rows = users_to_organizations,
  },
  {
    name = "teams",
    columns = "id name organization_id sharing_setting edit_sql upload_csv export_assets"
      .. " email_slack_enabled created_by created_at updated_at deleted_at",
    rows = teams,
  },
  {
    name = "teams_to_users",
    columns = "team_id user_id role created_at updated_at deleted_at",
    rows = teams_to_users,
  },
  {
    name = "api_keys",
    columns = "id owner_id key organization_id created_at updated_at deleted_at",
    rows = api_keys,
  },
}
