import { z } from "zod";
import { qualityMarkOf } from "../../domain/guard/quality-mark.ts";
import { Instant } from "../../domain/ids.ts";
import { StreamName } from "../../domain/ledger/stream.ts";
import type { Ledger } from "../../pipeline/ports/storage.ts";
import type { Database } from "./database.ts";

/** How people's reviews go, read over indexes that hold nothing else. */
export function reviewReadsOn(database: Database): Pick<Ledger, "reviewQueue" | "qualityMarks"> {
  return {
    async reviewQueue(lateSince) {
      const { rows } = await database.query(
        `select
           (select count(*)::int from changes where status = 'awaiting_approval') as waiting,
           (select state::json ->> 'proposedAt' from changes
            where status = 'awaiting_approval' order by seq limit 1) as "oldestSince",
           (select count(*)::int from events
            where type = 'approval_chased' and at collate "C" >= $1
              and data::json ->> 'kind' = 'sla_missed') as "slaMisses"`,
        [lateSince],
      );
      return QueueRow.parse(rows[0]);
    },
    async qualityMarks(since, limit) {
      // The words of the index, or it is not used. What a person asked for is no draft of Signalman's.
      const { rows } = await database.query(
        `select e.stream, e.type, e.at, e.data, coalesce(i.service, '') as service
         from events e
         left join changes c on e.stream like 'change/%' and c.id = substr(e.stream, 8)
         left join incidents i
           on i.id = case when e.stream like 'change/%' then c.incident_id else substr(e.stream, 10) end
         where e.type in ('change_approved', 'change_rejected', 'change_verified', 'change_closed', 'feedback_given')
           and e.at collate "C" > $1
           and (c.id is null or c.state::json #>> '{proposal,action,actor,requester,kind}' = 'source')
         order by e.at collate "C" desc, e.seq desc limit $2`,
        [since, limit],
      );
      return rows.toReversed().flatMap((row) => {
        const { service, data, ...entry } = MarkRow.parse(row);
        return qualityMarkOf({ ...entry, data }, service) ?? [];
      });
    },
  };
}

const QueueRow = z.strictObject({
  waiting: z.int(),
  oldestSince: Instant.nullable(),
  slaMisses: z.int(),
});

const MarkRow = z.object({
  stream: StreamName,
  type: z.string(),
  at: Instant,
  data: z.string().transform((text) => z.record(z.string(), z.unknown()).parse(JSON.parse(text))),
  service: z.string(),
});
