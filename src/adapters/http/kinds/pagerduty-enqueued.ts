import type { Alert } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeAlert } from "./compose-alert.ts";
import { composeChange } from "./compose-change.ts";
import { limits, toText } from "./normalise.ts";
import { entriesOf, membersOf, unquoted } from "./peek.ts";

type Members = Readonly<Record<string, unknown>>;

const actions: Readonly<Record<string, Alert["status"]>> = {
  trigger: "firing",
  acknowledge: "firing",
  resolve: "resolved",
};

/** True for a body of that API, and not of a webhook. */
export function isEnqueued(body: Members): boolean {
  return "event_action" in body || (!("event" in body) && "payload" in body);
}

/**
 * PagerDuty's Events API version 2: alert events (`event_action`), and change events, which have only a `payload`
 * (https://developer.pagerduty.com/docs/events-api-v2-overview). Never throws.
 */
export function parseEnqueued(body: Members, receivedAt: Instant, sourceId: string): ParsedDelivery {
  if (!("event_action" in body)) return parseChange(body, receivedAt, sourceId);
  const action = toText(body["event_action"], 50).toLowerCase();
  const status = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (status === undefined) {
    return { kind: "unmappable", reason: "event_action: it must be trigger, acknowledge or resolve" };
  }
  const payload = membersOf(unquoted(body["payload"]));
  const key = body["dedup_key"];
  if (toText(payload["summary"], 10) === "" && toText(key, 10) === "") {
    return { kind: "unmappable", reason: "payload.summary, dedup_key: both are missing" };
  }
  const alert = composeAlert(
    {
      status,
      title: [payload["summary"], key],
      summary: [membersOf(payload["custom_details"])["description"]],
      severity: [payload["severity"]],
      fingerprint: key,
      startedAt: [payload["timestamp"]],
      endedAt: [payload["timestamp"]],
      labels: [
        membersOf(payload["custom_details"]),
        { host: payload["source"], component: payload["component"], class: payload["class"] },
        { group: payload["group"], client: body["client"] },
      ],
      links: [...entriesOf(body["links"]).map((one) => membersOf(one)["href"]), body["client_url"]],
      groupHint: key,
    },
    sourceId,
    receivedAt,
  );
  return { kind: "alerts", alerts: [alert] };
}

/** A change event says what happened in words; its details are each tool's own. */
function parseChange(body: Members, receivedAt: Instant, sourceId: string): ParsedDelivery {
  const payload = membersOf(unquoted(body["payload"]));
  const summary = toText(payload["summary"], limits.title);
  if (summary === "") {
    return { kind: "unmappable", reason: "payload.summary: missing; a change event of PagerDuty carries it" };
  }
  const details = membersOf(payload["custom_details"]);
  const change = composeChange(
    {
      id: JSON.stringify([payload["source"], summary, payload["timestamp"]]),
      kind: /deploy|release|rollout|build/i.test(summary) ? "deploy" : "other",
      state: /\bfail/i.test(summary) ? "failed" : "succeeded",
      title: [summary],
      version: [details["version"], details["commit"], details["build_number"]],
      author: [details["author"], details["user"]],
      at: [payload["timestamp"]],
      labels: [details, { change_source: payload["source"] }],
      links: entriesOf(body["links"]).map((one) => membersOf(one)["href"]),
    },
    sourceId,
    receivedAt,
  );
  return { kind: "outside_changes", changes: [change] };
}
