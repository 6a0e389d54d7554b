import type { Alert } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeAlert } from "./compose-alert.ts";
import { gather } from "./gather.ts";
import { firstText, limits, maxAlerts, toText } from "./normalise.ts";
import { isEnqueued, parseEnqueued } from "./pagerduty-enqueued.ts";
import { parseJson } from "./parse-json.ts";
import { entriesOf, membersOf, unquoted } from "./peek.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * Webhook subscriptions of PagerDuty, version 3 (`event`, https://developer.pagerduty.com/docs/webhooks-overview), and
 * the webhook extensions before them (`messages`). Also what is sent to PagerDuty, as other tools imitate it. Never throws.
 */
export function parse(bytes: Uint8Array, receivedAt: Instant, source: SourceOf<"pagerduty">): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const body = membersOf(json.value);
  if (Array.isArray(body["messages"])) return parseMessages(body["messages"], receivedAt, source.id);
  if (isEnqueued(body)) return parseEnqueued(body, receivedAt, source.id);
  if (typeof body["event"] !== "object" || body["event"] === null) {
    return { kind: "unmappable", reason: "event: missing; a version 3 webhook of PagerDuty carries it" };
  }
  const event = membersOf(body["event"]);
  return read(
    {
      type: toText(event["event_type"], 100),
      typePlace: "event.event_type",
      incident: membersOf(event["data"]),
      incidentPlace: "event.data",
      occurredAt: event["occurred_at"],
    },
    receivedAt,
    source.id,
  );
}

interface Message {
  type: string;
  typePlace: string;
  incident: Members;
  incidentPlace: string;
  occurredAt: unknown;
}

function parseMessages(messages: readonly unknown[], receivedAt: Instant, sourceId: string): ParsedDelivery {
  if (messages.length > maxAlerts) {
    return { kind: "unmappable", reason: `messages: more than ${maxAlerts} in one delivery` };
  }
  const readOne = (one: unknown, index: number): ParsedDelivery => {
    const message = membersOf(one);
    const place = `messages.${index}`;
    // Version 2 has event and incident; version 1 has type and data.incident.
    const first = "incident" in message ? message : membersOf(message["data"]);
    return read(
      {
        type: firstText(100, message["event"], message["type"]),
        typePlace: `${place}.event`,
        incident: membersOf(first["incident"]),
        incidentPlace: `${place}.incident`,
        occurredAt: message["created_on"],
      },
      receivedAt,
      sourceId,
    );
  };
  return gather(messages.map(readOne));
}

const over = ["resolved", "resolve"];
/** What happens to an incident that is open, and leaves it so. */
const open = [
  ["triggered", "acknowledged", "unacknowledged", "reopened", "escalated", "delegated", "reassigned"],
  ["priority_updated", "service_updated", "incident_type.changed"],
  ["trigger", "acknowledge", "unacknowledge", "reopen", "escalate", "delegate", "assign"],
].flat();

function read(message: Message, receivedAt: Instant, sourceId: string): ParsedDelivery {
  const { type, typePlace, incident, incidentPlace } = message;
  if (type === "") return { kind: "unmappable", reason: `${typePlace}: missing; it must name the event` };
  const word = type.replace(/^incident\./, "");
  const known = over.includes(word) || open.includes(word);
  // A kind of event that PagerDuty adds later still says by its incident's status how things stand.
  if (!known && !(type !== word && incident["type"] === "incident" && "status" in incident)) {
    return { kind: "nothing", what: type === "pagey.ping" ? "a ping" : `event "${type}"` };
  }
  if (toText(incident["id"], 100) === "" && titlesOf(incident).every((one) => toText(one, 10) === "")) {
    return { kind: "unmappable", reason: `${incidentPlace}: neither id nor title is there` };
  }
  const resolved = over.includes(word) || incident["status"] === "resolved";
  return {
    kind: "alerts",
    alerts: [toAlert(message, resolved ? "resolved" : "firing", receivedAt, sourceId)],
  };
}

function titlesOf(incident: Members): readonly unknown[] {
  const trigger = membersOf(incident["trigger_summary_data"]);
  return [
    incident["title"],
    incident["summary"],
    incident["description"],
    trigger["subject"],
    trigger["description"],
    trigger["SERVICEDESC"],
  ];
}

function toAlert(
  { incident, occurredAt, incidentPlace }: Message,
  status: Alert["status"],
  receivedAt: Instant,
  sourceId: string,
): Alert {
  const id = toText(incident["id"], 100);
  const details = detailsOf(incident);
  const began = [incident["created_at"], incident["created_on"]];
  const changed = [
    incident["resolved_at"],
    incident["last_status_change_at"],
    incident["last_status_change_on"],
  ];
  return composeAlert(
    {
      status,
      title: [...titlesOf(incident), `PagerDuty incident ${id}`],
      summary: [
        ...titlesOf(incident).slice(1),
        textOf(details),
        membersOf(incident["resolve_reason"])["type"],
      ],
      severity: [
        priorityWord(incident["priority"]),
        membersOf(details)["severity"],
        incident["urgency"] === "low" ? "warning" : "error",
      ],
      fingerprint: id === "" ? undefined : `incident/${id}`,
      startedAt: [...began, occurredAt],
      endedAt: [...(incidentPlace === "event.data" ? [occurredAt] : changed), occurredAt],
      labels: [
        membersOf(details),
        {
          service: nameOf(incident["service"]),
          escalation_policy: nameOf(incident["escalation_policy"]),
          team: nameOf(entriesOf(incident["teams"])[0]),
          priority: nameOf(incident["priority"]),
          urgency: incident["urgency"],
          incident_number: incident["number"] ?? incident["incident_number"],
          incident_key: incident["incident_key"],
        },
      ],
      links: [
        incident["html_url"],
        incident["trigger_details_html_url"],
        membersOf(incident["conference_bridge"])["conference_url"],
      ],
      groupHint: id === "" ? undefined : `incident/${id}`,
    },
    sourceId,
    receivedAt,
  );
}

/** A reference names its object in `summary`, the older form in `name`. */
function nameOf(value: unknown): string {
  const { summary, name } = membersOf(value);
  return firstText(limits.labelValue, summary, name, value);
}

/** "P1", "SEV-2" or "P1 - Critical": the word that says how bad. */
function priorityWord(value: unknown): string {
  const name = nameOf(value);
  return /(?<![a-z0-9])(?:p|sev[ -]?)[0-5](?![a-z0-9])/i.exec(name)?.[0] ?? name;
}

/** What the monitoring tool sent along with the trigger: an object, or a text. */
function detailsOf(incident: Members): unknown {
  const body = membersOf(incident["body"]);
  const channel = membersOf(membersOf(incident["first_trigger_log_entry"])["channel"]);
  const details = unquoted(body["details"] ?? channel["details"] ?? channel["body"]);
  const inner = membersOf(details)["custom_details"];
  return inner === undefined ? details : unquoted(inner);
}

function textOf(details: unknown): string {
  return typeof details === "string" ? details : firstText(limits.summary, membersOf(details)["description"]);
}
