-- Foreign keys in both directions, with names that collide and names that do not.
create schema other;
create table other.countries (id int primary key);

create table organizations (
  id int primary key,
  country_id int references other.countries,
  users text -- so a relation cannot be called that
);
create table users (
  id int,
  organization_id int not null references organizations,
  manager_id int,
  primary key (organization_id, id),
  unique (id),
  foreign key (organization_id, manager_id) references users
);
create table profiles (id int primary key references users (id), nickname text);
create table settings (user_id int unique references users (id) on delete cascade);
create table badges (user_id int references users (id), kind text, primary key (user_id, kind));
create unique index badges_gold on badges (user_id) where kind = 'gold';

create table documents (
  id int primary key,
  parent_id int references documents,
  owner_id int references users (id),
  owner int,
  created_by int references users (id),
  "reviewerId" int references users (id),
  organization_id int,
  author_id int,
  editor_id int,
  constraint documents_author foreign key (organization_id, author_id) references users,
  constraint documents_editor foreign key (organization_id, editor_id) references users
);
-- The same columns twice.
alter table settings add constraint settings_again foreign key (user_id) references users (id);

create table events (
  id int not null,
  day date not null,
  document_id int references documents,
  primary key (id, day)
) partition by range (day);
create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
create table event_notes (
  event_id int,
  event_day date,
  constraint event_notes_event foreign key (event_id, event_day) references events
);
