import { Stage } from "../../domain/stage.ts";
import type { Figures } from "../../pipeline/ports/figures.ts";
import type { Database } from "./database.ts";
import { openChange } from "./ledger.ts";

/** Reads the figures in one go; each statement goes by an index or over what is open. */
export async function readFigures(database: Database): Promise<Figures> {
  const [work, intake, changes, single] = await Promise.all([
    database.query<Record<"due" | "later" | "held" | "parked" | "oldest_s", string> & { stage: string }>(
      `select stage, count(*) filter (where status = 'waiting' and due_at <= now()) as due,
         count(*) filter (where status = 'waiting' and due_at > now()) as later,
         count(*) filter (where status = 'held') as held, count(*) filter (where status = 'parked') as parked,
         coalesce(extract(epoch from now() - min(due_at) filter (where status <> 'parked' and due_at <= now())), 0)
           as oldest_s
       from outbox group by stage`,
    ),
    database.query<Record<"due" | "held" | "quarantined" | "oldest_s", string>>(
      `select count(*) filter (where outcome is null and coalesce(lease_until < now(), true)) as due,
         count(*) filter (where outcome is null and lease_until >= now()) as held,
         count(*) filter (where outcome = 'quarantined') as quarantined,
         coalesce(extract(epoch from now() - min(received_at) filter (where outcome is null)), 0) as oldest_s
       from inbox where outcome is null or outcome = 'quarantined'`,
    ),
    database.query<Record<"status" | "count" | "oldest_s", string>>(
      `select status, count(*) as count, extract(epoch from now() - min(begun.at)) as oldest_s
       from changes, lateral (
         select max(at)::timestamptz as at from events
         where stream = 'change/' || changes.id and type in ('change_proposed', 'change_revised')) as begun
       where ${openChange} group by status`,
    ),
    database.query<
      Record<"incidents" | "unsequenced" | "past_sla" | "unsigned" | "checkpoint_age_s", string>
    >(
      `select (select count(*) from incidents where status = 'open') as incidents,
         (select count(*) from changes where status = 'awaiting_approval' and exists (
           select from events where stream = 'change/' || changes.id and type = 'approval_chased'
             and data like '%"kind":"sla_missed"%' and events.version > (
               select max(version) from events where stream = 'change/' || changes.id
                 and type in ('change_proposed', 'change_revised', 'votes_voided')))) as past_sla,
         (select count(*) from events where position is null) as unsequenced,
         (select count(*) from events where position >= coalesce((select max(size) from checkpoints), 0)) as unsigned,
         coalesce(extract(epoch from now() - coalesce((select max(made_at) from checkpoints),
           (select at::timestamptz from events where position = 0))), 0) as checkpoint_age_s`,
    ),
  ]);
  const [inbox] = intake.rows;
  const rows = new Map(work.rows.map((row) => [row.stage, row]));
  return {
    work: Stage.options.map((stage) => {
      const row = stage === "intake" ? inbox : rows.get(stage);
      return {
        stage,
        due: Number(row?.due ?? 0),
        later: Number(rows.get(stage)?.later ?? 0),
        held: Number(row?.held ?? 0),
        parked: Number(rows.get(stage)?.parked ?? 0),
        oldestS: Number(row?.oldest_s ?? 0),
      };
    }),
    quarantined: Number(inbox?.quarantined ?? 0),
    openIncidents: Number(single.rows[0]?.incidents ?? 0),
    openChanges: changes.rows.map(({ status, count, oldest_s }) => ({
      status,
      count: Number(count),
      oldestS: Number(oldest_s),
    })),
    pastSla: Number(single.rows[0]?.past_sla ?? 0),
    unsequenced: Number(single.rows[0]?.unsequenced ?? 0),
    unsigned: Number(single.rows[0]?.unsigned ?? 0),
    checkpointAgeS: Number(single.rows[0]?.checkpoint_age_s ?? 0),
  };
}
