-- Full-text search over the names of assets, written by triggers, and over terms.
-- The functions keep the search path of this migration: a session may have chosen another one.

create table asset_search (
  id               uuid        not null default gen_random_uuid(),
  asset_id         uuid        not null,
  asset_type       text        not null,
  content          text        not null,
  organization_id  uuid        not null,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  deleted_at       timestamptz,
  constraint asset_search_pkey primary key (id)
);

-- One entry per asset for its whole life, so not limited to live rows.
create unique index asset_search_asset_id_asset_type_key
on asset_search (asset_id, asset_type);

create index asset_search_content_idx
on asset_search using gin (to_tsvector('simple', content))
where deleted_at is null;

-- fts is made by the database from content. Embeddings need an extension, so none are kept here.
create table terms_search (
  id               uuid      not null default gen_random_uuid(),
  term_id          uuid      not null,
  content          text      not null,
  definition       text      not null,
  fts              tsvector  generated always as (to_tsvector('simple', content)) stored,
  organization_id  uuid      not null,
  created_at       timestamp not null default now(),
  updated_at       timestamp not null default now(),
  deleted_at       timestamp,
  constraint terms_search_pkey primary key (id),
  constraint terms_search_term_id_key unique (term_id),
  constraint terms_search_organization_id_fkey
    foreign key (organization_id) references organizations (id)
);

create index terms_search_fts_idx
on terms_search using gin (fts)
where deleted_at is null;

create trigger set_updated_at
before update on terms_search
for each row execute function set_updated_at();

create function put_asset_search(
  asset_id uuid,
  asset_type text,
  content text,
  organization_id uuid,
  created_at timestamptz,
  updated_at timestamptz,
  deleted_at timestamptz
) returns void
language sql
set search_path from current
as $$
  insert into asset_search (
    asset_id, asset_type, content, organization_id, created_at, updated_at, deleted_at
  )
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (asset_id, asset_type) do update
  set content = excluded.content,
      organization_id = excluded.organization_id,
      created_at = excluded.created_at,
      updated_at = excluded.updated_at,
      deleted_at = excluded.deleted_at;
$$;

create function remove_asset_search(asset_id uuid, asset_type text) returns void
language sql
set search_path from current
as $$
  update asset_search
  set deleted_at = now(),
      updated_at = now()
  where asset_search.asset_id = $1
    and asset_search.asset_type = $2;
$$;

create function sync_metric_files_to_search() returns trigger
language plpgsql
set search_path from current
as $$
begin
  if tg_op = 'DELETE' then
    perform remove_asset_search(old.id, 'metric');
  else
    perform put_asset_search(
      new.id, 'metric', new.name, new.organization_id,
      new.created_at, new.updated_at, new.deleted_at
    );
  end if;
  return null;
end
$$;

create function sync_dashboard_files_to_search() returns trigger
language plpgsql
set search_path from current
as $$
begin
  if tg_op = 'DELETE' then
    perform remove_asset_search(old.id, 'dashboard');
  else
    perform put_asset_search(
      new.id, 'dashboard', new.name, new.organization_id,
      new.created_at, new.updated_at, new.deleted_at
    );
  end if;
  return null;
end
$$;

create function sync_collections_to_search() returns trigger
language plpgsql
set search_path from current
as $$
begin
  if tg_op = 'DELETE' then
    perform remove_asset_search(old.id, 'collection');
  else
    perform put_asset_search(
      new.id, 'collection', new.name, new.organization_id,
      new.created_at, new.updated_at, new.deleted_at
    );
  end if;
  return null;
end
$$;

create trigger sync_metric_files_search
after insert or update or delete on metric_files
for each row execute function sync_metric_files_to_search();

create trigger sync_dashboard_files_search
after insert or update or delete on dashboard_files
for each row execute function sync_dashboard_files_to_search();

create trigger sync_collections_search
after insert or update or delete on collections
for each row execute function sync_collections_to_search();

-- Assets that are there already, when this migration is run again on a filled database.
insert into asset_search (
  asset_id, asset_type, content, organization_id, created_at, updated_at, deleted_at
)
select id, 'metric', name, organization_id, created_at, updated_at, deleted_at
from metric_files
union all
select id, 'dashboard', name, organization_id, created_at, updated_at, deleted_at
from dashboard_files
union all
select id, 'collection', name, organization_id, created_at, updated_at, deleted_at
from collections;
