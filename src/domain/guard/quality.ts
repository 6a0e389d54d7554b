import { z } from "zod";
import { type AuthorityState, everywhere } from "../authority/authority.ts";
import { Duration } from "../policy/governance-contract.ts";
import { authority, Mode } from "../policy/mode.ts";
import { QualityMark } from "./quality-mark.ts";

const Percent = z.number().min(0).max(100);

export const QualityRules = z.strictObject({
  window: Duration.default("7d"),
  /** Fewer than this say nothing. */
  minimumSamples: z.int().min(1).max(10_000).default(10),
  /** Of the drafts that people decided on; 100 (of any of these): it is not looked at. */
  mostRejectedPercent: Percent.default(50),
  /** Of the applied changes whose effect was measured: none, or worse. */
  mostWithoutEffectPercent: Percent.default(50),
  /** Of the applied changes that people closed. */
  mostRevertedPercent: Percent.default(50),
  /** Of people's answers to findings that led to no change. */
  mostNotUsefulPercent: Percent.default(70),
});
export type QualityRules = z.infer<typeof QualityRules>;

/** One step less for a service, or (`*`) for all that are too seldom heard of to be judged alone. */
export interface Loss {
  scope: string;
  mode: Mode;
  reason: string;
  evidence: string[];
}

/** Below this there is nothing that a bad draft could spoil. */
const lowest: Mode = "fallback";

const limits = {
  rejected: "mostRejectedPercent",
  without_effect: "mostWithoutEffectPercent",
  reverted: "mostRevertedPercent",
  not_useful: "mostNotUsefulPercent",
} as const satisfies Record<QualityMark["measure"], keyof QualityRules>;

const words = {
  rejected: "drafts were rejected",
  without_effect: "applied changes had no effect or made it worse",
  reverted: "applied changes were taken back",
  not_useful: "answers called the findings not useful",
} as const satisfies Record<QualityMark["measure"], string>;

/**
 * Whose authority goes down one step, and why. `marks` are those of the window, in order of time. After a step, and
 * after people gave authority back, it is counted anew. Pure.
 */
export function judgeQuality(
  marks: readonly QualityMark[],
  states: readonly AuthorityState[],
  rules: QualityRules,
): Loss[] {
  const stateOf = (scope: string) => states.find((state) => state.scope === scope) ?? null;
  const global = countedSince(stateOf(everywhere));
  const counted = lastOfEach(marks).filter(
    ({ service, at }) => at > global && at > countedSince(stateOf(service)),
  );
  const alone = new Set<string>();
  const losses: Loss[] = [];
  const judge = (scope: string, of: readonly QualityMark[]) => {
    const mode = oneBelow(stateOf(scope)?.lowered?.mode ?? "approval_required");
    const found = faultsOf(of, rules);
    if (found.length === 0 || mode === null) return;
    const where = scope === everywhere ? "Signalman's drafts" : `Drafts for ${scope}`;
    losses.push({
      scope,
      mode,
      reason: `${where} went wrong too often in ${rules.window}: ${found.join("; ")}. The mode is at most ${mode} until a person gives it back.`,
      evidence: found,
    });
  };
  for (const [service, of] of Map.groupBy(counted, (mark) => mark.service)) {
    if (service === "" || !canBeJudged(of, rules)) continue;
    alone.add(service);
    judge(service, of);
  }
  judge(
    everywhere,
    counted.filter(({ service }) => !alone.has(service)),
  );
  return losses;
}

function countedSince(state: AuthorityState | null): string {
  const ends = [state?.resumedAt ?? "", state?.lowered?.at ?? ""];
  return ends.toSorted().at(-1) ?? "";
}

function lastOfEach(marks: readonly QualityMark[]): QualityMark[] {
  const last = new Map(marks.map((mark) => [`${mark.measure} ${mark.subject}`, mark]));
  return [...last.values()].filter(({ bad }) => bad !== null);
}

function canBeJudged(marks: readonly QualityMark[], { minimumSamples }: QualityRules): boolean {
  return [...Map.groupBy(marks, ({ measure }) => measure).values()].some(
    ({ length }) => length >= minimumSamples,
  );
}

function faultsOf(marks: readonly QualityMark[], rules: QualityRules): string[] {
  const by = Map.groupBy(marks, ({ measure }) => measure);
  return QualityMark.shape.measure.options.flatMap((measure) => {
    const of = by.get(measure) ?? [];
    if (of.length < rules.minimumSamples) return [];
    const bad = of.filter((mark) => mark.bad === true).length;
    const most = rules[limits[measure]];
    if ((bad / of.length) * 100 <= most) return [];
    return [`${bad} of ${of.length} ${words[measure]}, more than ${most} %`];
  });
}

function oneBelow(mode: Mode): Mode | null {
  const below = Mode.options[authority(mode) - 1];
  return below === undefined || authority(below) < authority(lowest) ? null : below;
}
