-- Who may see which dataset. Identities and permissions are polymorphic: the type column says to
-- which table the id beside it belongs, so there is no foreign key on that id.

create type identity_type_enum as enum ('user', 'team', 'organization');

create table permission_groups (
  id               uuid        not null default gen_random_uuid(),
  name             text        not null,
  organization_id  uuid        not null,
  created_by       uuid        not null,
  updated_by       uuid        not null,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  deleted_at       timestamptz,
  constraint permission_groups_pkey primary key (id),
  constraint permission_groups_organization_id_fkey
    foreign key (organization_id) references organizations (id) on delete cascade,
  constraint permission_groups_created_by_fkey
    foreign key (created_by) references users (id) on update cascade,
  constraint permission_groups_updated_by_fkey
    foreign key (updated_by) references users (id) on update cascade
);

-- Finds an organisation's default group, which goes by its name.
create index permission_groups_organization_id_name_idx
on permission_groups (organization_id, name)
where deleted_at is null;

create trigger set_updated_at
before update on permission_groups
for each row execute function set_updated_at();

create table permission_groups_to_identities (
  permission_group_id  uuid        not null,
  identity_id          uuid        not null,
  identity_type        identity_type_enum not null,
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now(),
  deleted_at           timestamptz,
  created_by           uuid        not null,
  updated_by           uuid        not null,
  constraint permission_groups_to_identities_pkey
    primary key (permission_group_id, identity_id, identity_type),
  constraint permission_groups_to_identities_permission_group_id_fkey
    foreign key (permission_group_id) references permission_groups (id) on delete cascade,
  constraint permission_groups_to_identities_created_by_fkey
    foreign key (created_by) references users (id) on update cascade,
  constraint permission_groups_to_identities_updated_by_fkey
    foreign key (updated_by) references users (id) on update cascade
);

create index permission_groups_to_identities_identity_idx
on permission_groups_to_identities (identity_id, identity_type)
where deleted_at is null;

create trigger set_updated_at
before update on permission_groups_to_identities
for each row execute function set_updated_at();

create table permission_groups_to_users (
  permission_group_id  uuid        not null,
  user_id              uuid        not null,
  created_at           timestamptz not null default now(),
  constraint permission_groups_to_users_pkey primary key (permission_group_id, user_id),
  constraint permission_groups_to_users_permission_group_id_fkey
    foreign key (permission_group_id) references permission_groups (id) on delete cascade,
  constraint permission_groups_to_users_user_id_fkey
    foreign key (user_id) references users (id) on update cascade
);

create index permission_groups_to_users_user_id_idx
on permission_groups_to_users (user_id);

create table datasets_to_permission_groups (
  dataset_id           uuid        not null,
  permission_group_id  uuid        not null,
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now(),
  deleted_at           timestamptz,
  constraint datasets_to_permission_groups_pkey primary key (dataset_id, permission_group_id),
  constraint datasets_to_permission_groups_dataset_id_fkey
    foreign key (dataset_id) references datasets (id) on delete cascade,
  constraint datasets_to_permission_groups_permission_group_id_fkey
    foreign key (permission_group_id) references permission_groups (id) on delete cascade
);

create index datasets_to_permission_groups_permission_group_id_idx
on datasets_to_permission_groups (permission_group_id)
where deleted_at is null;

create trigger set_updated_at
before update on datasets_to_permission_groups
for each row execute function set_updated_at();

create table dataset_permissions (
  id               uuid        not null default gen_random_uuid(),
  organization_id  uuid        not null,
  dataset_id       uuid        not null,
  permission_id    uuid        not null,
  permission_type  varchar     not null,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  deleted_at       timestamptz,
  constraint dataset_permissions_pkey primary key (id),
  constraint dataset_permissions_permission_type_check
    check (permission_type in ('user', 'team', 'dataset_group', 'permission_group')),
  constraint dataset_permissions_organization_id_fkey
    foreign key (organization_id) references organizations (id) on delete cascade,
  constraint dataset_permissions_dataset_id_fkey
    foreign key (dataset_id) references datasets (id) on delete cascade
);

create unique index dataset_permissions_dataset_permission_key
on dataset_permissions (dataset_id, permission_id, permission_type)
where deleted_at is null;

create index dataset_permissions_permission_idx
on dataset_permissions (permission_id, permission_type)
where deleted_at is null;

create trigger set_updated_at
before update on dataset_permissions
for each row execute function set_updated_at();

create table dataset_groups_permissions (
  id                uuid        not null default gen_random_uuid(),
  dataset_group_id  uuid        not null,
  permission_id     uuid        not null,
  permission_type   varchar     not null,
  organization_id   uuid        not null,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  deleted_at        timestamptz,
  constraint dataset_groups_permissions_pkey primary key (id),
  constraint dataset_groups_permissions_dataset_group_id_fkey
    foreign key (dataset_group_id) references dataset_groups (id),
  constraint dataset_groups_permissions_organization_id_fkey
    foreign key (organization_id) references organizations (id)
);

create unique index dataset_groups_permissions_group_permission_key
on dataset_groups_permissions (dataset_group_id, permission_id, permission_type)
where deleted_at is null;

create index dataset_groups_permissions_permission_idx
on dataset_groups_permissions (permission_id, permission_type)
where deleted_at is null;

create trigger set_updated_at
before update on dataset_groups_permissions
for each row execute function set_updated_at();
