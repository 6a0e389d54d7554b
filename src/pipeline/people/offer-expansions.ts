import type { ChangeState } from "../../domain/change/change.ts";
import type { FlagSnapshot } from "../../domain/flag/flag.ts";
import { variationName } from "../../domain/flag/flag-words.ts";
import type { Operation } from "../../domain/flag/operation.ts";
import { compile } from "../../domain/flag/plan.ts";
import { raiseShare } from "../../domain/flag/raise-share.ts";
import { percentsOf } from "../../domain/flag/rollout.ts";
import type { Expansion } from "../ports/person-actions.ts";

/** Shares of the default rule that are offered, percent. */
const steps = [1, 5, 10, 25, 50, 100];

/**
 * The wider rollouts that could follow on an applied change: the variation whose share the change moved most,
 * at each larger step, the rest kept in proportion. Empty where there is no share to raise (a toggle, say).
 */
export function expansionsOf(
  change: ChangeState,
  snapshot: FlagSnapshot,
): (Expansion & { operation: Operation })[] {
  const { flag } = snapshot;
  const variationId = movedVariation(change);
  if (variationId === null || !flag.isEnabled) return [];
  const shares = percentsOf(flag.fallthrough.variations);
  const current = shares.get(variationId) ?? 0;
  return steps
    .filter((percent) => percent > current)
    .flatMap((percent) => {
      const operation: Operation = {
        tool: "flag.set_rollout",
        rule: null,
        shares: raiseShare(shares, variationId, percent),
      };
      const compiled = compile(operation, snapshot);
      if (compiled.kind === "refused") return [];
      const label = `${variationName(flag, variationId)} to ${percent}% of the default rule`;
      return [{ id: `share-${percent}`, label, diff: compiled.plan.diff, operation }];
    });
}

function movedVariation(change: ChangeState): string | null {
  const { operation, exposure } = change.proposal.plan;
  if ("restores" in operation) return null;
  if (operation.tool === "flag.limit_to_segment") return operation.variationId;
  if (operation.tool !== "flag.set_rollout" || operation.rule !== null) return null;
  // A mitigation takes a share away and a ramp-up gives one: what gained in a two-way split merely mirrors it.
  const byLoss = exposure.byVariation.toSorted(
    (a, b) => b.beforePercent - b.afterPercent - (a.beforePercent - a.afterPercent),
  );
  return byLoss[0]?.variationId ?? null;
}
