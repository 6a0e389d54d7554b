import { createHash, hash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { Instant } from "../ids.ts";
import { wellFormed } from "../well-formed.ts";
import { StreamName } from "./stream.ts";

/**
 * One event as it stands in the ledger.
 *
 * `hash` = SHA-256, hex, over `prevHash`, a newline and the canonical JSON (RFC 8785) of
 * `{stream, version, type, at, data}`; `prevHash` is the hash of the stream's event before it, and 64 zeros
 * for the first. `version` counts from 1 within a stream. `position` counts committed events of all streams
 * from 0 without a gap; it is given by the sequencer some milliseconds after the commit and is null until then.
 */
export const LedgerEntry = z.strictObject({
  stream: StreamName,
  version: z.int().positive(),
  position: z.int().nonnegative().nullable(),
  type: z.string().min(1),
  at: Instant,
  data: z.record(z.string(), z.unknown()),
  prevHash: z.string().length(64),
  hash: z.string().length(64),
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

/**
 * An entry as it lies in storage, with nothing yet believed of it. `data` is the canonical JSON text that was hashed.
 */
export interface StoredEntry {
  stream: string;
  version: number;
  position: number | null;
  type: string;
  at: string;
  data: string;
  prevHash: string;
  hash: string;
}

export const firstPrevHash = "0".repeat(64);

export type HashedPart = Pick<LedgerEntry, "stream" | "version" | "type" | "at" | "data">;

/** The exact text that is stored and hashed. Throws if `data` holds what JSON cannot say. */
export function canonicalText(part: HashedPart): string {
  const { stream, version, type, at, data } = part;
  return canonicalJson({ stream, version, type, at, data });
}

/**
 * The same text for an entry whose data is canonical already. No other strings give it: what is around the data is
 * quoted, so that none can reach into another.
 */
export function storedText({ stream, version, type, at, data }: StoredEntry): string {
  return `{"at":${JSON.stringify(at)},"data":${data},"stream":${JSON.stringify(stream)},"type":${JSON.stringify(type)},"version":${version}}`;
}

export function toStored(entry: LedgerEntry): StoredEntry {
  return { ...entry, data: canonicalJson(entry.data) };
}

/** What a leaf of the ledger's tree is made of: all that an entry says, and through its hash all before it in its stream. */
export function leafText(entry: StoredEntry): string {
  return `${storedText(entry)}\n${entry.hash}`;
}

export function chainHash(prevHash: string, canonical: string): string {
  return hash("sha256", `${prevHash}\n${canonical}`, "hex");
}

/** Canonical JSON (RFC 8785). Throws on `undefined` at the top, on cycles and on non-finite numbers. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error("canonicalJson: the value has no JSON form");
  return text;
}

/**
 * `sha256:` and the hex digest of the canonical JSON of `value`. Texts of others may hold lone surrogates, which
 * canonical JSON refuses; they are hashed as U+FFFD, as they are stored.
 */
export function contentHash(value: unknown): string {
  return `sha256:${createHash("sha256")
    .update(canonicalJson(wellFormed(value)), "utf8")
    .digest("hex")}`;
}
