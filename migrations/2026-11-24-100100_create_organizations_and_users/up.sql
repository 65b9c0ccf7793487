-- Tenants, people, and how people belong to tenants and teams.
-- Keys to users follow a change of the user's id: an invited person gets the login's id later.

create type sharing_setting_enum as enum ('none', 'team', 'organization', 'public');

create type team_role_enum as enum ('manager', 'member', 'none');

create type user_organization_role_enum as enum (
  'workspace_admin', 'data_admin', 'querier', 'restricted_querier', 'viewer'
);

create type user_organization_status_enum as enum ('active', 'inactive', 'pending', 'guest');

-- A name is free for every tenant to take: it tells nobody that another tenant exists.
create table organizations (
  id                             uuid        not null default gen_random_uuid(),
  name                           text        not null,
  domain                         text,
  created_at                     timestamptz not null default now(),
  updated_at                     timestamptz not null default now(),
  deleted_at                     timestamptz,
  payment_required               bool        not null default false,
  domains                        text[],
  restrict_new_user_invitations  bool        not null default false,
  default_role                   user_organization_role_enum not null default 'restricted_querier',
  organization_color_palettes    jsonb       not null
    default '{"palettes": [], "selectedId": null, "selectedDictionaryPalette": null}',
  constraint organizations_pkey primary key (id)
);

create trigger set_updated_at
before update on organizations
for each row execute function set_updated_at();

create table users (
  id          uuid        not null default gen_random_uuid(),
  email       text        not null,
  name        text,
  config      jsonb       not null default '{}',
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  attributes  jsonb       not null default '{}',
  avatar_url  text,
  constraint users_pkey primary key (id),
  constraint users_email_key unique (email)
);

create trigger set_updated_at
before update on users
for each row execute function set_updated_at();

create table users_to_organizations (
  user_id              uuid        not null,
  organization_id      uuid        not null,
  role                 user_organization_role_enum not null default 'querier',
  sharing_setting      sharing_setting_enum not null default 'none',
  edit_sql             bool        not null default false,
  upload_csv           bool        not null default false,
  export_assets        bool        not null default false,
  email_slack_enabled  bool        not null default false,
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now(),
  deleted_at           timestamptz,
  created_by           uuid        not null,
  updated_by           uuid        not null,
  deleted_by           uuid,
  status               user_organization_status_enum not null default 'active',
  constraint users_to_organizations_pkey primary key (user_id, organization_id),
  constraint users_to_organizations_user_id_fkey
    foreign key (user_id) references users (id) on update cascade,
  constraint users_to_organizations_organization_id_fkey
    foreign key (organization_id) references organizations (id) on delete cascade,
  constraint users_to_organizations_created_by_fkey
    foreign key (created_by) references users (id) on update cascade,
  constraint users_to_organizations_updated_by_fkey
    foreign key (updated_by) references users (id) on update cascade,
  constraint users_to_organizations_deleted_by_fkey
    foreign key (deleted_by) references users (id) on update cascade
);

-- The members of an organisation; the primary key serves the organisations of a user.
create index users_to_organizations_organization_id_idx
on users_to_organizations (organization_id, user_id)
where deleted_at is null;

create trigger set_updated_at
before update on users_to_organizations
for each row execute function set_updated_at();

create table teams (
  id                   uuid        not null default gen_random_uuid(),
  name                 text        not null,
  organization_id      uuid        not null,
  sharing_setting      sharing_setting_enum not null default 'none',
  edit_sql             bool        not null default false,
  upload_csv           bool        not null default false,
  export_assets        bool        not null default false,
  email_slack_enabled  bool        not null default false,
  created_by           uuid        not null,
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now(),
  deleted_at           timestamptz,
  constraint teams_pkey primary key (id),
  constraint teams_organization_id_fkey
    foreign key (organization_id) references organizations (id) on delete cascade,
  constraint teams_created_by_fkey
    foreign key (created_by) references users (id) on update cascade
);

-- Unique within the tenant and among live teams: a deleted name can be used again.
create unique index teams_organization_id_name_key
on teams (organization_id, name)
where deleted_at is null;

create trigger set_updated_at
before update on teams
for each row execute function set_updated_at();

create table teams_to_users (
  team_id     uuid           not null,
  user_id     uuid           not null,
  role        team_role_enum not null default 'member',
  created_at  timestamptz    not null default now(),
  updated_at  timestamptz    not null default now(),
  deleted_at  timestamptz,
  constraint teams_to_users_pkey primary key (team_id, user_id),
  constraint teams_to_users_team_id_fkey
    foreign key (team_id) references teams (id) on delete cascade,
  constraint teams_to_users_user_id_fkey
    foreign key (user_id) references users (id) on update cascade
);

create index teams_to_users_user_id_idx
on teams_to_users (user_id)
where deleted_at is null;

create trigger set_updated_at
before update on teams_to_users
for each row execute function set_updated_at();

-- key is the SHA-256 digest of the token in lower-case hexadecimal. The token itself is shown to
-- its owner once and never stored, so a dump of this table opens nothing. A digest is never given
-- out again, hence unique over deleted keys too.
create table api_keys (
  id               uuid        not null default gen_random_uuid(),
  owner_id         uuid        not null,
  key              text        not null,
  organization_id  uuid        not null,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  deleted_at       timestamptz,
  constraint api_keys_pkey primary key (id),
  constraint api_keys_key_key unique (key),
  constraint api_keys_key_is_digest check (key ~ '^[0-9a-f]{64}$'),
  constraint api_keys_owner_id_fkey
    foreign key (owner_id) references users (id) on update cascade,
  constraint api_keys_organization_id_fkey
    foreign key (organization_id) references organizations (id) on delete cascade
);

create index api_keys_owner_id_idx
on api_keys (owner_id)
where deleted_at is null;

create trigger set_updated_at
before update on api_keys
for each row execute function set_updated_at();
