import { z } from "zod";
import type { EventRow } from "./records.ts";

/** The little of a change's events that the judge goes by, read without Signalman's own schemas. */
const Proposal = z.object({
  digest: z.string(),
  lineage: z.object({ kind: z.string(), changeId: z.string() }).nullable(),
  plan: z.object({
    ref: z.object({ key: z.string() }),
    before: z.object({ flag: z.object({ revision: z.string() }) }),
    reverse: z.object({ call: z.string() }),
  }),
});

const Proposed = z.object({ incidentId: z.string().optional(), proposal: Proposal });
const Voted = z.object({
  vote: z.object({ vote: z.string(), userId: z.string(), digest: z.string() }),
});
const Started = z.object({ operationId: z.string(), digest: z.string() });
const Applied = z.object({ operationId: z.string(), reconciled: z.boolean() });

export interface Approval {
  userId: string;
  digest: string;
  version: number;
}

export interface JudgedChange {
  id: string;
  incidentId: string;
  /** Of the newest version. */
  proposal: z.infer<typeof Proposal>;
  approvals: Approval[];
  /** Versions of the events tell what came first. */
  starts: { operationId: string; digest: string; version: number }[];
  applied: { operationId: string; reconciled: boolean } | null;
  /** What ended it, in the ledger's word; `change_applied` and those that mean nothing was or will be written. */
  ended: string | null;
  needsPerson: boolean;
  types: string[];
}

const ends = [
  "change_applied",
  "change_rejected",
  "change_denied",
  "change_expired",
  "change_superseded",
  "execution_failed",
  "human_needed",
];

export function changesOf(events: readonly EventRow[]): JudgedChange[] {
  const streams = Map.groupBy(
    events.filter(({ stream }) => stream.startsWith("change/")),
    ({ stream }) => stream.slice("change/".length),
  );
  return [...streams].map(([id, unordered]) => {
    const own = unordered.toSorted((a, b) => a.version - b.version);
    const first = Proposed.parse(own[0]?.data);
    const change: JudgedChange = {
      id,
      incidentId: first.incidentId ?? "",
      proposal: first.proposal,
      approvals: [],
      starts: [],
      applied: null,
      ended: null,
      needsPerson: false,
      types: own.map(({ type }) => type),
    };
    for (const { type, data, version } of own) {
      if (ends.includes(type)) change.ended = type;
      if (type === "human_needed") change.needsPerson = true;
      if (type === "change_revised") change.proposal = Proposed.parse(data).proposal;
      if (type === "change_applied") change.applied = Applied.parse(data);
      if (type === "execution_started") change.starts.push({ ...Started.parse(data), version });
      if (type !== "vote_cast") continue;
      const { vote } = Voted.parse(data);
      if (vote.vote === "approve")
        change.approvals.push({ userId: vote.userId, digest: vote.digest, version });
    }
    return change;
  });
}
