-- What retention removes leaves its row behind: that there was something, and since when it is gone. Its hash stands in
-- the ledger.
alter table bodies alter column content drop not null;
alter table bodies add column removed_at timestamptz;
alter table bodies add constraint bodies_kept_or_removed check ((content is null) = (removed_at is not null));
create index bodies_removable on bodies (kind, made_at) where removed_at is null;

create index outside_changes_removable on outside_changes (at);
