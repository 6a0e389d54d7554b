import type { Alert } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import { type SourceOf, usualResolvedWords } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { readAlerts } from "./alertmanager.ts";
import { isCdEvent, readCdEvent } from "./cd-events.ts";
import { composeAlert } from "./compose-alert.ts";
import { gather } from "./gather.ts";
import { firstText, limits, maxAlerts, toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { entriesOf, membersOf, tagsOf, unquoted } from "./peek.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * CloudEvents over HTTP (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md):
 * structured, as a batch, or binary, where the attributes are headers and the body is the data. The data is read as the
 * plain form of the kind `generic`, as Alertmanager's or as CDEvents'; what it does not say, the event's attributes do.
 * Never throws.
 */
export function parse(
  bytes: Uint8Array,
  receivedAt: Instant,
  source: SourceOf<"cloudevents">,
  headers: Readonly<Record<string, string>> = {},
): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const binary = attributesIn(headers);
  if (binary !== null) return read({ ...binary, data: json.value }, "", receivedAt, source.id);
  if (!Array.isArray(json.value)) return read(membersOf(json.value), "", receivedAt, source.id);

  const events: readonly unknown[] = json.value;
  if (events.length > maxAlerts) {
    return { kind: "unmappable", reason: `body: more than ${maxAlerts} events in one delivery` };
  }
  const gathered = gather(
    events.map((event, index) => read(membersOf(event), `${index}.`, receivedAt, source.id)),
  );
  if (gathered.kind !== "alerts" || gathered.alerts.length <= maxAlerts) return gathered;
  return { kind: "unmappable", reason: `body: more than ${maxAlerts} alerts in one delivery` };
}

/** `ce-type: …` and its like; null where the event is in the body. */
function attributesIn(headers: Readonly<Record<string, string>>): Members | null {
  if (headers["ce-specversion"] === undefined) return null;
  const attributes: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith("ce-")) attributes[name.slice(3)] = decoded(value);
  }
  return attributes;
}

/** What is not ASCII is percent-encoded in a header; what is no such encoding stays as it is. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function read(event: Members, place: string, receivedAt: Instant, sourceId: string): ParsedDelivery {
  // A CDEvent says by itself all that an envelope would; some tools send it without.
  if (isCdEvent(event)) return readCdEvent(event, place, receivedAt, sourceId);
  if (toText(event["specversion"], 10) === "" || toText(event["type"], 10) === "") {
    return {
      kind: "unmappable",
      reason: `${place}specversion, ${place}type: missing; every CloudEvent has both, in the body or as ce- headers`,
    };
  }
  const data = dataOf(event);
  if (data === null) {
    return { kind: "unmappable", reason: `${place}data: it must be a JSON object or a text` };
  }
  if (isCdEvent(data)) return readCdEvent(data, `${place}data.`, receivedAt, sourceId);
  if (Array.isArray(data["alerts"]))
    return readAlerts(data, receivedAt, sourceId, { place: `${place}data.` });
  const status = statusOf(data, event);
  if (status === null) {
    return {
      kind: "unmappable",
      reason: `${place}data.status: missing, and the end of type does not say firing or resolved either`,
    };
  }
  return { kind: "alerts", alerts: [toAlert(event, data, status, receivedAt, sourceId)] };
}

/** An event without data says what it says by its attributes; a text is what it has to say. */
function dataOf(event: Members): Members | null {
  const encoded = event["data_base64"];
  const value =
    typeof encoded === "string" && event["data"] === undefined
      ? Buffer.from(encoded, "base64").toString("utf8")
      : event["data"];
  const data = unquoted(value);
  if (data === undefined || data === null) return {};
  if (typeof data === "string") return { summary: data };
  return typeof data === "object" && data !== null && !Array.isArray(data) ? membersOf(data) : null;
}

const onWords = [
  "firing",
  "alerting",
  "triggered",
  "open",
  "opened",
  "created",
  "raised",
  "failed",
  "down",
  "alert",
];

/** By the data's own word; else by the last part of the type that is one, as in `com.example.alert.resolved.v1`. */
function statusOf(data: Members, { type }: Members): Alert["status"] | null {
  const word = firstText(100, data["status"], data["state"]).toLowerCase();
  if (word !== "") return usualResolvedWords.includes(word) ? "resolved" : "firing";
  for (const part of toText(type, 300)
    .toLowerCase()
    .split(/[./:_-]/)
    .toReversed()) {
    if (usualResolvedWords.includes(part)) return "resolved";
    if (onWords.includes(part)) return "firing";
  }
  return null;
}

function toAlert(
  event: Members,
  data: Members,
  status: Alert["status"],
  receivedAt: Instant,
  sourceId: string,
): Alert {
  const labels = tagsOf(data["labels"] ?? data["tags"]);
  const from = toText(event["source"], 300);
  const subject = toText(event["subject"], 300);
  const title = firstText(limits.title, data["title"], data["name"], data["alertname"], labels["alertname"]);
  return composeAlert(
    {
      status,
      title: [title, subject, plainType(event["type"])],
      summary: [data["summary"], data["message"], data["description"]],
      severity: [data["severity"], labels["severity"], data["priority"], event["severity"]],
      // An event's own id is another one for every event. Without a mark, what it is about is the same.
      fingerprint: data["fingerprint"] ?? JSON.stringify([from, subject, title || plainType(event["type"])]),
      startedAt: [data["startsAt"], data["startedAt"], event["time"]],
      endedAt: [data["endsAt"], data["endedAt"], event["time"]],
      labels: [
        { event_type: event["type"], event_source: from, event_subject: subject },
        labels,
        { service: data["service"], environment: data["environment"] },
      ],
      links: [...entriesOf(data["links"]), data["url"], data["link"], data["runbook_url"]],
      groupHint: subject === "" ? undefined : `${from} ${subject}`,
    },
    sourceId,
    receivedAt,
  );
}

/** Without the word for its state and what follows: the same for the event that begins and the one that ends. */
function plainType(type: unknown): string {
  const text = toText(type, limits.title);
  return text.replace(
    new RegExp(`[./:_-](?:${[...usualResolvedWords, ...onWords].join("|")})(?:[./:_-][^./:_-]{1,20})?$`, "i"),
    "",
  );
}
