import { canonicalJson, chainHash, firstPrevHash, type StoredEntry, storedText } from "./chain.ts";

/** An entry that is not as it was written: enough to look at the row, and in words. */
export interface EntryFault {
  kind: "entry";
  /** Where it lies, or should. */
  position: number | null;
  stream: string;
  version: number;
  reason: string;
}

/** Nothing has this position. */
export interface MissingFault {
  kind: "missing";
  position: number;
  reason: string;
}

/** Checks entries one after the other, in order of position. */
export interface ChainCheck {
  /** Null while all is well; from the first fault on that one. */
  take(entry: StoredEntry): EntryFault | MissingFault | null;
  /** How many are in order; the next one has this position. */
  entries(): number;
  streams(): number;
}

interface Head {
  version: number;
  hash: string;
}

/**
 * Recomputes every stream's hash chain, that versions count from 1 without a gap, that positions count from 0
 * without a gap, and that nothing was positioned before its predecessor. It remembers one hash per stream.
 * What it cannot see is a cut end, or history that was hashed anew: these show only against checkpoints.
 */
export function startChainCheck(): ChainCheck {
  const heads = new Map<string, Head>();
  let next = 0;
  let fault: EntryFault | MissingFault | null = null;
  return {
    take(entry) {
      if (fault !== null) return fault;
      const { stream, version, position, hash } = entry;
      if (position !== null && position > next) {
        const reason = `Position ${next} is missing; the next entry has ${position}.`;
        fault = { kind: "missing", position: next, reason };
        return fault;
      }
      const reason = positionFault(position, next) ?? chainFault(entry, heads.get(stream) ?? beginning);
      if (reason !== null) {
        fault = { kind: "entry", position, stream, version, reason };
        return fault;
      }
      heads.set(stream, { version, hash });
      next += 1;
      return null;
    },
    entries: () => next,
    streams: () => heads.size,
  };
}

/** Checks one stream's events by themselves, positioned or not. Null when they are in order. */
export function streamFault(entries: readonly StoredEntry[]): EntryFault | null {
  let head = beginning;
  for (const entry of entries) {
    const reason = chainFault(entry, head);
    const { stream, version, position, hash } = entry;
    if (reason !== null) return { kind: "entry", stream, version, position, reason };
    head = { version, hash };
  }
  return null;
}

const beginning: Head = { version: 0, hash: firstPrevHash };

function positionFault(position: number | null, expected: number): string | null {
  if (position === expected) return null;
  if (position === null) return "It has no position although it was read by position.";
  return `Position ${position} comes again or out of order; ${expected} was expected.`;
}

function chainFault(entry: StoredEntry, head: Head): string | null {
  if (entry.version !== head.version + 1) {
    return `Version ${head.version + 1} of the stream is missing or repeated; this entry has ${entry.version}.`;
  }
  if (entry.prevHash !== head.hash) {
    return "It does not continue the entry before it in its stream: the previous hash differs.";
  }
  if (chainHash(entry.prevHash, storedText(entry)) !== entry.hash) {
    return "Its content does not match its hash: it was changed after it was written.";
  }
  // Whoever parses it and hashes it anew must get the same.
  return isCanonical(entry.data) ? null : "Its content is not in canonical form.";
}

function isCanonical(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return isPlainlyCanonical(value, text) || canonicalJson(value) === text;
  } catch {
    return false;
  }
}

/** Canonical as most texts are, found out in a third of the time: what it does not know for sure it denies. */
function isPlainlyCanonical(value: unknown, text: string): boolean {
  // Half a pair of surrogates is written like this, and canonical JSON has none.
  return !text.includes(String.raw`\ud`) && hasSortedKeys(value) && JSON.stringify(value) === text;
}

function hasSortedKeys(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(hasSortedKeys);
  let before = "";
  for (const [key, member] of Object.entries(value)) {
    if (key < before || !hasSortedKeys(member)) return false;
    before = key;
  }
  return true;
}
