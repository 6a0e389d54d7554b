import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { OpsError } from "../../../domain/ops-error.ts";
import { staleSignature, unauthorizedStandardWebhook } from "../problem.ts";
import { isOfNow, type Lock, refused } from "./lock.ts";
import { onlyHeader } from "./only-header.ts";

const mostSignatures = 20;

/**
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: `webhook-signature` is a
 * list of `v1,<base64>`, each the HMAC-SHA-256 of `<webhook-id>.<webhook-timestamp>.<raw body>`. The public-key form
 * `v1a` is passed over. The secret is `whsec_` and base64, or a plain text.
 */
export function standardWebhooksLock(sourceId: string, secret: string, now: () => number): Lock {
  const key = keyOf(sourceId, secret);
  return (request) => {
    const id = onlyHeader(request, "webhook-id");
    const seconds = onlyHeader(request, "webhook-timestamp");
    const shown = signaturesIn(onlyHeader(request, "webhook-signature") ?? "");
    if (id === null || seconds === null || shown.length === 0) return refused(unauthorizedStandardWebhook);
    if (!isOfNow(seconds, now())) return refused(staleSignature("webhook-timestamp"));
    return {
      kind: "signed",
      judge: (body) => {
        // Node reads header bytes as Latin-1; these are the bytes that came.
        const mac = createHmac("sha256", key)
          .update(Buffer.from(`${id}.${seconds}.`, "latin1"))
          .update(body);
        // Compared as text: base64 has several notations for the same bytes.
        const due = Buffer.from(mac.digest("base64"));
        return shown.some((signature) => timingSafeEqual(signature, due))
          ? null
          : unauthorizedStandardWebhook;
      },
    };
  };
}

function signaturesIn(value: string): Buffer[] {
  return value.split(" ", mostSignatures).flatMap((part) => {
    const signature = /^v1,([A-Za-z0-9+/]{43}=)$/.exec(part)?.[1];
    return signature === undefined ? [] : [Buffer.from(signature)];
  });
}

function keyOf(sourceId: string, secret: string): KeyObject {
  if (!secret.startsWith("whsec_")) return createSecretKey(Buffer.from(secret, "utf8"));
  const text = secret.slice("whsec_".length);
  const bytes = Buffer.from(text, "base64");
  if (bytes.length < 16 || bytes.toString("base64").replace(/=+$/, "") !== text.replace(/=+$/, "")) {
    throw new OpsError(
      "misconfigured",
      `The secret of the source "${sourceId}" begins with whsec_, but no base64 of at least 16 bytes follows; copy it again from the sender.`,
    );
  }
  return createSecretKey(bytes);
}
