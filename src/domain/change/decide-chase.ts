import { type Instant, later } from "../ids.ts";
import type { ChaseStep } from "../policy/decision.ts";
import type { ChangeState } from "./change.ts";
import { type ChangeAnswer, events, refused, wrongState } from "./change-answer.ts";

interface DueStep {
  step: ChaseStep;
  dueAt: Instant;
}

/** The next step that is taken while nobody decides, and when; null: there is none any more. */
export function nextChase(state: ChangeState): DueStep | null {
  return stepsLeft(state)[0] ?? null;
}

/** Takes every step whose time has come: a stage that was late catches up in one go. */
export function decideChase(state: ChangeState, now: Instant): ChangeAnswer {
  const steps = stepsLeft(state);
  const [next] = steps;
  if (next === undefined) return wrongState(state, "chased");
  if (now < next.dueAt) return refused("too_early", `Its next step is due at ${next.dueAt}.`);
  const due = steps.filter(({ dueAt }) => dueAt <= now);
  return events(...due.map(({ step }) => ({ type: "approval_chased" as const, at: now, ...step })));
}

/** Since when votes are asked for is known by when that ends. */
function stepsLeft({ status, decision, expiresAt, chased }: ChangeState): DueStep[] {
  if (status !== "awaiting_approval" || expiresAt === null) return [];
  if (decision === null || !("requirement" in decision)) return [];
  const { chase, expiresAfterMs } = decision.requirement;
  return chase
    .slice(chased)
    .map((step) => ({ step, dueAt: later(expiresAt, step.afterMs - expiresAfterMs) }));
}
