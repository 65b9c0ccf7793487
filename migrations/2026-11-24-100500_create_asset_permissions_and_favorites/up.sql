-- Who may do what with which asset, and the assets in a user's sidebar.
-- Assets and identities are polymorphic, hence without foreign keys.

-- The order of the labels is not the order of privilege: compare roles by rank, not by operator.
-- viewer is an old word for can_view and is not written any more.
create type asset_permission_role_enum as enum (
  'owner', 'viewer', 'can_view', 'can_filter', 'can_edit', 'full_access'
);

create table asset_permissions (
  identity_id    uuid            not null,
  identity_type  identity_type_enum not null,
  asset_id       uuid            not null,
  asset_type     asset_type_enum not null,
  role           asset_permission_role_enum not null,
  created_at     timestamptz     not null default now(),
  updated_at     timestamptz     not null default now(),
  deleted_at     timestamptz,
  created_by     uuid            not null,
  updated_by     uuid            not null,
  constraint asset_permissions_pkey
    primary key (identity_id, asset_id, asset_type, identity_type),
  constraint asset_permissions_created_by_fkey
    foreign key (created_by) references users (id) on update cascade,
  constraint asset_permissions_updated_by_fkey
    foreign key (updated_by) references users (id) on update cascade
);

create index asset_permissions_asset_idx
on asset_permissions (asset_id, asset_type, identity_id, identity_type)
where deleted_at is null;

create index asset_permissions_identity_idx
on asset_permissions (identity_type, identity_id, asset_type, asset_id)
where deleted_at is null;

create trigger set_updated_at
before update on asset_permissions
for each row execute function set_updated_at();

create table user_favorites (
  user_id      uuid            not null,
  asset_id     uuid            not null,
  asset_type   asset_type_enum not null,
  order_index  int4            not null,
  created_at   timestamptz     not null default now(),
  deleted_at   timestamptz,
  constraint user_favorites_pkey primary key (user_id, asset_id, asset_type),
  constraint user_favorites_user_id_fkey
    foreign key (user_id) references users (id) on update cascade
);
