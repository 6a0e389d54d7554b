import type { Queryable } from "../../../src/adapters/postgres/database.ts";
import { z } from "zod";
import type { EventRow, InboxRow, Records, WorkRow } from "../judge/records.ts";
import type { Lane } from "./lane.ts";

const Data = z.record(z.string(), z.unknown());

/** The four records of a lane as they stand now. */
export async function gatherRecords(lane: Lane): Promise<Records> {
  const { world, sender, play } = lane;
  const { featbit, slack } = world;
  const { ruth, pavel, chen } = world.people;
  return {
    sent: sender.sent,
    mutations: featbit.mutations.filter(({ key }) =>
      world.featbit.world.flags.some((flag) => flag.key === key),
    ),
    audits: featbit.world.audits,
    requests: featbit.requests,
    messages: slack.messageLog,
    cards: play.cards(),
    acts: slack.deliveryLog,
    ...(await lane.withPool(ownRecords)),
    logs: lane.log(),
    reconciliations: lane.reconciliations(),
    secret: lane.secret,
    mayApprove: [ruth.id, pavel.id, chen.id, ...(slack.workspace.groups.get("S0RELEASE")?.users ?? [])],
    writer: "signalman-write",
  };
}

async function ownRecords(pool: Queryable): Promise<Pick<Records, "rows" | "events" | "work" | "bodies">> {
  const rows = await pool.query<InboxRow>(
    "select id, convert_from(body, 'UTF8') as body, outcome, settlement from signalman.inbox order by seq",
  );
  const events = await pool.query<
    Omit<EventRow, "data" | "position"> & { data: string; position: string | null }
  >(
    // One that came since, such as the word of a checkpoint, has no place yet; draining waits for all others.
    "select stream, version, position, type, at, data from signalman.events where position is not null order by seq",
  );
  const work = await pool.query<WorkRow>(
    // Draining waited for all that was held; only the word of a checkpoint begins by itself.
    "select stage, subject, status from signalman.outbox where status <> 'held' or subject <> 'ledger/checkpoint'",
  );
  const bodies = await pool.query<{ text: string }>(
    "select convert_from(content, 'UTF8') as text from signalman.bodies",
  );
  return {
    rows: rows.rows,
    events: events.rows.map(({ data, position, ...rest }) => ({
      ...rest,
      position: position === null ? null : Number(position),
      data: Data.parse(JSON.parse(data)),
    })),
    work: work.rows,
    bodies: bodies.rows.map(({ text }) => text),
  };
}
