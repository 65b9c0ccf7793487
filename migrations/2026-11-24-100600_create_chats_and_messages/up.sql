-- Conversations with the assistant, and the files that came out of them.

create type chat_type_enum as enum ('analyst', 'data_engineer');

-- No column uses it yet: messages.feedback is text with the same two words.
create type message_feedback_enum as enum ('positive', 'negative');

create table chats (
  id                            uuid        not null default gen_random_uuid(),
  title                         text        not null,
  organization_id               uuid        not null,
  created_at                    timestamptz not null default now(),
  updated_at                    timestamptz not null default now(),
  deleted_at                    timestamptz,
  created_by                    uuid        not null,
  updated_by                    uuid        not null,
  publicly_accessible           bool        not null default false,
  publicly_enabled_by           uuid,
  public_expiry_date            timestamptz,
  most_recent_file_id           uuid,
  most_recent_file_type         asset_type_enum,
  most_recent_version_number    int4,
  workspace_sharing             workspace_sharing_enum not null default 'none',
  workspace_sharing_enabled_by  uuid,
  workspace_sharing_enabled_at  timestamptz,
  chat_type                     chat_type_enum not null default 'analyst',
  constraint chats_pkey primary key (id),
  constraint chats_organization_id_fkey
    foreign key (organization_id) references organizations (id),
  constraint chats_created_by_fkey
    foreign key (created_by) references users (id) on update cascade,
  constraint chats_updated_by_fkey
    foreign key (updated_by) references users (id) on update cascade,
  constraint chats_publicly_enabled_by_fkey
    foreign key (publicly_enabled_by) references users (id) on update cascade,
  constraint chats_workspace_sharing_enabled_by_fkey
    foreign key (workspace_sharing_enabled_by) references users (id) on update cascade
);

create index chats_organization_id_idx
on chats (organization_id)
where deleted_at is null;

create index chats_created_by_idx
on chats (created_by, created_at)
where deleted_at is null;

create trigger set_updated_at
before update on chats
for each row execute function set_updated_at();

-- The documents are rewritten while an answer streams in: an index over them would be too.
create table messages (
  id                       uuid        not null default gen_random_uuid(),
  request_message          text,
  response_messages        jsonb       not null default '[]',
  reasoning                jsonb       not null default '[]',
  title                    text        not null,
  raw_llm_messages         jsonb       not null default '[]',
  final_reasoning_message  text,
  chat_id                  uuid        not null,
  created_at               timestamptz not null default now(),
  updated_at               timestamptz not null default now(),
  deleted_at               timestamptz,
  created_by               uuid        not null,
  feedback                 text,
  is_completed             bool        not null default false,
  post_processing_message  jsonb,
  constraint messages_pkey primary key (id),
  constraint messages_chat_id_fkey
    foreign key (chat_id) references chats (id),
  constraint messages_created_by_fkey
    foreign key (created_by) references users (id) on update cascade
);

create index messages_chat_id_idx
on messages (chat_id, created_at)
where deleted_at is null;

create index messages_created_by_idx
on messages (created_by)
where deleted_at is null;

create trigger set_updated_at
before update on messages
for each row execute function set_updated_at();

-- file_type says in which table file_id is found; it is null only in rows from before it existed.
create table messages_to_files (
  id              uuid        not null,
  message_id      uuid        not null,
  file_id         uuid        not null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  deleted_at      timestamptz,
  is_duplicate    bool        not null default false,
  version_number  int4        not null default 1,
  file_type       asset_type_enum,
  constraint messages_to_files_pkey primary key (id),
  constraint messages_to_files_file_type_check
    check (file_type in ('metric_file', 'dashboard_file', 'report_file')),
  constraint messages_to_files_message_id_fkey
    foreign key (message_id) references messages (id)
);

-- A message can produce several versions of one file.
create unique index messages_to_files_message_id_file_id_version_number_key
on messages_to_files (message_id, file_id, version_number)
where deleted_at is null;

create index messages_to_files_file_id_idx
on messages_to_files (file_id)
where deleted_at is null;

create trigger set_updated_at
before update on messages_to_files
for each row execute function set_updated_at();
