import { changesOf } from "./changes-of.ts";
import { operationIn } from "./judge-writes.ts";
import { type Finding, type Records, unexplained } from "./records.ts";

/**
 * Operations that somebody began and whose outcome nobody knew, by what became of them: they had had their effect; they
 * had had none, and were sent again, once, or given up; the flag had been moved by somebody else, and a person was asked.
 */
export const uncertainNames = ["applied", "notApplied", "needsPerson"] as const;
export type Uncertain = Record<(typeof uncertainNames)[number], number>;

/** Whether what was found by reading back is what FeatBit's own record says of that moment. */
export function judgeUncertain({ reconciliations, mutations, events }: Records): {
  counts: Uncertain;
  findings: Finding[];
} {
  const counts: Uncertain = { applied: 0, notApplied: 0, needsPerson: 0 };
  const findings: Finding[] = [];
  const changes = changesOf(events);
  for (const [operationId, looks] of Map.groupBy(reconciliations, (each) => each.operationId)) {
    const last = looks.at(-1);
    if (last === undefined) continue;
    const effect = mutations.find((mutation) => operationIn(mutation) === operationId);
    const change = changes.find(({ starts }) => starts.some((start) => start.operationId === operationId));
    if (change?.needsPerson === true) counts.needsPerson += 1;
    else if (last.found === "applied") counts.applied += 1;
    else counts.notApplied += 1;
    for (const { found, at } of looks) {
      const hadEffect = effect !== undefined && Date.parse(effect.at) < at;
      if (found === "applied" && !hadEffect)
        findings.push(unexplained("I3", `${operationId}: read back as applied, and it had had no effect`));
      // A write that lands while it is read back is why it is only sent again after a while.
      if (found === "not_applied" && effect !== undefined && Date.parse(effect.at) < at - 1_000)
        findings.push(
          unexplained("I3", `${operationId}: read back as not applied, and it had had its effect`),
        );
    }
  }
  return { counts, findings };
}
