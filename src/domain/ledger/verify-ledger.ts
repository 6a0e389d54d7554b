import { leafText, type StoredEntry } from "./chain.ts";
import { openCheckpoint, type TreeHead } from "./checkpoint.ts";
import { createTreeEdge, hashesOf, leafHash, type TreeEdge } from "./merkle.ts";
import type { NoteKey } from "./signed-note.ts";
import { type EntryFault, type MissingFault, startChainCheck } from "./verify.ts";

/** A checkpoint as it is kept beside the entries. */
export interface KeptCheckpoint {
  size: number;
  /** The signed note. */
  note: string;
  /** Hashes of the tree's right edge at this size, from which the next one is made. */
  edge: Uint8Array;
  /** Hashes of the leaves since the checkpoint before it: they tell which entry is wrong, not only that one is. */
  leaves: Uint8Array;
}

/** A checkpoint that was kept elsewhere. `from` says where, in words. */
export interface OutsideCheckpoint {
  from: string;
  note: string;
}

export type LedgerFault =
  | EntryFault
  | MissingFault
  /** One or more of these positions, without telling which. */
  | { kind: "entries"; from: number; to: number; reason: string }
  /** `size` null where it cannot be read. */
  | { kind: "checkpoint"; size: number | null; reason: string };

export type LedgerVerdict = ({ kind: "intact" } | { kind: "broken"; fault: LedgerFault }) & {
  /** That are in order, from position 0. */
  entries: number;
  streams: number;
  /** Checkpoints in the database that fit. */
  checkpoints: number;
  /** Entries that the newest of all checkpoints covers; those behind it could still be changed unseen. */
  covered: number;
  /** Size of the newest checkpoint from elsewhere that fits; null without one. */
  outside: number | null;
  /** False where nobody had a key to hold signatures against. */
  signaturesChecked: boolean;
};

export interface LedgerProof {
  /** Entries from a position on, in order, at most `limit`; [] at the end. */
  entries: (fromPosition: number, limit: number) => Promise<readonly StoredEntry[]>;
  /** Checkpoints of a size above this, in order, at most `limit`. */
  checkpoints?: (aboveSize: number, limit: number) => Promise<readonly KeptCheckpoint[]>;
  outside?: readonly OutsideCheckpoint[];
  /** Null: there are none, and signatures are not checked. */
  keys?: readonly NoteKey[] | null;
  pageSize?: number;
  onProgress?: (entries: number) => void;
}

/**
 * Checks a whole ledger: every stream's chain, positions, the tree over all entries, and every checkpoint against it,
 * with its signature. It ends at the first thing that is wrong. Successive checkpoints are consistent where each one's
 * root is that of the one tree at its size, which is what is computed.
 */
export async function verifyLedger(proof: LedgerProof): Promise<LedgerVerdict> {
  const { keys = null, onProgress = () => undefined } = proof;
  const chains = startChainCheck();
  const tree = createTreeEdge();
  const kept = keptGoals(proof, tree);
  const found = { checkpoints: 0, covered: 0, outside: null as number | null };
  const told = () => ({
    entries: chains.entries(),
    streams: chains.streams(),
    ...found,
    signaturesChecked: keys !== null,
  });
  const broken = (fault: LedgerFault): LedgerVerdict => ({ kind: "broken", fault, ...told() });

  const outside: (TreeHead & { from: string })[] = [];
  for (const { from, note } of proof.outside ?? []) {
    const opened = openCheckpoint(note, keys);
    if (opened.kind === "bad") {
      return broken({ kind: "checkpoint", size: null, reason: `The checkpoint ${from}: ${opened.reason}` });
    }
    outside.push({ ...opened.head, from });
  }
  outside.sort((a, b) => a.size - b.size);

  let goal = await kept.next();
  for await (const entry of inOrder(proof)) {
    if (goal?.kind === "bad") return broken(goal.fault);
    const fault = chains.take(entry);
    if (fault !== null) return broken(fault);
    const leaf = leafHash(leafText(entry));
    const signed = goal?.leaves?.[tree.end() - goal.since];
    if (signed !== undefined && !signed.equals(leaf))
      return broken(unlikeSigned(entry, goal?.head.size ?? 0));
    tree.push(leaf);

    while (goal?.kind === "good" && goal.head.size === tree.end()) {
      if (!hasRoot(tree, goal.head)) return broken(unlikeRoot(found.covered, goal.head, "in the database"));
      found.checkpoints += 1;
      found.covered = goal.head.size;
      goal = await kept.next();
    }
    while (outside[0]?.size === tree.end()) {
      const [head] = outside.splice(0, 1);
      if (head === undefined) break;
      if (!hasRoot(tree, head)) return broken(unlikeRoot(found.covered, head, head.from));
      found.outside = head.size;
      found.covered = head.size;
    }
    if (chains.entries() % 10_000 === 0) onProgress(chains.entries());
  }
  if (goal?.kind === "bad") return broken(goal.fault);
  const [cut] = outside;
  if (cut !== undefined) return broken(cutBehind(tree.end(), cut.size, cut.from));
  if (goal !== null) return broken(cutBehind(tree.end(), goal.head.size, "in the database"));
  return { kind: "intact", ...told() };
}

/** Rows page by page. Each page begins with the last row of the one before, so that no second row can hide behind it. */
async function* inOrder({ entries, pageSize = 1000 }: LedgerProof): AsyncGenerator<StoredEntry> {
  let last: StoredEntry | null = null;
  let page = await entries(Number.MIN_SAFE_INTEGER, pageSize);
  while (page.length > 0) {
    const before = last;
    yield* before === null ? page : page.filter((entry) => !isSameRow(entry, before));
    const newest: StoredEntry | undefined = page.at(-1);
    if (newest?.position == null || (before !== null && isSameRow(newest, before))) return;
    last = newest;
    page = await entries(newest.position, pageSize + 1);
  }
}

function isSameRow(one: StoredEntry, other: StoredEntry): boolean {
  return one.stream === other.stream && one.version === other.version;
}

type Goal =
  | { kind: "good"; head: TreeHead; since: number; leaves: Buffer[] | null }
  | { kind: "bad"; fault: LedgerFault; leaves?: undefined; since: number; head: Pick<TreeHead, "size"> };

/** The checkpoints that lie in the database, one after the other, as `tree` grows. */
function keptGoals({ checkpoints, keys = null }: LedgerProof, tree: TreeEdge) {
  let page: KeptCheckpoint[] = [];
  return {
    async next(): Promise<Goal | null> {
      const since = tree.end();
      if (page.length === 0) page = [...((await checkpoints?.(since, checkpointsAtOnce)) ?? [])];
      const row = page.shift();
      if (row === undefined) return null;
      const opened = openCheckpoint(row.note, keys);
      const head = { size: row.size };
      const bad = (reason: string): Goal => ({
        kind: "bad",
        fault: { kind: "checkpoint", size: row.size, reason },
        since,
        head,
      });
      if (opened.kind === "bad") return bad(opened.reason);
      if (opened.head.size !== row.size)
        return bad(`Its row says ${row.size} and its text ${opened.head.size}.`);
      return { kind: "good", head: opened.head, since, leaves: signedLeaves(row, opened.head, tree) };
    },
  };
}

const checkpointsAtOnce = 50;

/** The kept leaves, where the signed root is really theirs; null where they were tampered with. */
function signedLeaves(row: KeptCheckpoint, head: TreeHead, tree: TreeEdge): Buffer[] | null {
  const leaves = hashesOf(row.leaves);
  if (leaves?.length !== head.size - tree.end()) return null;
  const grown = createTreeEdge(0, tree.subtrees());
  for (const leaf of leaves) grown.push(leaf);
  return hasRoot(grown, head) ? leaves : null;
}

function hasRoot(tree: TreeEdge, { root }: TreeHead): boolean {
  return tree.root().toString("base64") === root;
}

function unlikeSigned({ stream, version, position }: StoredEntry, size: number): EntryFault {
  const reason = `It is not the entry that was here when the checkpoint of ${size} entries was signed.`;
  return { kind: "entry", position, stream, version, reason };
}

function unlikeRoot(from: number, { size }: TreeHead, where: string): LedgerFault {
  const reason = `The checkpoint of ${size} entries ${where} was signed over other entries: one or more of these were changed since, with their hashes.`;
  // Nothing new since the last one that fits: then it is the checkpoint itself that says something else.
  if (from >= size)
    return { kind: "checkpoint", size, reason: `It contradicts another checkpoint of that size. ${reason}` };
  return { kind: "entries", from, to: size - 1, reason };
}

function cutBehind(entries: number, size: number, where: string): MissingFault {
  const reason = `The ledger ends before position ${entries}, but the checkpoint ${where} was signed over ${size} entries: the newest ones were removed.`;
  return { kind: "missing", position: entries, reason };
}
