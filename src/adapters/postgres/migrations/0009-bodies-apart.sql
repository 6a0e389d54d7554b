-- A delivery's row is written three times: taken, claimed, settled. A body of more than 2 KB lies apart and as it came
-- from now on, so that the later two copy a pointer to it and nobody compresses what is read once, moments later.
alter table inbox alter column body set storage external;
