import type { KnownBlock } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import type { Verification } from "../../../domain/verification.ts";
import { section } from "../blocks.ts";
import { mrkdwn } from "../escape-text.ts";
import { numberWords } from "../words.ts";

/** Whether the telemetry says that it helped. */
export function verification(change: ChangeState): KnownBlock[] {
  if (change.verification === null) {
    const waits = change.status === "applied" && change.proposal.expected !== null;
    return waits ? [section(["*Did it help?* The telemetry is being watched; the verdict comes here."])] : [];
  }
  return [section([verdictLine(change.verification)], 600)];
}

export function verdictLine(found: Verification): string {
  const { title, unit, healthy, troubled, now, verdict, reason } = found;
  const figures = `${numberWords(troubled, unit)} → ${numberWords(now, unit)}`;
  const level = healthy === null ? "" : ` (healthy: ${numberWords(healthy, unit)})`;
  return `*Verdict: ${verdictWords[verdict]}.* ${mrkdwn(title, 120)}: ${mrkdwn(figures + level, 120)}. ${mrkdwn(reason, 200)}`;
}

const verdictWords = {
  recovered: "recovered",
  improved: "improved",
  no_effect: "no effect",
  worse: "worse",
  no_data: "no data",
} as const satisfies Record<Verification["verdict"], string>;
