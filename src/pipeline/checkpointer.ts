import { storedText, chainHash, leafText, type StoredEntry } from "../domain/ledger/chain.ts";
import { openCheckpoint, originOf, type TreeHead } from "../domain/ledger/checkpoint.ts";
import { createTreeEdge, edgeBytes, edgeFrom, leafHash, type TreeEdge } from "../domain/ledger/merkle.ts";
import type { Log } from "./ports/log.ts";
import type { Notary } from "./ports/notary.ts";
import type { Store } from "./ports/storage.ts";
import { repeat } from "./repeat.ts";
import { announceCheckpoint } from "./tell-checkpoint.ts";

export interface CheckpointerDeps {
  store: Pick<Store, "ledger" | "checkpoints" | "leases" | "postings">;
  notary: Notary;
  holder: string;
  /** Whether there is a channel in which operators want to see checkpoints. */
  announced: boolean;
  log: Log;
}

export interface Checkpointer extends AsyncDisposable {
  /** Why none are made: what the database says is not what was signed. Null while all is well. */
  fault(): string | null;
}

const everyMs = 1_000;
const leaseMs = 30_000;
/** A checkpoint is due with so many new entries, or so long after the last one if there is any. */
const mostWaiting = 100;
const mostWaitMs = 60_000;
/** Of one checkpoint, as when a ledger gets its first: more are several. */
const mostAtOnce = 10_000;
const pageSize = 1_000;
const lookAgainMs = 60_000;

/**
 * Signs what the ledger holds, in the database and beside it. Each checkpoint goes on from the right edge of the tree
 * at the one before, so that it costs what is new. One process at a time does it, by lease.
 *
 * It trusts the database with nothing that was signed before: where that no longer fits, it says so, makes no more
 * checkpoints and leaves alone what lies outside, because that is the evidence.
 */
export function createCheckpointer(deps: CheckpointerDeps): Checkpointer {
  const { store, notary, holder, log } = deps;
  let tree: TreeEdge | null = null;
  let fault: string | null = null;
  let lookAt = 0;
  let madeAt = Number.NEGATIVE_INFINITY;
  let unkept: string | null = null;

  async function checkpoint(): Promise<void> {
    if (performance.now() < lookAt) return;
    try {
      await checkpointNow();
      if (fault !== null) log.info({ intent: "checkpoint" }, "The ledger fits its checkpoints again");
      fault = null;
    } catch (error) {
      if (!(error instanceof Contradiction)) throw error;
      fault = error.message;
      tree = null;
      lookAt = performance.now() + lookAgainMs;
      log.error(
        { intent: "checkpoint", errorClass: "ledger_contradicted" },
        `THE LEDGER WAS TAMPERED WITH, or an older copy of the database was restored: ${fault} No checkpoint is made until a person has looked; "signalman audit verify" says more, docs/ledger.md what to do.`,
      );
    }
  }

  async function checkpointNow(): Promise<void> {
    const size = await store.ledger.size();
    tree ??= await begin(size, deps);
    if (size < tree.end()) throw new Contradiction(cut(size, tree.end(), "a checkpoint that was made"));
    if (unkept !== null) await keep();
    const waiting = size - tree.end();
    const isDue = waiting >= mostWaiting || performance.now() - madeAt >= mostWaitMs;
    if (waiting === 0 || !isDue) return;
    if ((await store.leases.take("checkpointer", holder, leaseMs)) === null) return;
    tree = await newestTree(tree, deps);
    if (tree.end() === size) return;
    while (tree.end() < size) {
      tree = await make(tree, Math.min(size, tree.end() + mostAtOnce));
      if ((await store.leases.take("checkpointer", holder, leaseMs)) === null) break;
    }
    madeAt = performance.now();
    if (deps.announced) await announceCheckpoint(store);
  }

  async function make(from: TreeEdge, size: number): Promise<TreeEdge> {
    const grown = createTreeEdge(0, from.subtrees());
    const leaves: Buffer[] = [];
    while (grown.end() < size) {
      const page = await store.ledger.stored(grown.end(), Math.min(pageSize, size - grown.end()));
      for (const entry of page) {
        refuseWrong(entry, grown.end());
        const leaf = leafHash(leafText(entry));
        leaves.push(leaf);
        grown.push(leaf);
      }
      if (page.length === 0) throw new Contradiction(cut(grown.end(), size, "what was there a moment ago"));
    }
    const origin = await originNow(deps);
    const note = await notary.sign({ origin, size, root: grown.root().toString("base64") });
    await store.checkpoints.put({ size, note, edge: edgeBytes(grown), leaves: Buffer.concat(leaves) });
    unkept = note;
    await keep();
    return grown;
  }

  /** After the database, never before it: what lies outside is always something that the database has seen. */
  async function keep(): Promise<void> {
    if (unkept === null) return;
    await notary.keep(unkept);
    unkept = null;
  }

  const repeated = repeat(checkpoint, everyMs, (error) =>
    log.warn({ intent: "checkpoint", err: error }, "Making a checkpoint failed; it will be tried again"),
  );
  return {
    fault: () => fault,
    async [Symbol.asyncDispose]() {
      await repeated[Symbol.asyncDispose]();
      await store.leases.release("checkpointer", holder).catch(() => undefined);
    },
  };
}

/** What the database says and what was signed cannot both be true. */
class Contradiction extends Error {
  override readonly name = "Contradiction";
}

/** The tree as far as it was signed, once the database and what lies outside of it agree. */
async function begin(size: number, deps: CheckpointerDeps): Promise<TreeEdge> {
  const outside = await deps.notary.newest();
  if (outside !== null) await agree(outside, size, deps);
  return newestTree(createTreeEdge(), deps);
}

async function agree(note: string, size: number, { store, notary }: CheckpointerDeps): Promise<void> {
  const unread = openCheckpoint(note, null);
  const opened = unread.kind === "bad" ? unread : openCheckpoint(note, await notary.keys(unread.head.origin));
  if (opened.kind === "bad") {
    throw new Contradiction(`The checkpoint outside the database cannot be believed. ${opened.reason}`);
  }
  const { head } = opened;
  if (size < head.size) throw new Contradiction(cut(size, head.size, "the checkpoint outside the database"));
  const [row] = await store.checkpoints.above(head.size - 1, 1);
  const kept = row?.size === head.size ? openCheckpoint(row.note, null) : null;
  if (kept?.kind === "good" && isSame(kept.head, head)) return;
  throw new Contradiction(
    `The checkpoint of ${head.size} entries that lies outside the database is ${kept === null ? "missing" : "another one"} in it.`,
  );
}

/** As the newest checkpoint in the database has it, which must be signed, give its root and go on from `known`. */
async function newestTree(known: TreeEdge, deps: CheckpointerDeps): Promise<TreeEdge> {
  const newest = await deps.store.checkpoints.newest();
  if (newest === null || newest.size < known.end()) {
    if (known.end() === 0) return known;
    throw new Contradiction(
      `The newest checkpoint, of ${known.end()} entries, was removed from the database.`,
    );
  }
  const opened = openCheckpoint(newest.note, await deps.notary.keys(await originNow(deps)));
  if (opened.kind === "bad") {
    throw new Contradiction(
      `The checkpoint of ${newest.size} entries in the database cannot be believed. ${opened.reason} Where several processes make checkpoints, give all of them the same LEDGER_KEY_FILE.`,
    );
  }
  const tree = edgeFrom(newest.size, newest.edge);
  const root = tree?.root().toString("base64");
  if (tree === null || root !== opened.head.root || newest.size !== opened.head.size) {
    throw new Contradiction(
      `What is kept of the checkpoint of ${newest.size} entries is not what was signed.`,
    );
  }
  if (newest.size === known.end() && root !== known.root().toString("base64")) {
    throw new Contradiction(`Two checkpoints of ${newest.size} entries contradict each other.`);
  }
  return tree;
}

/** Empty where the ledger is. */
async function originNow({ store }: CheckpointerDeps): Promise<string> {
  const [first] = await store.ledger.stored(0, 1);
  return originOf(first?.hash ?? "");
}

/** What is known to be wrong is not signed. */
function refuseWrong(entry: StoredEntry, expected: number): void {
  if (entry.position !== expected) {
    throw new Contradiction(
      `Position ${expected} is missing from the ledger; the next has ${entry.position}.`,
    );
  }
  if (chainHash(entry.prevHash, storedText(entry)) === entry.hash) return;
  throw new Contradiction(
    `The entry at position ${expected} (${entry.stream}, version ${entry.version}) was changed after it was written: its content does not match its hash.`,
  );
}

function isSame(one: TreeHead, other: TreeHead): boolean {
  return one.origin === other.origin && one.size === other.size && one.root === other.root;
}

function cut(entries: number, size: number, where: string): string {
  return `The ledger has ${entries} entries, and ${where} has ${size}: the newest ones were removed.`;
}
