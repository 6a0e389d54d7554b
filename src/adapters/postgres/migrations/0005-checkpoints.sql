-- Signed statements about the ledger so far. `edge` and `leaves` are hashes of 32 bytes, one after the other: the right
-- edge of the tree at this size, and the leaves since the checkpoint before. Both are bound by the root in `note`.
create table checkpoints (
  size bigint primary key check (size > 0),
  note text not null,
  edge bytea not null,
  leaves bytea not null,
  made_at timestamptz not null default clock_timestamp()
);

create function refuse_to_rewrite_checkpoints() returns trigger language plpgsql as $$
begin
  raise exception 'checkpoints are append-only: % refused', tg_op using errcode = 'integrity_constraint_violation';
end
$$;
create trigger checkpoints_append_only before update or delete on checkpoints
  for each row execute function refuse_to_rewrite_checkpoints();
create trigger checkpoints_no_truncate before truncate on checkpoints
  for each statement execute function refuse_to_rewrite_checkpoints();
