import type { Candidate } from "../../domain/assessment.ts";
import type { Flag, Segment } from "../../domain/flag/flag.ts";
import {
  isRestore,
  type Operation,
  type ToolOperation,
  type ToolOperationOf,
} from "../../domain/flag/operation.ts";
import { percentsOf } from "../../domain/flag/rollout.ts";
import { operationWords } from "../../domain/flag/operation-words.ts";
import type { Edit } from "../ports/person-actions.ts";
import { raiseShare } from "../../domain/flag/raise-share.ts";

/** What of an operation a person may choose anew, beside taking another candidate. */
export function changeableIn(operation: Operation): {
  percent: boolean;
  variation: boolean;
  segment: boolean;
} {
  const variation = !isRestore(operation) && ("variationId" in operation || "shares" in operation);
  return {
    percent: operation.tool === "flag.set_rollout" && !isRestore(operation),
    variation,
    segment: operation.tool === "flag.limit_to_segment" && !isRestore(operation),
  };
}

type Edited = { operation: Operation; summary: string } | { refusedBecause: string };

/** The operation that an edit leads to; null: it leaves the operation as it is. */
export function editedOperation(
  current: Operation,
  edit: Edit,
  flag: Flag,
  { candidates, segments }: { candidates: readonly Candidate[]; segments: readonly Segment[] },
): Edited | null {
  const { candidateId, percent, variationId, segmentId } = edit;
  const untouched = percent === null && variationId === null && segmentId === null;
  if (candidateId !== null) {
    if (!untouched)
      return { refusedBecause: "Take another candidate, or change this one: not both at once." };
    const chosen = candidates.find(({ id }) => id === candidateId);
    if (chosen === undefined) return { refusedBecause: `There is no candidate ${candidateId} any more.` };
    if (chosen.flagKey !== flag.key) {
      return { refusedBecause: "Another flag is another change: reject this one and ask for that." };
    }
    return { operation: chosen.operation, summary: chosen.summary };
  }
  if (untouched) return null;
  const wanted = isRestore(current) ? null : withChoices(current, edit, flag, segments);
  if (wanted === null) return { refusedBecause: `${current.tool} has nothing of that kind to choose.` };
  return "refusedBecause" in wanted ? wanted : { operation: wanted, summary: operationWords(wanted, flag) };
}

function withChoices(
  operation: ToolOperation,
  { percent, variationId, segmentId }: Edit,
  flag: Flag,
  segments: readonly Segment[],
): ToolOperation | { refusedBecause: string } | null {
  if (operation.tool === "flag.set_rollout") {
    if (segmentId !== null) return null;
    if (percent === null || variationId === null) {
      return { refusedBecause: "Say both: which variation, and what share of the users gets it." };
    }
    const base = sharesBeside(variationId, operation, flag);
    if (base === null) return { refusedBecause: "Nothing else could get the rest of the users." };
    return { ...operation, shares: raiseShare(base, variationId, percent) };
  }
  if (percent !== null) return null;
  if (operation.tool === "flag.limit_to_segment") {
    const segment = segments.find(({ id }) => id === (segmentId ?? operation.segmentId));
    if (segment === undefined) return { refusedBecause: "There is no such segment in this environment." };
    return {
      ...operation,
      segmentId: segment.id,
      segmentName: segment.name,
      variationId: variationId ?? operation.variationId,
    };
  }
  if (segmentId !== null || variationId === null || !("variationId" in operation)) return null;
  return { ...operation, variationId };
}

/** What the rest is spread over in proportion: as the draft has it, else as the flag has it, else the off variation. */
function sharesBeside(
  variationId: string,
  { rule: ruleId, shares }: ToolOperationOf<"flag.set_rollout">,
  flag: Flag,
): Map<string, number> | null {
  const rule = flag.rules.find(({ id }) => id === ruleId);
  const bases = [
    new Map(shares.map((share) => [share.variationId, share.percent])),
    percentsOf((rule ?? flag.fallthrough).variations),
    new Map([[flag.disabledVariationId, 100]]),
  ];
  return bases.find((base) => [...base].some(([id, share]) => id !== variationId && share > 0)) ?? null;
}
