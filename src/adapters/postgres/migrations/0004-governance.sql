-- What people, or Signalman's own record, took away of its authority: one stream a service, and `*` for all.
create table authorities (
  id text primary key,
  version integer not null,
  head_hash text not null,
  state text not null
);

-- Clicks made ahead of their use.
create table standings (
  id text primary key,
  seq bigint generated always as identity,
  version integer not null,
  head_hash text not null,
  status text not null,
  environment_id text not null,
  flag_key text not null,
  until timestamptz not null,
  state text not null
);
create index standings_live on standings (until) where status <> 'revoked';

-- What was decided about lines that belong to no incident's thread.
create table notices (
  id text primary key,
  version integer not null,
  head_hash text not null,
  state text not null
);
