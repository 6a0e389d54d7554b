import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { toInstant } from "../../src/domain/ids.ts";
import {
  canonicalJson,
  chainHash,
  firstPrevHash,
  leafText,
  type StoredEntry,
  storedText,
} from "../../src/domain/ledger/chain.ts";
import { originOf, treeHeadText } from "../../src/domain/ledger/checkpoint.ts";
import { createTreeEdge, edgeBytes, leafHash } from "../../src/domain/ledger/merkle.ts";
import { type NoteKey, noteKey, signNote } from "../../src/domain/ledger/signed-note.ts";
import type { KeptCheckpoint, LedgerProof } from "../../src/domain/ledger/verify-ledger.ts";

/** A ledger whose nth entry belongs to the nth named stream. */
export function ledgerOf(streams: readonly string[]): StoredEntry[] {
  return hashed(
    streams.map((name, position) => ({
      stream: `change/${name}`,
      version: 0,
      position,
      type: "decided",
      at: toInstant(position),
      data: canonicalJson({ n: position }),
      prevHash: "",
      hash: "",
    })),
  );
}

/** Versions, hashes and positions as they would be had these entries been written in this order. */
export function hashed(entries: readonly StoredEntry[]): StoredEntry[] {
  const heads = new Map<string, { version: number; hash: string }>();
  return entries.map((given, position) => {
    const head = heads.get(given.stream) ?? { version: 0, hash: firstPrevHash };
    const entry = { ...given, version: head.version + 1, position, prevHash: head.hash };
    const hash = chainHash(entry.prevHash, storedText(entry));
    heads.set(entry.stream, { version: entry.version, hash });
    return { ...entry, hash };
  });
}

export function newKey(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey;
}

export function keyOf(entries: readonly StoredEntry[], privateKey: KeyObject): NoteKey {
  return noteKey(originOf(entries[0]?.hash ?? ""), createPublicKey(privateKey));
}

/** Checkpoints of these sizes, as they would have been made on the way. */
export function checkpointsOf(
  entries: readonly StoredEntry[],
  sizes: readonly number[],
  privateKey: KeyObject,
): KeptCheckpoint[] {
  const key = keyOf(entries, privateKey);
  const tree = createTreeEdge();
  return sizes.map((size) => {
    const leaves = entries.slice(tree.end(), size).map((entry) => leafHash(leafText(entry)));
    for (const leaf of leaves) tree.push(leaf);
    const head = { origin: key.name, size, root: tree.root().toString("base64") };
    return {
      size,
      note: signNote(treeHeadText(head), key, privateKey),
      edge: edgeBytes(tree),
      leaves: Buffer.concat(leaves),
    };
  });
}

/** As a database would give them: by position, whatever else they are. */
export function proofOf(
  entries: readonly StoredEntry[],
  checkpoints: readonly KeptCheckpoint[] = [],
): Pick<LedgerProof, "entries" | "checkpoints"> {
  const rows = entries
    .filter(({ position }) => position !== null)
    .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0));
  return {
    entries: async (from, limit) => rows.filter(({ position }) => (position ?? 0) >= from).slice(0, limit),
    checkpoints: async (above, limit) => checkpoints.filter(({ size }) => size > above).slice(0, limit),
  };
}
