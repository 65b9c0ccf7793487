-- The customers' databases, and the tables in them that are described for people and the assistant.

create type data_source_onboarding_status_enum as enum (
  'notStarted', 'inProgress', 'completed', 'failed'
);

create type dataset_type_enum as enum ('table', 'view', 'materializedView');

-- No column uses it yet; it belongs to the legacy description of a dataset's columns.
create type stored_values_status_enum as enum ('syncing', 'success', 'failed');

-- secret_id: the credential's id in the vault. The credential itself is never stored here.
create table data_sources (
  id                 uuid        not null default gen_random_uuid(),
  name               text        not null,
  type               text        not null,
  secret_id          uuid        not null,
  onboarding_status  data_source_onboarding_status_enum not null default 'notStarted',
  onboarding_error   text,
  organization_id    uuid        not null,
  created_by         uuid        not null,
  updated_by         uuid        not null,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  deleted_at         timestamptz,
  env                varchar     not null default 'dev',
  constraint data_sources_pkey primary key (id),
  constraint data_sources_organization_id_fkey
    foreign key (organization_id) references organizations (id) on delete cascade,
  constraint data_sources_created_by_fkey
    foreign key (created_by) references users (id) on update cascade,
  constraint data_sources_updated_by_fkey
    foreign key (updated_by) references users (id) on update cascade
);

create unique index data_sources_organization_id_name_env_key
on data_sources (organization_id, name, env)
where deleted_at is null;

create trigger set_updated_at
before update on data_sources
for each row execute function set_updated_at();

create table datasets (
  id                   uuid        not null default gen_random_uuid(),
  name                 text        not null,
  database_name        text        not null,
  when_to_use          text,
  when_not_to_use      text,
  type                 dataset_type_enum not null,
  definition           text        not null,
  schema               text        not null,
  enabled              bool        not null default false,
  imported             bool        not null default false,
  data_source_id       uuid        not null,
  organization_id      uuid        not null,
  created_by           uuid        not null,
  updated_by           uuid        not null,
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now(),
  deleted_at           timestamptz,
  model                text,
  yml_file             text,
  database_identifier  text,
  constraint datasets_pkey primary key (id),
  constraint datasets_data_source_id_fkey
    foreign key (data_source_id) references data_sources (id) on delete cascade,
  constraint datasets_organization_id_fkey
    foreign key (organization_id) references organizations (id) on delete cascade,
  constraint datasets_created_by_fkey
    foreign key (created_by) references users (id) on update cascade,
  constraint datasets_updated_by_fkey
    foreign key (updated_by) references users (id) on update cascade
);

-- A source without databases has no database_identifier: two such datasets still clash.
create unique index datasets_data_source_id_database_identifier_schema_name_key
on datasets (data_source_id, database_identifier, schema, name)
nulls not distinct
where deleted_at is null;

create index datasets_organization_id_idx
on datasets (organization_id, name)
where deleted_at is null;

create trigger set_updated_at
before update on datasets
for each row execute function set_updated_at();

create table dataset_groups (
  id               uuid        not null default gen_random_uuid(),
  organization_id  uuid        not null,
  name             varchar     not null,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  deleted_at       timestamptz,
  constraint dataset_groups_pkey primary key (id),
  constraint dataset_groups_organization_id_fkey
    foreign key (organization_id) references organizations (id) on delete cascade
);

create index dataset_groups_organization_id_idx
on dataset_groups (organization_id)
where deleted_at is null;

create trigger set_updated_at
before update on dataset_groups
for each row execute function set_updated_at();

create table datasets_to_dataset_groups (
  dataset_id        uuid        not null,
  dataset_group_id  uuid        not null,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  deleted_at        timestamptz,
  constraint datasets_to_dataset_groups_pkey primary key (dataset_id, dataset_group_id),
  constraint datasets_to_dataset_groups_dataset_id_fkey
    foreign key (dataset_id) references datasets (id) on delete cascade,
  constraint datasets_to_dataset_groups_dataset_group_id_fkey
    foreign key (dataset_group_id) references dataset_groups (id) on delete cascade
);

create index datasets_to_dataset_groups_dataset_group_id_idx
on datasets_to_dataset_groups (dataset_group_id)
where deleted_at is null;

create trigger set_updated_at
before update on datasets_to_dataset_groups
for each row execute function set_updated_at();
