import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { HmacEncoding } from "../../../domain/source.ts";
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

const notations = { hex: /^(?:sha256=)?([0-9a-f]{64})$/, base64: /^(?:sha256=)?([A-Za-z0-9+/]{43}=)$/ };

/** The HMAC-SHA-256 that a header carries, in bytes; null unless it is exactly one, in lower-case hex or in base64. */
export function shownMac(
  request: IncomingMessage,
  header: string,
  encoding: HmacEncoding = "hex",
): Buffer | null {
  const text = notations[encoding].exec(onlyHeader(request, header) ?? "")?.[1];
  if (text === undefined) return null;
  const mac = Buffer.from(text, encoding);
  // One notation only: a lenient decoder takes several of base64 for the same bytes.
  return mac.toString(encoding) === text ? mac : null;
}

/**
 * `<header>: sha256=<mac>` or `<header>: <mac>`, the HMAC-SHA-256 of the raw body in hex, or in base64 as Splunk
 * Observability (`X-SFX-Signature`) writes it. GitHub (`X-Hub-Signature-256`), FeatBit (`X-FeatBit-Signature-256`) and Sentry (`Sentry-Hook-Signature`) sign so; the
 * time that Sentry sends beside it is not signed and says nothing.
 * https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
 * https://docs.sentry.io/integrations/integration-platform/webhooks/
 */
export function hmacLock(header: string, secret: string, encoding: HmacEncoding = "hex"): Lock {
  const key = keyOf(secret);
  const problem = unauthorizedSignature(header, encoding);
  return (request) => {
    const signature = shownMac(request, header, encoding);
    if (signature === null) return refused(problem);
    return { kind: "signed", judge: (body) => (macFits(signature, key, body) ? null : problem) };
  };
}
