-- The tables and enum types that the migrations have to create, written down apart from them:
-- names, types and labels that data from elsewhere is loaded into by COPY.

local M = {}

-- Columns in order, as "name type", with "not null" where it applies.
M.tables = {
  organizations = [[
    id uuid not null, name text not null, domain text, created_at timestamptz not null,
    updated_at timestamptz not null, deleted_at timestamptz, payment_required bool not null,
    domains text[], restrict_new_user_invitations bool not null,
    default_role user_organization_role_enum not null,
    organization_color_palettes jsonb not null]],
  users = [[
    id uuid not null, email text not null, name text, config jsonb not null,
    created_at timestamptz not null, updated_at timestamptz not null,
    attributes jsonb not null, avatar_url text]],
  users_to_organizations = [[
    user_id uuid not null, organization_id uuid not null,
    role user_organization_role_enum not null, sharing_setting sharing_setting_enum not null,
    edit_sql bool not null, upload_csv bool not null, export_assets bool not null,
    email_slack_enabled bool not null, created_at timestamptz not null,
    updated_at timestamptz not null, deleted_at timestamptz, created_by uuid not null,
    updated_by uuid not null, deleted_by uuid, status user_organization_status_enum not null]],
  teams = [[
    id uuid not null, name text not null, organization_id uuid not null,
    sharing_setting sharing_setting_enum not null, edit_sql bool not null,
    upload_csv bool not null, export_assets bool not null, email_slack_enabled bool not null,
    created_by uuid not null, created_at timestamptz not null, updated_at timestamptz not null,
    deleted_at timestamptz]],
  teams_to_users = [[
    team_id uuid not null, user_id uuid not null, role team_role_enum not null,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz]],
  api_keys = [[
    id uuid not null, owner_id uuid not null, key text not null, organization_id uuid not null,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz]],
  collections = [[
    id uuid not null, name text not null, description text, created_by uuid not null,
    updated_by uuid not null, created_at timestamptz not null, updated_at timestamptz not null,
    deleted_at timestamptz, organization_id uuid not null,
    workspace_sharing workspace_sharing_enum not null, workspace_sharing_enabled_by uuid,
    workspace_sharing_enabled_at timestamptz]],
  collections_to_assets = [[
    collection_id uuid not null, asset_id uuid not null, asset_type asset_type_enum not null,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz,
    created_by uuid not null, updated_by uuid not null]],
  metric_files = [[
    id uuid not null, name varchar not null, file_name varchar not null,
    content jsonb not null, verification verification_enum not null, evaluation_obj jsonb,
    evaluation_summary text, evaluation_score float8, organization_id uuid not null,
    created_by uuid not null, created_at timestamptz not null, updated_at timestamptz not null,
    deleted_at timestamptz, publicly_accessible bool not null, publicly_enabled_by uuid,
    public_expiry_date timestamptz, version_history jsonb not null, data_metadata jsonb,
    public_password text, data_source_id uuid not null,
    workspace_sharing workspace_sharing_enum not null, workspace_sharing_enabled_by uuid,
    workspace_sharing_enabled_at timestamptz]],
  dashboard_files = [[
    id uuid not null, name varchar not null, file_name varchar not null,
    content jsonb not null, filter varchar, organization_id uuid not null,
    created_by uuid not null, created_at timestamptz not null, updated_at timestamptz not null,
    deleted_at timestamptz, publicly_accessible bool not null, publicly_enabled_by uuid,
    public_expiry_date timestamptz, version_history jsonb not null, public_password text,
    workspace_sharing workspace_sharing_enum not null, workspace_sharing_enabled_by uuid,
    workspace_sharing_enabled_at timestamptz]],
  report_files = [[
    id uuid not null, name varchar not null, content text not null,
    organization_id uuid not null, created_by uuid not null, created_at timestamptz not null,
    updated_at timestamptz not null, deleted_at timestamptz, publicly_accessible bool not null,
    publicly_enabled_by uuid, public_expiry_date timestamptz, version_history jsonb not null,
    public_password text, workspace_sharing workspace_sharing_enum not null,
    workspace_sharing_enabled_by uuid, workspace_sharing_enabled_at timestamptz]],
  metric_files_to_dashboard_files = [[
    metric_file_id uuid not null, dashboard_file_id uuid not null,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz,
    created_by uuid not null]],
  metric_files_to_datasets = [[
    metric_file_id uuid not null, dataset_id uuid not null,
    metric_version_number int4 not null, created_at timestamptz not null]],
  asset_permissions = [[
    identity_id uuid not null, identity_type identity_type_enum not null,
    asset_id uuid not null, asset_type asset_type_enum not null,
    role asset_permission_role_enum not null, created_at timestamptz not null,
    updated_at timestamptz not null, deleted_at timestamptz, created_by uuid not null,
    updated_by uuid not null]],
  user_favorites = [[
    user_id uuid not null, asset_id uuid not null, asset_type asset_type_enum not null,
    order_index int4 not null, created_at timestamptz not null, deleted_at timestamptz]],
  chats = [[
    id uuid not null, title text not null, organization_id uuid not null,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz,
    created_by uuid not null, updated_by uuid not null, publicly_accessible bool not null,
    publicly_enabled_by uuid, public_expiry_date timestamptz, most_recent_file_id uuid,
    most_recent_file_type asset_type_enum, most_recent_version_number int4,
    workspace_sharing workspace_sharing_enum not null, workspace_sharing_enabled_by uuid,
    workspace_sharing_enabled_at timestamptz, chat_type chat_type_enum not null]],
  messages = [[
    id uuid not null, request_message text, response_messages jsonb not null,
    reasoning jsonb not null, title text not null, raw_llm_messages jsonb not null,
    final_reasoning_message text, chat_id uuid not null, created_at timestamptz not null,
    updated_at timestamptz not null, deleted_at timestamptz, created_by uuid not null,
    feedback text, is_completed bool not null, post_processing_message jsonb]],
  messages_to_files = [[
    id uuid not null, message_id uuid not null, file_id uuid not null,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz,
    is_duplicate bool not null, version_number int4 not null, file_type asset_type_enum]],
  data_sources = [[
    id uuid not null, name text not null, type text not null, secret_id uuid not null,
    onboarding_status data_source_onboarding_status_enum not null, onboarding_error text,
    organization_id uuid not null, created_by uuid not null, updated_by uuid not null,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz,
    env varchar not null]],
  datasets = [[
    id uuid not null, name text not null, database_name text not null, when_to_use text,
    when_not_to_use text, type dataset_type_enum not null, definition text not null,
    schema text not null, enabled bool not null, imported bool not null,
    data_source_id uuid not null, organization_id uuid not null, created_by uuid not null,
    updated_by uuid not null, created_at timestamptz not null, updated_at timestamptz not null,
    deleted_at timestamptz, model text, yml_file text, database_identifier text]],
  dataset_groups = [[
    id uuid not null, organization_id uuid not null, name varchar not null,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz]],
  datasets_to_dataset_groups = [[
    dataset_id uuid not null, dataset_group_id uuid not null, created_at timestamptz not null,
    updated_at timestamptz not null, deleted_at timestamptz]],
  dataset_groups_permissions = [[
    id uuid not null, dataset_group_id uuid not null, permission_id uuid not null,
    permission_type varchar not null, organization_id uuid not null,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz]],
  dataset_permissions = [[
    id uuid not null, organization_id uuid not null, dataset_id uuid not null,
    permission_id uuid not null, permission_type varchar not null,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz]],
  permission_groups = [[
    id uuid not null, name text not null, organization_id uuid not null,
    created_by uuid not null, updated_by uuid not null, created_at timestamptz not null,
    updated_at timestamptz not null, deleted_at timestamptz]],
  permission_groups_to_identities = [[
    permission_group_id uuid not null, identity_id uuid not null,
    identity_type identity_type_enum not null, created_at timestamptz not null,
    updated_at timestamptz not null, deleted_at timestamptz, created_by uuid not null,
    updated_by uuid not null]],
  permission_groups_to_users = [[
    permission_group_id uuid not null, user_id uuid not null, created_at timestamptz not null]],
  datasets_to_permission_groups = [[
    dataset_id uuid not null, permission_group_id uuid not null,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz]],
  asset_search = [[
    id uuid not null, asset_id uuid not null, asset_type text not null, content text not null,
    organization_id uuid not null, created_at timestamptz not null,
    updated_at timestamptz not null, deleted_at timestamptz]],
  terms_search = [[
    id uuid not null, term_id uuid not null, content text not null, definition text not null,
    fts tsvector, organization_id uuid not null, created_at timestamp not null,
    updated_at timestamp not null, deleted_at timestamp]],
}

-- Labels in order.
M.enums = {
  asset_permission_role_enum = "owner viewer can_view can_filter can_edit full_access",
  asset_type_enum = "chat metric_file dashboard_file report_file collection",
  chat_type_enum = "analyst data_engineer",
  data_source_onboarding_status_enum = "notStarted inProgress completed failed",
  dataset_type_enum = "table view materializedView",
  identity_type_enum = "user team organization",
  message_feedback_enum = "positive negative",
  sharing_setting_enum = "none team organization public",
  stored_values_status_enum = "syncing success failed",
  team_role_enum = "manager member none",
  user_organization_role_enum = "workspace_admin data_admin querier restricted_querier viewer",
  user_organization_status_enum = "active inactive pending guest",
  verification_enum = "verified backlogged inReview requested notRequested",
  workspace_sharing_enum = "none can_view can_edit full_access",
}

return M
