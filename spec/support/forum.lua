--- A small database of every sort of column and of relations that are not alone, with its schema: for specs of the
--- query builder.

local mp = require "moonpool"
local cluster = require "spec.support.cluster"
local read = require "moonpool.schema.read"
local schema = require "moonpool.schema"

local M = {}

local TABLES = [[
create type mood as enum ('glad', 'sad', 'calm');
create table users (
  id int4 primary key,
  name text not null,
  email text,
  age int4,
  score float8,
  balance numeric,
  mood mood,
  tags text[],
  doc jsonb,
  old_doc json,
  active bool not null,
  born date,
  joined timestamptz not null,
  span int4range,
  key uuid,
  manager_id int4 constraint users_manager_fkey references users
);
create table posts (
  id int4 primary key,
  user_id int4 not null constraint posts_user_fkey references users,
  editor_id int4 constraint posts_editor_fkey references users,
  title text not null,
  likes int4 not null,
  made_at timestamptz not null
);
create table comments (
  id int4 primary key,
  post_id int4 not null constraint comments_post_fkey references posts,
  body text,
  "order" int4,
  "select" text
);
insert into users
select i, 'user ' || i, case when i % 3 > 0 then 'u' || i || '@example.org' end, 20 + i % 7, i / 4.0, i * 1.5,
  (enum_range(null::mood))[1 + i % 3], array['t' || i % 2, 't' || i % 3], jsonb_build_object('n', i, 'odd', i % 2 = 1),
  json_build_object('n', i), i % 5 > 0, date '2000-01-01' + i,
  timestamptz '2024-01-01 00:00Z' + i % 4 * interval '1 day',
  int4range(i, i + 3), null, nullif(i / 2, 0)
from generate_series(1, 12) i;
insert into posts
select i, 1 + i % 9, case when i % 2 = 0 then 1 + i % 5 end, 'post ' || i, i % 6,
  timestamptz '2024-02-01 00:00Z' + i % 10 * interval '1 hour'
from generate_series(1, 40) i;
insert into comments select i, 1 + i % 17, case when i % 4 > 0 then 'body ' || i end, i % 3, 's' || i % 2
from generate_series(1, 60) i;
]]

--- Makes the database, and opens it.
---@return moonpool.Database db
---@return moonpool.Schema schema
function M.open()
  local db = mp.connect { url = cluster.database(), max_size = 4 }
  db:script(TABLES)
  return db, schema.define(read.describe(db, { schema = "public", name = "forum" }))
end

return M
