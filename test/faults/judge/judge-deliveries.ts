import { deliveryIn } from "../harness/sender.ts";
import { type Finding, type InboxRow, type Records, unexplained } from "./records.ts";

/**
 * Jepsen's numbers of a queue (its total-queue checker), of deliveries of alerts: tried to be sent; answered 202; tried
 * and kept; acknowledged and not kept; kept and sent by nobody; rows too many of deliveries of one id; kept although no
 * attempt was acknowledged.
 */
export const numberNames = [
  "attempted",
  "acknowledged",
  "ok",
  "lost",
  "unexpected",
  "duplicated",
  "recovered",
] as const;
export type Numbers = Record<(typeof numberNames)[number], number>;

/** I1 and I2: the senders' record against the inbox, and the inbox against the ledger. */
export function judgeDeliveries({ sent, rows, events }: Records): { numbers: Numbers; findings: Finding[] } {
  const findings: Finding[] = [];
  const kept = new Map<string, number>();
  const known = new Set(sent.map(({ id }) => id));
  let unexpected = 0;
  for (const { id, body } of rows) {
    const delivery = deliveryIn(body);
    if (delivery === null || !known.has(delivery)) {
      unexpected += 1;
      findings.push(unexplained("I2", `row ${id} of the inbox was sent by nobody`));
      continue;
    }
    kept.set(delivery, (kept.get(delivery) ?? 0) + 1);
  }
  for (const [delivery, times] of kept) {
    if (times === 1) continue;
    findings.push({ fault: "twice", invariant: "I2", what: `delivery ${delivery} has ${times} rows` });
  }
  for (const { id, acknowledged, answers } of sent) {
    if (!acknowledged || kept.has(id)) continue;
    findings.push({
      fault: "lost",
      invariant: "I1",
      what: `delivery ${id} was acknowledged (${answers.join()}) and has no row`,
    });
  }
  findings.push(...unheard({ rows, events }));
  return {
    findings,
    numbers: {
      attempted: sent.length,
      acknowledged: sent.filter(({ acknowledged }) => acknowledged).length,
      ok: sent.filter(({ id }) => kept.has(id)).length,
      lost: sent.filter(({ id, acknowledged }) => acknowledged && !kept.has(id)).length,
      unexpected,
      duplicated: [...kept.values()].reduce((sum, times) => sum + times - 1, 0),
      recovered: sent.filter(({ id, acknowledged }) => !acknowledged && kept.has(id)).length,
    },
  };
}

/**
 * What is kept must also have ended: joined to an incident that the ledger has, noted, or as a duplicate. Of what was
 * heard for the first time an event tells; of what only goes on none does, so one delivery of each alert must be told of.
 */
function unheard({ rows, events }: Pick<Records, "rows" | "events">): Finding[] {
  const told = new Set(events.map(({ data }) => data["deliveryId"]));
  const streams = new Set(events.map(({ stream }) => stream));
  const heard = new Set(rows.filter(({ id }) => told.has(id)).map(alertOf));
  return rows.flatMap((row): Finding[] => {
    const name = `row ${row.id} of the inbox`;
    switch (row.outcome) {
      case null:
        return [{ fault: "lost", invariant: "I1", what: `${name} was never taken in` }];
      case "quarantined":
        return [unexplained("I1", `${name} is in quarantine`)];
      case "joined": {
        const incidents = row.settlement?.match(/INC-[A-Z0-9]+/g) ?? [];
        if (
          incidents.length > 0 &&
          incidents.every((id) => streams.has(`incident/${id}`)) &&
          heard.has(alertOf(row))
        )
          return [];
        return [
          { fault: "lost", invariant: "I1", what: `${name} joined an incident that knows nothing of it` },
        ];
      }
      default:
        return [];
    }
  });
}

/** Which alert a delivery is of, and whether it says that it begins or ends. */
function alertOf({ body }: InboxRow): string {
  const fingerprint = /"fingerprint":"([^"]+)"/.exec(body)?.[1];
  return `${fingerprint} ${body.includes('"status":"resolved"') ? "resolved" : "firing"}`;
}
