-- Names that are legal, and of which none may become code.
create schema "odd ""schema""; --";
set search_path = 'odd "schema"; --';

create type "mood; --" as enum ('', 'it''s "so" so', E'two\nlines', E'back\\slash', ']]', '$name', 'größer', '--');
create type "empty" as enum ();
create type "teams.Row" as enum ('a');

create table "end" (
  "function" int primary key,
  "nil" text not null,
  "private" text,
  "c" text,
  "where" text,
  "fingerprint" text
);
comment on table "end" is E'---@class evil\n@class evil\n\n| "evil"\n]] .. os.exit() --[[ ';
comment on column "end"."nil" is E'a # comment\n---@field evil integer';

create table "quo""te" (
  """" int,
  "'" int,
  "\" int,
  "it's ""odd""" text default 'it''s "odd"',
  "]]" "mood; --"[] not null default '{}',
  "-- note" "mood; --" default E'two\nlines',
  "$1" "empty",
  "%s" "teams.Row",
  " " int,
  "1st" int,
  constraint "key ""of"" quotes" unique ("""", "'")
);

create table U&"line\000Abreak" (U&"a\0009b" int, U&"carriage\000Dreturn" int, U&"bell\0007\007F" int);
create table "größer 表 🙂" ("schlüssel" int, "表" text, "🙂" text);
create table "teams" (id int primary key);
create table "teams_Row" (id int primary key references "teams");
create table "schema" (id int primary key);
create table "enums" (id int primary key);
create table "tables" ("a.b" int, "a,b" int, "a*" int);
create table "Teams" ("Id" int, "id" int, pk int, "FK" int);
create table "__index" ("__newindex" int, "__gc" int);
create table "_234567890123456789012345678901234567890123456789012345678901_63" (
  "_234567890123456789012345678901234567890123456789012345678901_63" int
);
