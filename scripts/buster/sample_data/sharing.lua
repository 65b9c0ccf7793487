-- Sample permissions on assets, and users' favourites.

local Layout = require "buster.sample_data.layout"
local Source = require "buster.sample_data.source"

local in_days = Source.in_days

local ROLES = { "can_view", "can_view", "can_view", "can_filter", "can_edit", "can_edit", "full_access" }

-- Cases that access rules must get right. Dashboard 1 lies in collections 1 and 2, dashboard 2,
-- made by user 7, in collection 1.
local CASES = {
  { "user", 7, "collection", 1, "can_view" }, -- less than the same user owns inside
  { "user", 20, "collection", 1, "can_view" }, -- two collections, two roles, one dashboard
  { "user", 20, "collection", 2, "can_edit" },
  { "user", 21, "collection", 13, "can_edit" }, -- a deleted collection
  { "user", 22, "dashboard_file", 1, "can_view" }, -- has left the organisation
  { "user", 23, "dashboard_file", 1, "can_view" }, -- inactive
  { "user", 24, "dashboard_file", 1, "can_view" }, -- pending
  { "user", 25, "dashboard_file", 1, "can_view" }, -- a guest
  { "user", 21, "dashboard_file", 5, "can_view" }, -- shows a deleted metric
  { "user", 21, "dashboard_file", 17, "can_view" }, -- a deleted dashboard
  { "team", 1, "dashboard_file", 3, "can_edit" },
  { "team", 4, "dashboard_file", 3, "can_view" }, -- a deleted team
  { "organization", Layout.HOME, "dashboard_file", 4, "can_filter" },
  { "organization", Layout.PARTNER, "dashboard_file", 10, "can_view" },
}

local function identity_id(layout, kind, index)
  return kind == "organization" and index or layout:uuid(kind, index)
end

local function permission(layout, kind, identity, asset_kind, asset, role)
  local giver = layout:uuid("user", layout:author(asset_kind, asset))
  return {
    identity_type = kind, identity_id = identity_id(layout, kind, identity),
    asset_type = asset_kind, asset_id = layout:uuid(asset_kind, asset), role = role,
    created_at = in_days(-30), updated_at = in_days(-30), created_by = giver, updated_by = giver,
  }
end

-- Mostly users, some teams, now and then the whole organisation.
local function pick_identity(stream, owner)
  local dice = stream:int(1, 20)
  if dice == 1 then
    return "organization", owner.id
  elseif dice <= 4 and #owner.teams > 0 then
    return "team", stream:pick(owner.teams)
  end
  return "user", stream:pick(owner.members)
end

local function pick_permission(layout, stream, assets)
  local asset_kind, asset = table.unpack(stream:pick(assets))
  local kind, identity = pick_identity(stream, layout.organization(asset_kind, asset))
  return permission(layout, kind, identity, asset_kind, asset, stream:pick(ROLES))
end

-- Owners first, then the cases, then others until there are enough. One in twenty is deleted,
-- spread evenly over the others: an owner stays an owner.
local function asset_permissions(layout, emit)
  local assets, taken, count = {}, {}, 0
  local function add(row)
    local key = row.identity_type .. row.identity_id .. row.asset_type .. row.asset_id
    if not taken[key] then
      taken[key] = true
      count = count + 1
      emit(row)
    end
  end
  for kind, index in layout:assets() do
    assets[#assets + 1] = { kind, index }
    add(permission(layout, "user", layout:author(kind, index), kind, index, "owner"))
  end
  for _, case in ipairs(CASES) do
    add(permission(layout, table.unpack(case)))
  end
  local others, deleted = layout.counts.permission - count, layout.counts.permission // 20
  local first, tries = count, 0
  while count < layout.counts.permission do
    tries = tries + 1
    local row = pick_permission(layout, layout:stream("permission", tries), assets)
    local place = count - first + 1
    if place * deleted // others > (place - 1) * deleted // others then
      row.deleted_at, row.updated_at = in_days(-2), in_days(-2)
    end
    add(row)
  end
end

local FAVORITE_KINDS = { "dashboard_file", "metric_file", "collection", "report_file", "chat" }

-- Twelve users with five favourites each.
local function user_favorites(layout, emit)
  for _, owner in ipairs(layout.organizations) do
    for place = 1, owner.is_home and 10 or 2 do
      local user = owner.is_home and place or owner.members[place + 1]
      for order, kind in ipairs(FAVORITE_KINDS) do
        local asset = layout:pick(layout:stream("favorite " .. kind, user), kind, owner, {})
        emit {
          user_id = layout:uuid("user", user), asset_type = kind, order_index = order - 1,
          asset_id = layout:uuid(kind, asset), created_at = in_days(-25),
          deleted_at = user == 5 and order == 5 and in_days(-4) or nil,
        }
      end
    end
  end
end

return {
  {
    name = "asset_permissions",
    columns = "identity_id identity_type asset_id asset_type role created_at updated_at deleted_at"
      .. " created_by updated_by",
    rows = asset_permissions,
  },
  {
    name = "user_favorites",
    columns = "user_id asset_id asset_type order_index created_at deleted_at",
    rows = user_favorites,
  },
}
