import { execute, type ExecuteDeps } from "./execute.ts";
import { investigate, type InvestigateDeps } from "./investigate.ts";
import { notify, type NotifyDeps } from "./notify.ts";
import type { Stage } from "../domain/stage.ts";
import { recheck } from "./recheck.ts";
import { ringTimer } from "./ring-timer.ts";
import type { RunStage } from "./run-stage.ts";
import { settle, type SettleDeps } from "./settle.ts";
import { tell, type TellDeps } from "./tell.ts";
import { verify, type VerifyDeps } from "./verify.ts";

/**
 * READ THIS FIRST: the way of the work, in order.
 *
 *   door ──> inbox ──> intake ──> investigate ──> notify ──(click)──> execute ──> verify ──(click)──> closed
 *
 * A delivery is committed by the door (`adapters/http`), taken in (`intake/`) and joins an incident. It is
 * investigated: evidence, assessment, one drafted change, policy's decision. The card is shown. A person's vote
 * (`cast-vote.ts`) that completes the quorum has the change executed, once; its effect is verified; a person
 * brings it to its end (`close-change.ts`, `start-linked-change.ts`). `expire`, `chase`, `review` and `settle` are timers.
 * `recheck` looks at once where the flag platform hints that a flag has moved; `tell` posts what belongs to no card.
 *
 * Every arrow is a row committed together with the events that caused it; the queue only rings.
 */
export const stages = [
  { stage: "intake", role: "worker", concurrency: 4, maxAttempts: 5 },
  { stage: "investigate", role: "worker", concurrency: 4, maxAttempts: 8 },
  // A card that stands still is worse than any number of tries. Most only wait for Slack's pace: whoever must not
  // wait has to be known to the one who decides who goes first, not stand in a queue before it.
  { stage: "notify", role: "web", concurrency: 64, maxAttempts: null },
  { stage: "execute", role: "executor", concurrency: 4, maxAttempts: 1000 },
  { stage: "verify", role: "worker", concurrency: 4, maxAttempts: 20 },
  { stage: "expire", role: "worker", concurrency: 2, maxAttempts: 1000 },
  { stage: "chase", role: "worker", concurrency: 2, maxAttempts: 1000 },
  { stage: "review", role: "worker", concurrency: 2, maxAttempts: 1000 },
  { stage: "recheck", role: "worker", concurrency: 2, maxAttempts: 20 },
  { stage: "settle", role: "worker", concurrency: 2, maxAttempts: 1000 },
  { stage: "tell", role: "web", concurrency: 1, maxAttempts: 1000 },
] as const satisfies readonly StageSpec[];

export interface StageSpec {
  stage: Stage;
  /** Which process runs it: each role holds only the credentials its stages need. */
  role: "web" | "worker" | "executor";
  concurrency: number;
  /** Tries of one piece of work before it is parked for a person; null: for ever, 30 s apart at most. */
  maxAttempts: number | null;
}

export type WorkStage = Exclude<Stage, "intake">;

/** What each role's stages need; a process builds only its own. */
export interface RoleDeps {
  web?: NotifyDeps & TellDeps;
  worker?: InvestigateDeps & VerifyDeps & SettleDeps;
  executor?: ExecuteDeps;
}

/** The stage functions of the roles that this process has. */
export function stageRunners({ web, worker, executor }: RoleDeps): Map<WorkStage, RunStage> {
  const runners = new Map<WorkStage, RunStage>();
  if (worker !== undefined) {
    runners.set("investigate", (item, lastTry) => investigate(item, worker, lastTry));
    runners.set("verify", (item, lastTry) => verify(item, worker, lastTry));
    runners.set("expire", (item) => ringTimer("expire", item, worker));
    runners.set("chase", (item) => ringTimer("chase", item, worker));
    runners.set("review", (item) => ringTimer("review", item, worker));
    runners.set("recheck", (item) => recheck(item, worker));
    runners.set("settle", (item) => settle(item, worker));
  }
  if (web !== undefined) {
    runners.set("notify", (item) => notify(item, web));
    runners.set("tell", (item) => tell(item, web));
  }
  if (executor !== undefined) runners.set("execute", (item) => execute(item, executor));
  return runners;
}
