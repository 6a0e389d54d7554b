import { checkGuardrails } from "../../domain/guard/check-guardrails.ts";
import type { Fact, GuardFacts, ReviewQueue } from "../../domain/guard/guard-facts.ts";
import type { Plan } from "../../domain/flag/plan.ts";
import { type Instant, later } from "../../domain/ids.ts";
import { durationMs } from "../../domain/policy/governance-contract.ts";
import type { RecentEditors } from "../../domain/policy/requirement.ts";
import type { Rulebook } from "../../domain/policy/rulebook.ts";
import { type Reaching, reachesOf } from "../../domain/reach.ts";
import { type Sourced, withinBudget } from "../evidence/within-budget.ts";
import type { FlagReader } from "../ports/flag-platform.ts";
import type { Store } from "../ports/storage.ts";
import type { Guard, GuardQuestion } from "./guard.ts";
import { type EditorDeps, recentEditors, unknownEditor } from "./recent-editors.ts";
import { type RunbookDeps, runbooksOf } from "./runbooks-of.ts";

export interface GuardDeps extends EditorDeps, RunbookDeps {
  rulebook: Rulebook;
  sources: readonly Reaching[];
  store: Pick<Store, "ledger" | "bodies" | "now">;
  flags: Pick<FlagReader, "edits" | "pendingChanges">;
}

/** People wait for the answer: what the outside does not tell in this time counts as not known. */
const timeLimitMs = 4000;

/**
 * The guardrails of `governance/guardrails.yml` over facts of this moment. Nothing is remembered from one question to
 * the next: between a vote and its execution all of it may change.
 */
export function createGuard(deps: GuardDeps): Guard {
  return async (question) => {
    const { action, plan, incident } = question;
    const now = await deps.store.now();
    const [pending, queue, runbooks, editors] = await Promise.all([
      pendingOf(plan, deps),
      queueOf(question, now, deps),
      byPeopleOf(question) ? runbooksOf(incident, deps) : nothingKnown,
      editorsOf(question, now, deps),
    ]);
    const fromSource = action.actor.requester.kind === "source" && incident !== null;
    const facts: GuardFacts = {
      action,
      plan,
      now,
      byPeople: byPeopleOf(question),
      sources: incident?.sources ?? [],
      reaches: fromSource ? reachesOf(incident, deps.sources) : [],
      regions: regionsOf(question, deps.rulebook.guardrails.scopes.regionLabel),
      runbooks,
      pending,
      queue,
    };
    return { findings: checkGuardrails(facts, deps.rulebook.guardrails), editors };
  };
}

const nothingKnown: Fact<never[]> = { kind: "known", value: [] };

function byPeopleOf({ action, change }: GuardQuestion): boolean {
  return action.actor.requester.kind === "person" || (change?.version ?? 1) > 1;
}

async function pendingOf(plan: Plan | null, { rulebook, flags }: GuardDeps): Promise<GuardFacts["pending"]> {
  if (plan === null || rulebook.guardrails.pendingChanges.whileWaiting === "none") return nothingKnown;
  return factOf(await withinBudget(() => flags.pendingChanges(plan.ref), timeLimitMs));
}

/** Only what is about to be put before people is kept from them; what they have before them they may decide. */
async function queueOf(
  { plan, change }: GuardQuestion,
  now: Instant,
  { rulebook, store }: GuardDeps,
): Promise<ReviewQueue | null> {
  if (plan === null || change !== null) return null;
  const { window } = rulebook.guardrails.reviewQueue;
  return store.ledger.reviewQueue(later(now, -durationMs(window)));
}

async function editorsOf(
  { action, plan }: GuardQuestion,
  now: Instant,
  deps: GuardDeps,
): Promise<RecentEditors> {
  const within = deps.rulebook.contracts.get(action.tool)?.approval?.recentEditorWithin;
  if (plan === null || within === undefined) return { userIds: [], unmatched: [] };
  const { ref, before } = plan;
  const asked = { ref, flagId: before.flag.id, within, now };
  const answer = await withinBudget(() => recentEditors(asked, deps), timeLimitMs);
  return answer.kind === "value" ? answer.value : unknownEditor;
}

function regionsOf({ incident }: GuardQuestion, label: string): string[] {
  const alerts = incident?.alerts ?? [];
  const named = alerts.flatMap(({ alert }) =>
    Object.hasOwn(alert.labels, label) ? [alert.labels[label] ?? ""] : [],
  );
  return [...new Set(named)].filter((region) => region !== "").slice(0, 20);
}

function factOf<T>(sourced: Sourced<T>): Fact<T> {
  return sourced.kind === "value"
    ? { kind: "known", value: sourced.value }
    : { kind: "unknown", why: sourced.reason };
}
