import type { NoteKey } from "./signed-note.ts";
import { openNote } from "./signed-note.ts";

/** What a checkpoint says (c2sp.org/tlog-checkpoint): of which ledger, how many entries, and the root over them. */
export interface TreeHead {
  /** `signalman/ledger/` and the beginning of the first entry's hash: no setting, and no two ledgers share it. */
  origin: string;
  size: number;
  /** Base64. */
  root: string;
}

export function originOf(firstEntryHash: string): string {
  return `signalman/ledger/${firstEntryHash.slice(0, 16)}`;
}

export function treeHeadText({ origin, size, root }: TreeHead): string {
  return `${origin}\n${size}\n${root}\n`;
}

export function parseTreeHead(text: string): TreeHead | null {
  const [, origin, size, root] = /^([^\s+]+)\n([1-9]\d{0,14})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text) ?? [];
  if (origin === undefined || size === undefined || root === undefined) return null;
  return { origin, size: Number(size), root };
}

export type OpenedCheckpoint = { kind: "good"; head: TreeHead } | { kind: "bad"; reason: string };

/** Reads a checkpoint and, with `keys`, holds its signature against them. `keys` null: nobody has any. */
export function openCheckpoint(note: string, keys: readonly NoteKey[] | null): OpenedCheckpoint {
  const opened = openNote(note, keys ?? []);
  const head = opened.kind === "malformed" ? null : parseTreeHead(opened.text);
  if (head === null || opened.kind === "malformed") {
    return { kind: "bad", reason: "It is no signed checkpoint: its text is damaged." };
  }
  if (keys === null || opened.kind === "signed") return { kind: "good", head };
  const by = opened.by.join(", ");
  if (opened.kind === "forged") {
    return { kind: "bad", reason: `Its signature is wrong: ${by} never signed this text.` };
  }
  const known = keys.map(({ name, id }) => `${name}+${id}`).join(", ");
  return {
    kind: "bad",
    reason: `It is signed by ${by}, and not by a known key (${known || "there is none"}).`,
  };
}
