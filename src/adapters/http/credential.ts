import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { OpsError } from "../../domain/ops-error.ts";
import type { Source } from "../../domain/source.ts";

/** A declared source together with its secret. */
export type DoorSource = Pick<Source, "id" | "auth" | "header"> & { secret: string };

/** What a request must show to pass as one source. Holds no readable secret of a bearer source. */
export type Lock =
  | { sourceId: string; auth: "bearer"; digest: Buffer }
  | { sourceId: string; auth: "hmac"; key: KeyObject; header: string };

/** Throws `OpsError` (`misconfigured`) when there is no secret: such a source does not start. */
export function lockOf({ id, auth, header, secret }: DoorSource): Lock {
  if (secret === "") {
    throw new OpsError(
      "misconfigured",
      `The source "${id}" has no secret; set the variable its secretEnv names.`,
    );
  }
  if (auth === "bearer") return { sourceId: id, auth, digest: hash("sha256", secret, "buffer") };
  return { sourceId: id, auth, key: createSecretKey(Buffer.from(secret, "utf8")), header };
}

/**
 * The value of a header that may stand there once. Null when it is absent, empty or repeated: Node would keep the
 * first `Authorization` and join others by commas, and a proxy before us may have looked at another one.
 */
function onlyHeader(request: IncomingMessage, name: string): string | null {
  const wanted = name.toLowerCase();
  const raw = request.rawHeaders;
  let found: string | null = null;
  for (let index = 0; index < raw.length; index += 2) {
    const header = raw[index];
    if (header === undefined || header.length !== wanted.length || header.toLowerCase() !== wanted) continue;
    if (found !== null) return null;
    found = raw[index + 1] ?? null;
  }
  return found === "" ? null : found;
}

/** True when the request carries the source's bearer secret. Comparing digests takes the same time for every guess. */
export function bearerFits(request: IncomingMessage, digest: Buffer): boolean {
  const value = onlyHeader(request, "authorization");
  const token = value === null ? undefined : /^bearer ([^\s]+)$/i.exec(value)?.[1];
  // Node reads header bytes as Latin-1; a secret beyond ASCII is meant as UTF-8.
  const shown = hash("sha256", Buffer.from(token ?? "", "latin1"), "buffer");
  return timingSafeEqual(shown, digest) && token !== undefined;
}

/** The signature a request carries, in bytes; null unless it is exactly one lower-case hex SHA-256. */
export function shownSignature(request: IncomingMessage, header: string): Buffer | null {
  const value = onlyHeader(request, header);
  if (value === null || !/^(?:sha256=)?[0-9a-f]{64}$/.test(value)) return null;
  return Buffer.from(value.slice(-64), "hex");
}

/** True when `signature` is the HMAC-SHA-256 of exactly these bytes. */
export function signatureFits(signature: Buffer, key: KeyObject, body: Uint8Array): boolean {
  return timingSafeEqual(createHmac("sha256", key).update(body).digest(), signature);
}
