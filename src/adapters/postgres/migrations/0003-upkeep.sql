-- Who had a quarantined delivery taken in anew, when, and how it had been settled until then.
create table requeues (
  delivery_id uuid not null references inbox (id) on delete cascade,
  at timestamptz not null default clock_timestamp(),
  asked_by text not null,
  settlement text not null
);
create index requeues_of_delivery on requeues (delivery_id, at);

-- What is understood and old is let go, the oldest first; quarantine waits for a person.
create index inbox_forgettable on inbox (settled_at) where outcome in ('joined', 'duplicate', 'noted');

-- Earlier incidents of a service are evidence for the next one.
create index incidents_of_service on incidents (service, seq desc);
