import type { ChangeState } from "../domain/change/change.ts";
import { ChangeId } from "../domain/ids.ts";
import type { FlagHint } from "./ports/intake.ts";
import type { ClaimedDelivery, FollowUp, Store, WorkItem } from "./ports/storage.ts";
import { freshnessOf, type RecheckDeps } from "./recheck-approval.ts";
import type { StageOutcome } from "./run-stage.ts";
import { supersede } from "./supersede.ts";

/** What people may still decide on, or do by hand, and what waits for its execution: never what is under way. */
const atStake = [
  "shown",
  "awaiting_approval",
  "approved",
] as const satisfies readonly ChangeState["status"][];

/** The newest of a flag that are looked at; all others of one flag and environment have ended long ago. */
const mostChanges = 100;

/** The work that hints of the flag platform give: a look at each change whose flag may have moved. */
export async function recheckFollowUps(
  hints: readonly FlagHint[],
  { correlationId }: Pick<ClaimedDelivery, "correlationId">,
  { ledger }: Pick<Store, "ledger">,
): Promise<FollowUp[]> {
  const subjects = new Set<ChangeId>();
  for (const { environmentId, flagKey } of hints) {
    const changes = await ledger.changes({ flagKey, statuses: atStake, limit: mostChanges });
    for (const { state } of changes) {
      if (state.proposal.plan.ref.environmentId === environmentId) subjects.add(state.id);
    }
  }
  return [...subjects].map((subject) => ({ stage: "recheck", subject, correlationId }));
}

/**
 * A hint says where to look, never what is: the flag is read, and only if it is no longer what the change was drafted
 * from, the change is superseded at once instead of at the click. A hint of our own write finds the change executing
 * or applied, and a hint that comes late or twice finds nothing new.
 */
export async function recheck(
  item: WorkItem,
  deps: Pick<RecheckDeps, "flags" | "rulebook"> & { store: Store },
): Promise<StageOutcome> {
  const loaded = await deps.store.ledger.change(ChangeId.parse(item.subject));
  if (loaded === null || !isAtStake(loaded.state)) return { kind: "nothing_to_do" };
  const found = await freshnessOf(loaded.state, deps);
  if (found.kind === "fresh") return { kind: "nothing_to_do" };
  return supersede(loaded, found, item, deps.store, await deps.store.now());
}

function isAtStake({ status }: ChangeState): boolean {
  return (atStake as readonly ChangeState["status"][]).includes(status);
}
