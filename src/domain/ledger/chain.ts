import { createHash } from "node:crypto";
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

export const firstPrevHash = "0".repeat(64);

export type HashedPart = Pick<LedgerEntry, "stream" | "version" | "type" | "at" | "data">;

/** The exact text that is stored and hashed. Throws if `data` holds what JSON cannot say. */
export function canonicalText(part: HashedPart): string {
  const { stream, version, type, at, data } = part;
  return canonicalJson({ stream, version, type, at, data });
}

export function chainHash(prevHash: string, canonical: string): string {
  return createHash("sha256").update(`${prevHash}\n${canonical}`, "utf8").digest("hex");
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
