-- The trace that a row was written in (W3C traceparent), so that whoever goes on with it goes on with the trace.
alter table inbox add column traceparent text;
alter table outbox add column traceparent text, add column traced_at timestamptz not null default now();
alter table incidents add column traceparent text, add column traced_at timestamptz not null default now();
alter table changes add column traceparent text, add column traced_at timestamptz not null default now();
