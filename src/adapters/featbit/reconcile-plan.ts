import { setTimeout as sleep } from "node:timers/promises";
import type { Reconciliation } from "../../domain/change/outcome.ts";
import { diffFlags } from "../../domain/flag/diff-flags.ts";
import { sameBehaviour } from "../../domain/flag/flag.ts";
import { plainName, plainText } from "../../domain/flag/plain-text.ts";
import type { Plan } from "../../domain/flag/plan.ts";
import { appliedAs, type ApplySettings, snapshot } from "./apply-plan.ts";
import { isAudited } from "./audit-chain.ts";
import { type ReadBack, readBack } from "./read-back.ts";
import type { RestClient } from "./rest-client.ts";
import { currentWords } from "./staleness.ts";

/**
 * What became of a write whose answer was not seen:
 *
 * | what is read | answer |
 * | --- | --- |
 * | our operation id in the flag's audit log | `applied`, with what the chain says |
 * | no entry of ours, revision and behaviour as approved, twice with a pause | `not_applied` |
 * | no entry of ours, a new revision without any entry, behaviour exactly as planned | `unclear`: most likely our write, whose audit entry FeatBit failed to save (contract §0.6); SDKs may not know |
 * | no entry of ours, a new revision without any entry, another behaviour | `unclear`: somebody's unaudited write |
 * | no entry of ours, the flag moved by others | `unclear`: their change is named |
 * | the flag is gone | `unclear` |
 *
 * @throws OpsError while flag or log cannot be read.
 */
export async function reconcilePlan(
  client: RestClient,
  plan: Plan,
  operationId: string,
  { settleMs }: Pick<ApplySettings, "settleMs">,
): Promise<Reconciliation> {
  const first = await readBack(client, plan, settleMs);
  const applied = appliedAs(plan, operationId, first);
  if (applied !== null) return applied;
  if (!isUntouched(plan, first)) return unclear(client, plan, first);
  // A write that was given up on may still be on its way to the database.
  await sleep(settleMs);
  const second = await readBack(client, plan, settleMs);
  const late = appliedAs(plan, operationId, second);
  if (late !== null) return late;
  return isUntouched(plan, second) ? { kind: "not_applied" } : unclear(client, plan, second);
}

function isUntouched(plan: Plan, { found }: ReadBack): boolean {
  if (found === null) return false;
  const { flag } = plan.before;
  return found.current.revision === flag.revision && sameBehaviour(found.current, flag);
}

async function unclear(client: RestClient, plan: Plan, back: ReadBack): Promise<Reconciliation> {
  const current = currentWords(plan, back.found === null ? null : await snapshot(client, plan));
  return { kind: "unclear", reason: plainText(reasonOf(plan, back), 500), current };
}

function reasonOf(plan: Plan, { found, entries }: ReadBack): string {
  if (found === null) return "The flag was deleted, and its audit log has no entry with our operation id.";
  const { current } = found;
  const base = plan.before.flag.revision;
  if (current.revision === base) {
    return "The flag differs from what was approved although its revision is the same, and no audit entry is ours.";
  }
  if (!isAudited(found, base)) {
    return sameBehaviour(current, plan.after)
      ? "The flag is exactly as planned, under a new revision that no audit entry tells of: most likely our write was " +
          "saved and FeatBit failed to record it. Services may not have been told until they connect again."
      : "The flag was changed by a write that no audit entry tells of, and it is not what was planned: " +
          diffFlags(plan.after, current, plan.before.segments).join("; ");
  }
  const newest = entries.find((entry) => entry.revisionAfter === current.revision);
  const by = plainName(newest?.author.name ?? "unknown");
  const same = sameBehaviour(current, plan.after) ? " It behaves as planned all the same." : "";
  return `${by} changed the flag at ${newest?.at ?? current.updatedAt}, and no audit entry has our operation id.${same}`;
}
