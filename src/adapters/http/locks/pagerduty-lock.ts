import { unauthorizedSignature } from "../problem.ts";
import { keyOf, macFits } from "./hmac-lock.ts";
import { type Lock, refused } from "./lock.ts";
import { onlyHeader } from "./only-header.ts";

const pagerDutyHeader = "X-PagerDuty-Signature";
/** PagerDuty signs with the old and the new secret while one replaces the other. */
const mostSignatures = 10;

/**
 * PagerDuty's v3 webhooks: `v1=<hex>`, several with commas between them.
 * https://developer.pagerduty.com/docs/verifying-webhook-signatures
 */
export function pagerDutyLock(secret: string): Lock {
  const key = keyOf(secret);
  const problem = unauthorizedSignature(pagerDutyHeader);
  return (request) => {
    const shown = (onlyHeader(request, pagerDutyHeader) ?? "").split(",", mostSignatures).flatMap((part) => {
      const hex = /^[ \t]*v1=([0-9a-f]{64})[ \t]*$/.exec(part)?.[1];
      return hex === undefined ? [] : [Buffer.from(hex, "hex")];
    });
    if (shown.length === 0) return refused(problem);
    return {
      kind: "signed",
      judge: (body) => (shown.some((signature) => macFits(signature, key, body)) ? null : problem),
    };
  };
}
