-- Guardrails ask at every draft whether people keep up, and once a minute how good drafts have been.
create index events_chased on events (at collate "C") where type = 'approval_chased';
create index events_of_quality on events (at collate "C")
  where type in ('change_approved', 'change_rejected', 'change_verified', 'change_closed', 'feedback_given');
