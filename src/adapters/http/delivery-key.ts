import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Source } from "../../domain/source.ts";
import { readEnvelope } from "./sns/envelope.ts";

/**
 * Equal for a redelivery, and only for one; null when nothing tells. The rule of most senders: their own id together
 * with the bytes. The bytes alone would not do, as Alertmanager sends the same ones at every repeat_interval to say
 * that it still burns; the id alone would let a sender that uses one twice lose an alert.
 */
export function deliveryKeyOf(
  source: Source,
  request: Pick<IncomingMessage, "headers">,
  body: Uint8Array,
): string | null {
  // Signed, and unique for each message: what is not signed may differ, the message is the same.
  if (source.kind === "cloudwatch") return digest("sns:", readEnvelope(body)?.MessageId ?? "");
  if (bytesTell(source, request)) return digest("body\n", body);
  for (const name of idHeaders(source)) {
    const value = request.headers[name];
    if (typeof value === "string" && value !== "") return digest(`${name}:${value}\n`, body);
  }
  return null;
}

/** Their bodies name event and moment, so that equal bytes are one event; a header that nobody signed adds nothing. */
function bytesTell({ kind, auth }: Source, { headers }: Pick<IncomingMessage, "headers">): boolean {
  if (kind === "github") return true;
  // What others send in PagerDuty's older forms is the same text each time the trouble comes back; it is not signed.
  if (kind === "pagerduty") return auth === "vendor";
  return kind === "cloudevents" && (headers["content-type"] ?? "").startsWith("application/cloudevents");
}

const usual = ["x-signalman-delivery", "idempotency-key", "webhook-id"];

/** In the order they are looked for. Where one is signed it is the only one: who replays could choose the others. */
function idHeaders(source: Source): readonly string[] {
  if (source.auth === "standard_webhooks") return ["webhook-id"];
  switch (source.kind) {
    case "grafana":
      return [source.timestampHeader.toLowerCase(), ...usual];
    case "featbit":
      return ["x-featbit-delivery", ...usual];
    case "sentry":
      return ["request-id", ...usual];
    case "cloudevents":
      return ["ce-id", ...usual];
    default:
      return usual;
  }
}

function digest(start: string, rest: string | Uint8Array): string {
  return createHash("sha256").update(start).update(rest).digest("hex");
}
