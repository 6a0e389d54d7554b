import type { IncomingMessage } from "node:http";
import { namesSecret } from "../../domain/redact.ts";
import type { SourceKind } from "../../domain/source.ts";

/** What a kind's meaning stands in beside the body. No other header is kept: one could be a credential. */
const meaningful: Partial<Record<SourceKind, readonly string[]>> = {
  github: ["x-github-event", "x-github-delivery", "x-github-hook-id"],
  sentry: ["sentry-hook-resource", "sentry-hook-timestamp", "request-id"],
  featbit: ["x-featbit-event", "x-featbit-delivery", "x-featbit-hook-id"],
  pagerduty: ["x-webhook-subscription", "x-webhook-id"],
  cloudwatch: ["x-amz-sns-message-type", "x-amz-sns-message-id"],
  generic: ["webhook-id"],
  change: ["webhook-id"],
  cloudevents: ["content-type", "webhook-id"],
};

const longest = 1000;
const most = 40;

/** The headers that are kept with a delivery of this kind, names in lower case; a value beyond 1,000 characters is not. */
export function keptHeaders(
  kind: SourceKind,
  { headers }: Pick<IncomingMessage, "headers">,
): Record<string, string> {
  const names = [...(meaningful[kind] ?? [])];
  if (kind === "cloudevents") {
    // Binary mode: every attribute of the event is a header.
    names.push(...Object.keys(headers).filter(isAttribute));
  }
  const kept: Record<string, string> = {};
  for (const name of names.slice(0, most)) {
    const value = headers[name];
    if (typeof value === "string" && value !== "" && value.length <= longest) kept[name] = value;
  }
  return kept;
}

function isAttribute(header: string): boolean {
  const name = /^ce-([a-z0-9]{1,40})$/.exec(header)?.[1];
  return name !== undefined && !namesSecret(name) && !name.startsWith("auth");
}
