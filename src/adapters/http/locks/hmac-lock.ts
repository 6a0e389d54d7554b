import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { unauthorizedSignature } from "../problem.ts";
import { type Lock, refused } from "./lock.ts";
import { onlyHeader } from "./only-header.ts";

export function keyOf(secret: string): KeyObject {
  return createSecretKey(Buffer.from(secret, "utf8"));
}

/** True when `signature` is the HMAC-SHA-256 of exactly these bytes. */
export function macFits(
  signature: Buffer,
  key: KeyObject,
  ...parts: readonly (string | Uint8Array)[]
): boolean {
  const mac = createHmac("sha256", key);
  for (const part of parts) mac.update(part);
  return timingSafeEqual(mac.digest(), signature);
}

/** The HMAC-SHA-256 that a header carries, in bytes; null unless it is exactly one, in lower-case hex. */
export function shownMac(request: IncomingMessage, header: string): Buffer | null {
  const value = onlyHeader(request, header);
  if (value === null || !/^(?:sha256=)?[0-9a-f]{64}$/.test(value)) return null;
  return Buffer.from(value.slice(-64), "hex");
}

/**
 * `<header>: sha256=<hex>` or `<header>: <hex>`, the HMAC-SHA-256 of the raw body.
 * GitHub (`X-Hub-Signature-256`), FeatBit (`X-FeatBit-Signature-256`) and Sentry (`Sentry-Hook-Signature`) sign so; the
 * time that Sentry sends beside it is not signed and says nothing.
 * https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
 * https://docs.sentry.io/integrations/integration-platform/webhooks/
 */
export function hmacLock(header: string, secret: string): Lock {
  const key = keyOf(secret);
  const problem = unauthorizedSignature(header);
  return (request) => {
    const signature = shownMac(request, header);
    if (signature === null) return refused(problem);
    return { kind: "signed", judge: (body) => (macFits(signature, key, body) ? null : problem) };
  };
}
