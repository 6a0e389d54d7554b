import { type Instant, later } from "../ids.ts";
import type { Decision } from "../policy/decision.ts";
import type { ChangeEvent, StandingUse } from "./events.ts";

/**
 * A draft has no votes yet: without a click nothing is ever more than queued for review. A standing approval is such a
 * click, made before.
 */
export function drafted(
  decision: Decision,
  digest: string,
  standing: Omit<StandingUse, "at" | "digest"> | undefined,
  now: Instant,
): ChangeEvent[] {
  const stands = decision.kind === "allow" && decision.rule === "standing_approval";
  if (stands && standing !== undefined) {
    return [
      { type: "decided", at: now, occasion: "draft", decision },
      { type: "standing_used", at: now, use: { ...standing, digest, at: now } },
      {
        type: "change_approved",
        at: now,
        digest,
        expiresAt: later(now, decision.requirement.expiresAfterMs),
      },
    ];
  }
  const queued: Decision = decision.kind === "allow" ? { ...decision, kind: "queue_for_review" } : decision;
  return [{ type: "decided", at: now, occasion: "draft", decision: queued }];
}
