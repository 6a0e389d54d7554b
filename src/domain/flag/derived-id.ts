import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Flag } from "./flag.ts";
import type { Operation } from "./operation.ts";

/** A UUID (version 8: own scheme) that follows from the flag, its revision and the operation alone. */
export function derivedId(what: "rule" | "condition", flag: Flag, operation: Operation): string {
  const source = canonicalize([what, flag.id, flag.revision, operation]) ?? "";
  const hex = createHash("sha256").update(source, "utf8").digest("hex");
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join("-");
}
