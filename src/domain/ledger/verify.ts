import { canonicalText, chainHash, firstPrevHash, type LedgerEntry } from "./chain.ts";
import type { StreamName } from "./stream.ts";

/** The first thing found wrong: enough to look at the row, and in words. */
export interface LedgerFault {
  stream: StreamName;
  version: number;
  position: number | null;
  reason: string;
}

export type LedgerVerdict =
  | { kind: "intact"; entries: number; streams: number; lastPosition: number | null }
  | { kind: "broken"; fault: LedgerFault; entriesBefore: number };

/** Checks entries one after the other, in order of position. */
export interface LedgerCheck {
  /** Null while all is well; the first fault otherwise, and from then on the same one. */
  take(entry: LedgerEntry): LedgerFault | null;
  verdict(): LedgerVerdict;
}

/**
 * Recomputes every stream's hash chain, that versions count from 1 without a gap, that positions count from 0
 * without a gap, and that nothing was positioned before its predecessor. It remembers one hash per stream.
 * What it cannot see is a cut end: that the newest entries are missing shows only against a figure kept elsewhere.
 */
export function startLedgerCheck(): LedgerCheck {
  const heads = new Map<StreamName, { version: number; hash: string }>();
  let next = 0;
  let fault: LedgerFault | null = null;
  return {
    take(entry) {
      if (fault !== null) return fault;
      const head = heads.get(entry.stream) ?? { version: 0, hash: firstPrevHash };
      const reason = positionFault(entry, next) ?? chainFault(entry, head);
      if (reason !== null) {
        const { stream, version, position } = entry;
        fault = { stream, version, position, reason };
        return fault;
      }
      heads.set(entry.stream, { version: entry.version, hash: entry.hash });
      next += 1;
      return null;
    },
    verdict: () =>
      fault === null
        ? { kind: "intact", entries: next, streams: heads.size, lastPosition: next === 0 ? null : next - 1 }
        : { kind: "broken", fault, entriesBefore: next },
  };
}

/** Checks one stream's events by themselves, positioned or not. Null when they are in order. */
export function streamFault(entries: readonly LedgerEntry[]): LedgerFault | null {
  let head = { version: 0, hash: firstPrevHash };
  for (const entry of entries) {
    const reason = chainFault(entry, head);
    const { stream, version, position, hash } = entry;
    if (reason !== null) return { stream, version, position, reason };
    head = { version, hash };
  }
  return null;
}

/** Checks a whole ledger page by page; `read` gives entries from a position on, in order, and [] at the end. */
export async function verifyLedger(
  read: (fromPosition: number, limit: number) => Promise<readonly LedgerEntry[]>,
  pageSize = 1000,
): Promise<LedgerVerdict> {
  const check = startLedgerCheck();
  let from = 0;
  for (;;) {
    const page = await read(from, pageSize);
    for (const entry of page) {
      if (check.take(entry) !== null) return check.verdict();
    }
    // A short page is no sign of the end: rows may be missing from it, which the next one then shows.
    if (page.length === 0) return check.verdict();
    from += page.length;
  }
}

function positionFault(entry: LedgerEntry, expected: number): string | null {
  if (entry.position === expected) return null;
  if (entry.position === null) return "It has no position although it was read by position.";
  return entry.position > expected
    ? `Position ${expected} is missing; the next entry has ${entry.position}.`
    : `Position ${entry.position} comes again or out of order; ${expected} was expected.`;
}

function chainFault(entry: LedgerEntry, head: { version: number; hash: string }): string | null {
  if (entry.version !== head.version + 1) {
    return `Version ${head.version + 1} of the stream is missing or repeated; this entry has ${entry.version}.`;
  }
  if (entry.prevHash !== head.hash) {
    return "It does not continue the entry before it in its stream: the previous hash differs.";
  }
  let canonical: string;
  try {
    canonical = canonicalText(entry);
  } catch {
    return "Its content has no canonical form.";
  }
  if (chainHash(entry.prevHash, canonical) !== entry.hash) {
    return "Its content does not match its hash: it was changed after it was written.";
  }
  return null;
}
