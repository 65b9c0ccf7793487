--- The enums of the domain, whatever holds them: types of the database, text columns, or documents.
---
---     local enums = require "buster.enums"
---     enums.verification:parse("in_review") --> "inReview"
---     enums.asset_permission_role:at_least("owner", "can_edit") --> true
---
--- Labels of the database's types are those of buster.schema. What is written here are the spellings that older data
--- and programs have for them, the order of roles, and enums that are no types. data_sources.env is free text.

local enum = require "moonpool.enum"
local schema = require "buster.schema"

---@alias buster.data_source_type "bigquery"|"databricks"|"mysql"|"mariadb"|"postgres"|"redshift"|"snowflake"
---|"sqlserver"|"supabase"
---@alias buster.dataset_permission_type "user"|"team"|"dataset_group"|"permission_group"
---@alias buster.dataset_group_permission_type "user"|"permission_group"
---@alias buster.search_asset_type "metric"|"dashboard"|"collection"
---@alias buster.sync_job_status "pending"|"in_progress"|"success"|"error"
---@alias buster.step_progress "inProgress"|"completed"|"failed"
---@alias buster.metric_value_aggregate "sum"|"average"|"median"|"count"|"max"|"min"|"first"

---@class buster.enums
---@field asset_permission_role moonpool.Enum<buster.asset_permission_role_enum> ranked
---@field asset_type moonpool.Enum<buster.asset_type_enum>
---@field chat_type moonpool.Enum<buster.chat_type_enum>
---@field data_source_onboarding_status moonpool.Enum<buster.data_source_onboarding_status_enum>
---@field data_source_type moonpool.Enum<buster.data_source_type> data_sources.type
---@field dataset_group_permission_type moonpool.Enum<buster.dataset_group_permission_type> dataset_groups_permissions
---@field dataset_permission_type moonpool.Enum<buster.dataset_permission_type> dataset_permissions
---@field dataset_type moonpool.Enum<buster.dataset_type_enum>
---@field identity_type moonpool.Enum<buster.identity_type_enum>
---@field message_feedback moonpool.Enum<buster.message_feedback_enum> also messages.feedback, which is text
---@field metric_value_aggregate moonpool.Enum<buster.metric_value_aggregate> in a metric's chart
---@field search_asset_type moonpool.Enum<buster.search_asset_type> asset_search.asset_type
---@field sharing_setting moonpool.Enum<buster.sharing_setting_enum>
---@field step_progress moonpool.Enum<buster.step_progress> in a message's documents
---@field stored_values_status moonpool.Enum<buster.stored_values_status_enum>
---@field sync_job_status moonpool.Enum<buster.sync_job_status> in tables of older databases
---@field team_role moonpool.Enum<buster.team_role_enum>
---@field user_organization_role moonpool.Enum<buster.user_organization_role_enum> ranked
---@field user_organization_status moonpool.Enum<buster.user_organization_status_enum>
---@field verification moonpool.Enum<buster.verification_enum>
---@field workspace_sharing moonpool.Enum<buster.workspace_sharing_enum> ranked as asset_permission_role is

--- What a role allows: 5 also to delete and to hand over, 4 to share, 3 to edit, 2 to change filters, 1 to view.
local ROLES = { owner = 5, full_access = 4, can_edit = 3, can_filter = 2, can_view = 1 }

--- What sharing with the workspace gives to each member: a role, or nothing.
local SHARING = { none = 0, can_view = ROLES.can_view, can_edit = ROLES.can_edit, full_access = ROLES.full_access }

---@param type string of the database
---@param more? { aliases?: table<string, string>, ranks?: table<string, integer> }
local function of_type(type, more)
  more = more or {}
  return { type = type, labels = schema.enums[type], aliases = more.aliases, ranks = more.ranks }
end

local function of_labels(...)
  return { labels = { ... } }
end

---@type buster.enums
local M = enum.set {
  asset_permission_role = of_type("asset_permission_role_enum", {
    aliases = { editor = "can_edit", viewer = "can_view" }, -- the database still has viewer as a label
    ranks = ROLES,
  }),
  asset_type = of_type("asset_type_enum", {
    aliases = {
      metric = "metric_file", dashboard = "dashboard_file", dashboard_deprecated = "dashboard_file",
      report = "report_file",
    },
  }),
  chat_type = of_type("chat_type_enum", { aliases = { developer = "data_engineer" } }),
  data_source_onboarding_status = of_type("data_source_onboarding_status_enum"),
  data_source_type = of_labels("bigquery", "databricks", "mysql", "mariadb", "postgres", "redshift", "snowflake",
    "sqlserver", "supabase"),
  dataset_group_permission_type = of_labels("user", "permission_group"),
  dataset_permission_type = of_labels("user", "team", "dataset_group", "permission_group"),
  dataset_type = of_type("dataset_type_enum", { aliases = { ["materialized view"] = "materializedView" } }),
  identity_type = of_type("identity_type_enum", {
    aliases = { User = "user", Team = "team", Organization = "organization" },
  }),
  message_feedback = of_type("message_feedback_enum"),
  metric_value_aggregate = of_labels("sum", "average", "median", "count", "max", "min", "first"),
  search_asset_type = of_labels("metric", "dashboard", "collection"),
  sharing_setting = of_type("sharing_setting_enum"),
  step_progress = of_labels("inProgress", "completed", "failed"),
  stored_values_status = of_type("stored_values_status_enum"),
  sync_job_status = of_labels("pending", "in_progress", "success", "error"),
  team_role = of_type("team_role_enum"),
  user_organization_role = of_type("user_organization_role_enum", {
    ranks = { workspace_admin = 5, data_admin = 4, querier = 3, restricted_querier = 2, viewer = 1 },
  }),
  user_organization_status = of_type("user_organization_status_enum"),
  verification = of_type("verification_enum"),
  workspace_sharing = of_type("workspace_sharing_enum", { ranks = SHARING }),
}

return M
