import type { EvidenceOf, PendingFlagChange } from "../../domain/evidence/evidence.ts";
import { spanWords, timeWords } from "../../domain/evidence/evidence-words.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { targetsOf } from "../../domain/flag/diff-flags.ts";
import { describeFlag } from "../../domain/flag/describe-flag.ts";
import { faultsOf } from "../../domain/flag/faults-of.ts";
import type { Flag, FlagSnapshot } from "../../domain/flag/flag.ts";
import { variationName } from "../../domain/flag/flag-words.ts";
import { plainName } from "../../domain/flag/plain-text.ts";
import { percentsOf } from "../../domain/flag/rollout.ts";
import { type Instant, toInstant } from "../../domain/ids.ts";
import { capped, type Unnumbered } from "./describe-flag-change.ts";

const mostPending = 5;

/** Who gets what of a flag now, how old it is, and what waits to be applied to it. `pending` null: not known. */
export function describeFlagState(
  { ref, flag, segments }: FlagSnapshot,
  pending: readonly PendingFlagChange[] | null,
  now: Instant,
): Unnumbered<EvidenceOf<"flag_state">> {
  const [createdAt, lastChangedAt] = [instantOf(flag.createdAt), instantOf(flag.updatedAt)];
  const faults = faultsOf(flag).map((fault) => `Malformed: ${fault}.`);
  const waiting = (pending ?? []).slice(0, mostPending).map(cleaned);
  return {
    kind: "flag_state",
    ref,
    revision: flag.revision,
    title: `${plainName(ref.key)} as it is now`,
    text: [
      ...waiting.map(pendingWords),
      ...capped([...faults, ...describeFlag(flag, segments)].map((line) => outsideText(line))),
      ...ageWords(createdAt, lastChangedAt, now),
    ],
    isEnabled: flag.isEnabled,
    shares: faults.length > 0 ? [] : sharesOf(flag),
    segments: segments.map(({ name }) => outsideText(name, 80)),
    targets: targetsOf(flag).size,
    createdAt,
    lastChangedAt,
    pendingChanges: pending === null ? null : waiting,
  };
}

function sharesOf(flag: Flag): { variation: string; percent: number }[] {
  if (flag.isArchived) return [];
  const percents = flag.isEnabled
    ? [...percentsOf(flag.fallthrough.variations)]
    : [[flag.disabledVariationId, 100] as const];
  return percents.map(([id, percent]) => ({
    variation: outsideText(variationName(flag, id), 80),
    percent: Number(percent.toFixed(3)),
  }));
}

function cleaned({ kind, status, title, dueAt }: PendingFlagChange): PendingFlagChange {
  return { kind, status: outsideText(status, 40), title: outsideText(title, 120), dueAt };
}

function pendingWords({ kind, status, title, dueAt }: PendingFlagChange): string {
  const what = kind === "schedule" ? "A schedule" : "A change request";
  const named = title === "" ? "" : ` "${title.replaceAll('"', "'")}"`;
  const due = dueAt === null ? "" : `, due ${timeWords(dueAt)}`;
  return `${what}${named} waits in FeatBit (${status || "no status"}${due}); it may overwrite what is done now.`;
}

function ageWords(createdAt: Instant | null, lastChangedAt: Instant | null, now: Instant): string[] {
  const ago = (at: Instant) => spanWords(Date.parse(now) - Date.parse(at));
  const words = [
    ...(createdAt === null ? [] : [`created ${ago(createdAt)} ago`]),
    ...(lastChangedAt === null ? [] : [`last changed ${ago(lastChangedAt)} ago`]),
  ].join(", ");
  return words === "" ? [] : [`${words[0]?.toUpperCase() ?? ""}${words.slice(1)}.`];
}

/** FeatBit's texts have up to seven fractional digits; null for what is no time. */
function instantOf(text: string): Instant | null {
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : toInstant(at);
}
