-- Types of all kinds, of this schema and of others.
create schema other;
create extension citext schema other;
create type other.mood as enum ('glad', 'sad');
create type mood as enum ('b', 'a');
alter type mood add value 'between' after 'b';
create type other.unused as enum ('x');
create type unused as enum ('x');
create type pair as (a int, b text);
create type float_range as range (subtype = float8);

-- Called like types of PostgreSQL's own.
create domain public.int4 as text;
create type public.date as enum ('today');

create domain positive as integer default 1 check (value > 0);
create domain very_positive as positive not null;
create domain most_positive as very_positive check (value > 100);
create domain money_amount as numeric(12, 2);
create domain mood_domain as mood;
create domain tags as text[];
create domain other.far as mood_domain;

create table everything (
  a int2, b pg_catalog.int4, c int8, d float4, e float8, f numeric, g numeric(10, 2), h numeric(5),
  i bool, j text, k varchar, l varchar(20), m char, n char(7), o "char", p name, q bytea, r uuid,
  s timestamptz, t timestamptz(3), u timestamp(0), v pg_catalog.date, w time(2), x timetz, y interval,
  z interval(3), aa interval day to second (2), ab json, ac jsonb, ad inet, ae bit(3), af varbit(9), ag bit,
  ah int4range, ai int4multirange, aj point, ak xid8, al oidvector, am regclass, an tsvector, ao oid, ap interval year
);
create table arrays (
  a text[], b int[][], c numeric(10, 2)[], d mood[] not null default '{}', e other.mood[], f varchar(5)[],
  g timestamptz(3)[], h positive[]
);
create table own (
  a mood not null default 'a', b other.mood default 'sad', c other.citext, d pair, e float_range, f public.int4,
  g public.date, h everything, i very_positive, j money_amount not null, k mood_domain, l tags, m other.far, n positive,
  o most_positive
);
