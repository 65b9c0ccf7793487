-- Metrics, dashboards, reports and the collections that hold them.
-- content and version_history hold documents; the latest version always equals content.

create type asset_type_enum as enum (
  'chat', 'metric_file', 'dashboard_file', 'report_file', 'collection'
);

create type verification_enum as enum (
  'verified', 'backlogged', 'inReview', 'requested', 'notRequested'
);

create type workspace_sharing_enum as enum ('none', 'can_view', 'can_edit', 'full_access');

-- public_password is a password hash, never the password.
create table metric_files (
  id                            uuid        not null default gen_random_uuid(),
  name                          varchar     not null,
  file_name                     varchar     not null,
  content                       jsonb       not null,
  verification                  verification_enum not null default 'notRequested',
  evaluation_obj                jsonb,
  evaluation_summary            text,
  evaluation_score              float8,
  organization_id               uuid        not null,
  created_by                    uuid        not null,
  created_at                    timestamptz not null default now(),
  updated_at                    timestamptz not null default now(),
  deleted_at                    timestamptz,
  publicly_accessible           bool        not null default false,
  publicly_enabled_by           uuid,
  public_expiry_date            timestamptz,
  version_history               jsonb       not null default '{}',
  data_metadata                 jsonb,
  public_password               text,
  data_source_id                uuid        not null,
  workspace_sharing             workspace_sharing_enum not null default 'none',
  workspace_sharing_enabled_by  uuid,
  workspace_sharing_enabled_at  timestamptz,
  constraint metric_files_pkey primary key (id),
  constraint metric_files_organization_id_fkey
    foreign key (organization_id) references organizations (id) on update cascade,
  constraint metric_files_created_by_fkey
    foreign key (created_by) references users (id) on update cascade,
  constraint metric_files_publicly_enabled_by_fkey
    foreign key (publicly_enabled_by) references users (id) on update cascade,
  constraint metric_files_data_source_id_fkey
    foreign key (data_source_id) references data_sources (id),
  constraint metric_files_workspace_sharing_enabled_by_fkey
    foreign key (workspace_sharing_enabled_by) references users (id) on update cascade
);

create index metric_files_organization_id_idx
on metric_files (organization_id)
where deleted_at is null;

create index metric_files_created_by_idx
on metric_files (created_by)
where deleted_at is null;

create trigger set_updated_at
before update on metric_files
for each row execute function set_updated_at();

create table dashboard_files (
  id                            uuid        not null default gen_random_uuid(),
  name                          varchar     not null,
  file_name                     varchar     not null,
  content                       jsonb       not null,
  filter                        varchar,
  organization_id               uuid        not null,
  created_by                    uuid        not null,
  created_at                    timestamptz not null default now(),
  updated_at                    timestamptz not null default now(),
  deleted_at                    timestamptz,
  publicly_accessible           bool        not null default false,
  publicly_enabled_by           uuid,
  public_expiry_date            timestamptz,
  version_history               jsonb       not null default '{}',
  public_password               text,
  workspace_sharing             workspace_sharing_enum not null default 'none',
  workspace_sharing_enabled_by  uuid,
  workspace_sharing_enabled_at  timestamptz,
  constraint dashboard_files_pkey primary key (id),
  constraint dashboard_files_organization_id_fkey
    foreign key (organization_id) references organizations (id) on update cascade,
  constraint dashboard_files_created_by_fkey
    foreign key (created_by) references users (id) on update cascade,
  constraint dashboard_files_publicly_enabled_by_fkey
    foreign key (publicly_enabled_by) references users (id) on update cascade,
  constraint dashboard_files_workspace_sharing_enabled_by_fkey
    foreign key (workspace_sharing_enabled_by) references users (id) on update cascade
);

create index dashboard_files_organization_id_idx
on dashboard_files (organization_id)
where deleted_at is null;

create index dashboard_files_created_by_idx
on dashboard_files (created_by)
where deleted_at is null;

create trigger set_updated_at
before update on dashboard_files
for each row execute function set_updated_at();

create table report_files (
  id                            uuid        not null default gen_random_uuid(),
  name                          varchar     not null,
  content                       text        not null,
  organization_id               uuid        not null,
  created_by                    uuid        not null,
  created_at                    timestamptz not null default now(),
  updated_at                    timestamptz not null default now(),
  deleted_at                    timestamptz,
  publicly_accessible           bool        not null default false,
  publicly_enabled_by           uuid,
  public_expiry_date            timestamptz,
  version_history               jsonb       not null default '{}',
  public_password               text,
  workspace_sharing             workspace_sharing_enum not null default 'none',
  workspace_sharing_enabled_by  uuid,
  workspace_sharing_enabled_at  timestamptz,
  constraint report_files_pkey primary key (id),
  constraint report_files_organization_id_fkey
    foreign key (organization_id) references organizations (id) on update cascade,
  constraint report_files_created_by_fkey
    foreign key (created_by) references users (id) on update cascade,
  constraint report_files_publicly_enabled_by_fkey
    foreign key (publicly_enabled_by) references users (id) on update cascade,
  constraint report_files_workspace_sharing_enabled_by_fkey
    foreign key (workspace_sharing_enabled_by) references users (id) on update cascade
);

create index report_files_organization_id_idx
on report_files (organization_id)
where deleted_at is null;

create index report_files_created_by_idx
on report_files (created_by)
where deleted_at is null;

create trigger set_updated_at
before update on report_files
for each row execute function set_updated_at();

create table metric_files_to_dashboard_files (
  metric_file_id     uuid        not null,
  dashboard_file_id  uuid        not null,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  deleted_at         timestamptz,
  created_by         uuid        not null,
  constraint metric_files_to_dashboard_files_pkey primary key (metric_file_id, dashboard_file_id),
  constraint metric_files_to_dashboard_files_metric_file_id_fkey
    foreign key (metric_file_id) references metric_files (id),
  constraint metric_files_to_dashboard_files_dashboard_file_id_fkey
    foreign key (dashboard_file_id) references dashboard_files (id),
  constraint metric_files_to_dashboard_files_created_by_fkey
    foreign key (created_by) references users (id) on update cascade
);

create index metric_files_to_dashboard_files_dashboard_file_id_idx
on metric_files_to_dashboard_files (dashboard_file_id)
where deleted_at is null;

create trigger set_updated_at
before update on metric_files_to_dashboard_files
for each row execute function set_updated_at();

create table metric_files_to_datasets (
  metric_file_id         uuid        not null,
  dataset_id             uuid        not null,
  metric_version_number  int4        not null,
  created_at             timestamptz not null default now(),
  constraint metric_files_to_datasets_pkey
    primary key (metric_file_id, metric_version_number, dataset_id),
  constraint metric_files_to_datasets_metric_file_id_fkey
    foreign key (metric_file_id) references metric_files (id) on delete cascade,
  constraint metric_files_to_datasets_dataset_id_fkey
    foreign key (dataset_id) references datasets (id) on delete cascade
);

create index metric_files_to_datasets_dataset_id_idx
on metric_files_to_datasets (dataset_id);

create table collections (
  id                            uuid        not null default gen_random_uuid(),
  name                          text        not null,
  description                   text,
  created_by                    uuid        not null,
  updated_by                    uuid        not null,
  created_at                    timestamptz not null default now(),
  updated_at                    timestamptz not null default now(),
  deleted_at                    timestamptz,
  organization_id               uuid        not null,
  workspace_sharing             workspace_sharing_enum not null default 'none',
  workspace_sharing_enabled_by  uuid,
  workspace_sharing_enabled_at  timestamptz,
  constraint collections_pkey primary key (id),
  constraint collections_created_by_fkey
    foreign key (created_by) references users (id) on update cascade,
  constraint collections_updated_by_fkey
    foreign key (updated_by) references users (id) on update cascade,
  constraint collections_organization_id_fkey
    foreign key (organization_id) references organizations (id) on update cascade,
  constraint collections_workspace_sharing_enabled_by_fkey
    foreign key (workspace_sharing_enabled_by) references users (id) on update cascade
);

create index collections_organization_id_idx
on collections (organization_id)
where deleted_at is null;

create trigger set_updated_at
before update on collections
for each row execute function set_updated_at();

create table collections_to_assets (
  collection_id  uuid            not null,
  asset_id       uuid            not null,
  asset_type     asset_type_enum not null,
  created_at     timestamptz     not null default now(),
  updated_at     timestamptz     not null default now(),
  deleted_at     timestamptz,
  created_by     uuid            not null,
  updated_by     uuid            not null,
  constraint collections_to_assets_pkey primary key (collection_id, asset_id, asset_type),
  constraint collections_to_assets_collection_id_fkey
    foreign key (collection_id) references collections (id) on delete cascade,
  constraint collections_to_assets_created_by_fkey
    foreign key (created_by) references users (id) on update cascade,
  constraint collections_to_assets_updated_by_fkey
    foreign key (updated_by) references users (id) on update cascade
);

-- The collections that hold an asset; the primary key serves the assets of a collection.
create index collections_to_assets_asset_idx
on collections_to_assets (asset_id, asset_type, collection_id)
where deleted_at is null;

create trigger set_updated_at
before update on collections_to_assets
for each row execute function set_updated_at();
