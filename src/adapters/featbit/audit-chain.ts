import type { ChainCheck } from "../../domain/change/outcome.ts";
import { diffFlags } from "../../domain/flag/diff-flags.ts";
import { type Flag, sameBehaviour } from "../../domain/flag/flag.ts";
import { plainName, plainText } from "../../domain/flag/plain-text.ts";
import type { Plan } from "../../domain/flag/plan.ts";
import type { FlagAuditEntry } from "./audit-log.ts";
import { lostParts, restoringCall } from "./lost-change.ts";

/** A flag and its audit entries, newest first, read so that no change fell between the two. */
export interface FlagWithAudit {
  current: Flag;
  /** Down to the entry that made the approved revision, if that one was found. */
  entries: readonly FlagAuditEntry[];
}

/** The write of this operation, if the log holds it. */
export function ownEntry(
  entries: readonly FlagAuditEntry[],
  operationId: string,
): FlagAuditEntry | undefined {
  return entries.find(({ comment }) => comment.includes(operationId));
}

/** False while the newest revision has no entry: its write is under way, or failed between row and audit. */
export function isAudited({ current, entries }: FlagWithAudit, base: string): boolean {
  return current.revision === base || entries.some((entry) => entry.revisionAfter === current.revision);
}

/**
 * Follows the revisions back from what the flag is now to what the plan was approved for (FeatBit contract §0.4).
 * Each write names the revision it was made from, so a write that the way does not pass was overwritten by one that
 * had read the flag before it. That may be a person's write or our own; a write whose effect stands all the same
 * (two people switch a flag on at once) is not lost.
 *
 * | what the log shows | answer |
 * | --- | --- |
 * | the way passes our write, starts at the approved revision, leaves nothing out | `intact` |
 * | a write of somebody else is left out, and its effect with it | `broken`: that write |
 * | our write is left out, and its effect with it | `broken`: our write |
 * | our write was made on another revision than the approved one (only a toggle or an archiving can be) | `broken`: what lies between |
 * | our write stored something else than was approved | `broken`: our write |
 * | the flag's newest revision has no entry | `unread` |
 */
export function checkChain(plan: Plan, own: FlagAuditEntry, found: FlagWithAudit): ChainCheck {
  const base = plan.before.flag.revision;
  const writes = found.entries.filter(isWrite);
  const way = wayBack(found.current.revision, base, writes);
  const recent = [...new Set([...writesSince(plan.before.flag, writes), own])];
  const stopped = way.stoppedAt;

  if (stopped !== null && !way.passed.has(own)) return unaudited(plan, found.current);
  const lost = recent.filter((entry) => !way.passed.has(entry) && isLost(entry, found.current));
  if (lost.length > 0) return overwritten(plan, own, lost, found.current);
  if (own.revisionBefore !== base) return otherGround(plan, own, recent);
  if (own.after !== null && !sameBehaviour(own.after, plan.after)) {
    const lines = diffFlags(plan.after, own.after, plan.before.segments);
    return broken(own, ["FeatBit stored something else than was approved:", ...lines]);
  }
  return { kind: "intact" };
}

/** A change of a segment writes an entry on each flag that uses it, and leaves the revision (contract §1.5). */
function isWrite(entry: FlagAuditEntry): boolean {
  return entry.revisionBefore !== entry.revisionAfter;
}

function wayBack(
  from: string,
  base: string,
  writes: readonly FlagAuditEntry[],
): { passed: Set<FlagAuditEntry>; stoppedAt: string | null } {
  const made = new Map(writes.map((entry) => [entry.revisionAfter, entry]));
  const passed = new Set<FlagAuditEntry>();
  let revision: string | null = from;
  while (revision !== null && revision !== base) {
    const entry = made.get(revision);
    if (entry === undefined || passed.has(entry)) return { passed, stoppedAt: revision };
    passed.add(entry);
    revision = entry.revisionBefore;
  }
  return { passed, stoppedAt: revision === null ? "its creation" : null };
}

/** Those after the one that made the approved revision; by time where its entry is missing or cannot be shown. */
function writesSince(approved: Flag, writes: readonly FlagAuditEntry[]): FlagAuditEntry[] {
  const at = writes.findIndex((entry) => madeOrOlder(entry, approved));
  return at < 0 ? [...writes] : writes.slice(0, at);
}

/** True for the entry of the write that made this state of the flag, and for those before it. */
export function madeOrOlder(entry: FlagAuditEntry, state: Flag): boolean {
  if (entry.revisionAfter === state.revision && isWrite(entry)) return true;
  return Date.parse(entry.at) < Math.floor(Date.parse(state.updatedAt));
}

function isLost(entry: FlagAuditEntry, current: Flag): boolean {
  if (entry.before === null || entry.after === null) return true;
  return lostParts(entry.before, entry.after, current).length > 0;
}

function overwritten(
  plan: Plan,
  own: FlagAuditEntry,
  lost: readonly FlagAuditEntry[],
  current: Flag,
): ChainCheck {
  const first = lost.find((entry) => entry !== own) ?? own;
  const rest = lost.filter((entry) => entry !== first);
  const lines = [
    ...(first === own ? ["Our own change was overwritten by a write that had read the flag before it:"] : []),
    ...wordsOf(plan, first),
    ...rest.flatMap((entry) => [
      plainText(
        entry === own
          ? "Our own change was overwritten as well:"
          : `Also overwritten, by ${plainName(entry.author.name)} at ${entry.at}:`,
      ),
      ...wordsOf(plan, entry),
    ]),
  ];
  const restore =
    rest.length > 0 || first.before === null || first.after === null
      ? null
      : restoringCall(first.before, first.after, current);
  return broken(first, lines, restore);
}

/** Nothing was overwritten, but what runs now was not what people approved. */
function otherGround(plan: Plan, own: FlagAuditEntry, recent: readonly FlagAuditEntry[]): ChainCheck {
  const between = recent.find((entry) => entry.revisionAfter === own.revisionBefore);
  const lines = own.before === null ? [] : diffFlags(plan.before.flag, own.before, plan.before.segments);
  return broken(between ?? own, [
    between === undefined
      ? "Nothing is known to be lost, but our change was made on a state that has no audit entry, not on the approved one:"
      : "Nothing was lost, but this change came between approval and our write, so our write was made on it:",
    ...lines,
  ]);
}

function unaudited(plan: Plan, current: Flag): ChainCheck {
  const { segments } = plan.before;
  const lines = sameBehaviour(current, plan.after)
    ? "The flag behaves as approved."
    : `It differs from what was approved: ${diffFlags(plan.after, current, segments).join("; ")}`;
  return {
    kind: "unread",
    reason: plainText(
      `The flag was written after us and FeatBit's audit log has no readable entry of it. ${lines}`,
      500,
    ),
  };
}

function broken(
  entry: FlagAuditEntry,
  lost: string[],
  restore: Extract<ChainCheck, { kind: "broken" }>["restore"] = null,
): ChainCheck {
  const by = plainName(entry.author.name);
  return { kind: "broken", auditEntryId: entry.auditId, by, changedAt: entry.at, lost, restore };
}

function wordsOf(plan: Plan, entry: FlagAuditEntry): string[] {
  if (entry.before === null || entry.after === null) {
    return [plainText(`${entry.operation}: ${entry.unmapped ?? "one side of the change is not in the log"}`)];
  }
  return diffFlags(entry.before, entry.after, plan.before.segments);
}
