-- A delivery may be understood and yet belong to no incident.
alter table inbox drop constraint inbox_outcome_check;
alter table inbox add constraint inbox_outcome_check
  check (outcome in ('joined', 'duplicate', 'noted', 'quarantined'));
drop index inbox_quarantined;
create index inbox_quarantined on inbox (source_id, seq) where outcome = 'quarantined';

-- The cap on open incidents counts by the beginning of the group key.
create index incidents_open_by_group on incidents (group_key text_pattern_ops) where status = 'open';

-- The third projection: maintenance windows, one stream a service.
create table mutes (
  id text primary key,
  version integer not null,
  head_hash text not null,
  muted_until timestamptz,
  state text not null
);

-- What others changed: evidence for later incidents. `placed` is JSON text, the columns beside it are for finding.
create table outside_changes (
  source_id text not null,
  change_id text not null,
  at timestamptz not null,
  service text,
  environment_name text,
  placed text not null,
  primary key (source_id, change_id)
);
create index outside_changes_of_service on outside_changes (service, at desc);

-- What was spent under a name, a row a second.
create table budgets (
  name text not null,
  at timestamptz not null,
  amount double precision not null,
  primary key (name, at)
);
