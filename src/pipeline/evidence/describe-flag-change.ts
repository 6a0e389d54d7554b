import type { EvidenceOf } from "../../domain/evidence/evidence.ts";
import { timeWords } from "../../domain/evidence/evidence-words.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { describeFlag } from "../../domain/flag/describe-flag.ts";
import { diffFlags } from "../../domain/flag/diff-flags.ts";
import { type FlagRef, type FlagSnapshot, sameBehaviour, type Segment } from "../../domain/flag/flag.ts";
import { plainName } from "../../domain/flag/plain-text.ts";
import { ChangeId } from "../../domain/ids.ts";
import type { FlagHistoryEntry, SegmentHistoryEntry } from "../ports/flag-platform.ts";
import {
  reachOfSegment,
  segmentEntryOf,
  segmentLines,
  segmentStillInEffect,
} from "./describe-segment-change.ts";
import { isInEffect, type Reach, reachOf } from "./reach-of-change.ts";

export type Unnumbered<Item> = Omit<Item, "id">;

const mostLines = 12;

/** What an entry is held against. */
export interface FlagChangeContext {
  /** The flag as it is now; undefined where that is not known. */
  current: FlagSnapshot | null | undefined;
  /** Segments as they are now. */
  segments: readonly Segment[];
  /** The audit log about segments of the same time; empty where it is not known. */
  segmentEntries: readonly SegmentHistoryEntry[];
}

/** One entry of the audit log as evidence. */
export function describeFlagChange(
  entry: FlagHistoryEntry,
  ref: FlagRef,
  { current, segments, segmentEntries }: FlagChangeContext,
): Unnumbered<EvidenceOf<"flag_change">> {
  const { before, after } = entry;
  const ofSegment = bySegment(entry);
  const told = ofSegment ? segmentEntryOf(entry, segmentEntries) : null;
  const reach = reachOfEntry();
  return {
    kind: "flag_change",
    ...basicsOf(entry, ref, told),
    text: textOf(entry, told, segments),
    segmentName: ofSegment ? segmentNameOf(entry, told) : null,
    ...reach,
    gainedNames: reach.gainedNames.map((name) => outsideText(name, 80)),
    goneNames: reach.goneNames.map((name) => outsideText(name, 80)),
    inEffect: stillInEffect(),
  };

  function reachOfEntry(): Reach {
    if (!ofSegment || after === null) return reachOf(before, after, segments);
    return told === null ? reachOf(null, null, segments) : reachOfSegment(after, told);
  }

  function stillInEffect(): boolean {
    if (current === undefined) return true;
    const flag = current?.flag ?? null;
    if (told !== null) return segmentStillInEffect(told, flag, segments);
    if (ofSegment) return flag !== null && !flag.isArchived;
    return isInEffect({ before, gained: reach.gained }, flag, segments);
  }
}

/** The same in another environment of the service: told for the picture, without reach, never a suspect. */
export function describeFlagChangeElsewhere(
  entry: FlagHistoryEntry,
  ref: FlagRef,
  environmentName: string,
): Unnumbered<EvidenceOf<"flag_change_elsewhere">> {
  const basics = basicsOf(entry, ref, null);
  const where = outsideText(environmentName, 80);
  return {
    kind: "flag_change_elsewhere",
    ...basics,
    title: `In ${where}: ${basics.title}`,
    text: textOf(entry, null, []),
    environmentName: where,
  };
}

function basicsOf(entry: FlagHistoryEntry, ref: FlagRef, told: SegmentHistoryEntry | null) {
  const { name, email } = told?.author ?? entry.author;
  const who = outsideText(name || "somebody", 80);
  const key = plainName(ref.key);
  return {
    ref,
    flagName: outsideText((entry.after ?? entry.before)?.name ?? "", 80) || key,
    title: `${key} changed at ${timeWords(entry.at)} by ${who}${howWords(entry)}`,
    auditId: entry.auditId,
    at: entry.at,
    author: { name: who, email: email === null ? null : outsideText(email, 254) },
    ownChangeId: ownChangeIn(entry),
  };
}

function howWords({ appliedFrom }: FlagHistoryEntry): string {
  if (appliedFrom === undefined) return "";
  return appliedFrom === "schedule" ? ", by a schedule" : ", by a change request";
}

function textOf(
  entry: FlagHistoryEntry,
  told: SegmentHistoryEntry | null,
  segments: readonly Segment[],
): string[] {
  const comment = outsideText(told === null || told.comment === "" ? entry.comment : told.comment);
  const own = ownChangeIn(entry);
  const lines =
    told !== null && entry.after !== null ? segmentLines(entry.after, told) : linesOf(entry, segments);
  return [
    ...capped(lines.map((line) => outsideText(line))),
    ...(own === null ? [] : [`Made by Signalman itself, as ${own}.`]),
    ...(comment === "" ? [] : [`Comment: ${comment}`]),
  ];
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

function segmentNameOf({ comment }: FlagHistoryEntry, told: SegmentHistoryEntry | null): string {
  const name = (told?.after ?? told?.before)?.name ?? segmentUpdate.exec(comment)?.[1] ?? "";
  return outsideText(name, 80);
}

/** FeatBit writes such an entry, without instructions, on every flag whose segment was changed (5.4). */
function bySegment({ before, after, comment }: FlagHistoryEntry): boolean {
  return before !== null && after !== null && segmentUpdate.test(comment) && sameBehaviour(before, after);
}

const segmentUpdate = /^Referenced segment '(.{0,300})' has been updated\.$/su;

/** Signalman writes with an access token, which has no address: what a person types into a comment proves nothing. */
function ownChangeIn({ author, comment }: FlagHistoryEntry): ChangeId | null {
  const found = author.email === null ? /\bCHG-[0-9A-HJKMNP-TV-Z]{10}\b/.exec(comment) : null;
  return found === null ? null : ChangeId.parse(found[0]);
}

/** The first lines, and how many more there are. */
export function capped(lines: string[]): string[] {
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, mostLines - 1), `… and ${lines.length - mostLines + 1} more lines.`];
}
