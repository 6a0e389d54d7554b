import type { EvidenceOf } from "../../domain/evidence/evidence.ts";
import { timeWords } from "../../domain/evidence/evidence-words.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { describeFlag } from "../../domain/flag/describe-flag.ts";
import { diffFlags } from "../../domain/flag/diff-flags.ts";
import { faultsOf } from "../../domain/flag/faults-of.ts";
import { type FlagRef, type FlagSnapshot, sameBehaviour, type Segment } from "../../domain/flag/flag.ts";
import { plainName } from "../../domain/flag/plain-text.ts";
import { ChangeId } from "../../domain/ids.ts";
import type { FlagHistoryEntry } from "../ports/flag-platform.ts";
import { isInEffect, reachOf } from "./reach-of-change.ts";

export type Unnumbered<Item> = Omit<Item, "id">;

const mostLines = 12;

/** One entry of the audit log as evidence. `current` is undefined where the flag's present state is not known. */
export function describeFlagChange(
  entry: FlagHistoryEntry,
  ref: FlagRef,
  current: FlagSnapshot | null | undefined,
  segments: readonly Segment[],
): Unnumbered<EvidenceOf<"flag_change">> {
  const { before, after } = entry;
  const flag = after ?? before;
  const key = plainName(ref.key);
  const reach = bySegment(entry) ? reachOf(null, null, segments) : reachOf(before, after, segments);
  const who = outsideText(entry.author.name || "somebody", 80);
  const comment = outsideText(entry.comment);
  const ownChangeId = changeIdIn(entry.comment);
  return {
    kind: "flag_change",
    ref,
    flagName: outsideText(flag?.name ?? "", 80) || key,
    title: `${key} changed at ${timeWords(entry.at)} by ${who}`,
    text: [
      ...capped(linesOf(entry, segments).map((line) => outsideText(line))),
      ...(ownChangeId === null ? [] : [`Made by Signalman itself, as ${ownChangeId}.`]),
      ...(comment === "" ? [] : [`Comment: ${comment}`]),
    ],
    auditId: entry.auditId,
    at: entry.at,
    author: { name: who, email: entry.author.email === null ? null : outsideText(entry.author.email, 254) },
    ownChangeId,
    segmentName: null,
    ...reach,
    gainedNames: reach.gainedNames.map((name) => outsideText(name, 80)),
    inEffect: stillInEffect(),
  };

  function stillInEffect(): boolean {
    if (current === undefined) return true;
    if (bySegment(entry)) return current !== null && !current.flag.isArchived;
    return isInEffect({ before, gained: reach.gained }, current?.flag ?? null, segments);
  }
}

export function describeFlagState({
  ref,
  flag,
  segments,
}: FlagSnapshot): Unnumbered<EvidenceOf<"flag_state">> {
  const faults = faultsOf(flag).map((fault) => `Malformed: ${fault}.`);
  return {
    kind: "flag_state",
    ref,
    revision: flag.revision,
    isEnabled: flag.isEnabled,
    shares: [],
    segments: [],
    targets: 0,
    createdAt: null,
    lastChangedAt: null,
    pendingChanges: null,
    title: `${plainName(ref.key)} as it is now`,
    text: capped([...faults, ...describeFlag(flag, segments)].map((line) => outsideText(line))),
  };
}

function linesOf(entry: FlagHistoryEntry, segments: readonly Segment[]): string[] {
  const { before, after } = entry;
  if (before === null && after === null) return ["The audit log does not say what changed."];
  if (after === null) return ["The flag was removed."];
  if (before === null) return ["The flag was created.", ...describeFlag(after, segments)];
  if (bySegment(entry)) return ["A segment that the flag uses was changed; the flag itself was not."];
  const lines = diffFlags(before, after, segments);
  return lines.length > 0 ? lines : ["Nothing that decides what users get was changed."];
}

/** FeatBit writes such an entry, without instructions, on every flag whose segment was changed (5.4). */
function bySegment({ before, after, comment }: FlagHistoryEntry): boolean {
  return before !== null && after !== null && segmentUpdate.test(comment) && sameBehaviour(before, after);
}

const segmentUpdate = /^Referenced segment '.{0,300}' has been updated\.$/su;

function changeIdIn(comment: string): ChangeId | null {
  const found = /\bCHG-[0-9A-HJKMNP-TV-Z]{10}\b/.exec(comment);
  return found === null ? null : ChangeId.parse(found[0]);
}

function capped(lines: string[]): string[] {
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, mostLines - 1), `… and ${lines.length - mostLines + 1} more lines.`];
}
