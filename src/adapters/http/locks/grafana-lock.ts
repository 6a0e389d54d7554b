import { staleSignature, unauthorizedSignature } from "../problem.ts";
import { keyOf, macFits, shownMac } from "./hmac-lock.ts";
import { isOfNow, type Lock, refused } from "./lock.ts";
import { onlyHeader } from "./only-header.ts";

const grafanaHeader = "X-Grafana-Alerting-Signature";

/**
 * Grafana's alerting webhook: the HMAC of the body, or of `<seconds>:<body>` where a timestamp header is set there.
 * Leaving that header out does not make the one pass as the other: `1795229095:{…}` is no JSON.
 * https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
 */
export function grafanaLock(timestampHeader: string, secret: string, now: () => number): Lock {
  const key = keyOf(secret);
  const problem = unauthorizedSignature(grafanaHeader);
  return (request) => {
    const signature = shownMac(request, grafanaHeader);
    if (signature === null) return refused(problem);
    if (request.headers[timestampHeader.toLowerCase()] === undefined) {
      return { kind: "signed", judge: (body) => (macFits(signature, key, body) ? null : problem) };
    }
    const seconds = onlyHeader(request, timestampHeader);
    if (seconds === null || !isOfNow(seconds, now())) return refused(staleSignature(timestampHeader));
    return {
      kind: "signed",
      judge: (body) => (macFits(signature, key, `${seconds}:`, body) ? null : problem),
    };
  };
}
