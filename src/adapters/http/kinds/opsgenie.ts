import type { Alert } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeAlert } from "./compose-alert.ts";
import { firstText, limits, toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { entriesOf, membersOf, tagsOf, unquoted } from "./peek.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * Outgoing webhook of Opsgenie and of Jira Service Management's operations: `action` and `alert`
 * (https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/), or `incident` instead, with
 * the members that the incident API gives it (https://docs.opsgenie.com/docs/incident-api). Of the actions after Create
 * many carry only a part. Never throws.
 */
export function parse(bytes: Uint8Array, receivedAt: Instant, source: SourceOf<"opsgenie">): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const body = membersOf(json.value);
  const about = "incident" in body && !("alert" in body) ? "incident" : "alert";
  const alert = membersOf(unquoted(body[about]));
  const action = toText(body["action"], 100);
  if (Object.keys(alert).length === 0) {
    if (/^(?:test|ping)/i.test(action)) return { kind: "nothing", what: `action "${action}"` };
    return {
      kind: "unmappable",
      reason: `${about}: missing or not an object; Opsgenie's webhook carries it`,
    };
  }
  const status = statusOf(action, alert);
  if (status === null) return { kind: "unmappable", reason: "action: missing; it must say Create, Close …" };
  if (status === "quiet") return { kind: "nothing", what: `action "${action}"` };
  const marks = [alert[`${about}Id`], alert["id"], alert["alias"], alert["message"]];
  if (marks.every((one) => toText(one, 10) === "")) {
    return { kind: "unmappable", reason: `${about}: none of ${about}Id, id, alias and message is there` };
  }
  return { kind: "alerts", alerts: [toAlert(body, alert, about, status, receivedAt, source.id)] };
}

/** They say how the alert stands. Everything else (a note, a tag, an owner, a custom action) changes nothing about that. */
const openActions = ["create", "acknowledge", "unacknowledge", "escalate", "escalatenext", "snoozeended"];
const moreOpenActions = ["updatepriority", "updatemessage", "updatedescription", "reopen", "open"];
const overActions = ["close", "delete", "resolve"];

function statusOf(action: string, alert: Members): Alert["status"] | "quiet" | null {
  const word = action.toLowerCase().replaceAll(/[^a-z]/g, "");
  const state = toText(alert["status"], 50).toLowerCase();
  const closed = state === "closed" || state === "resolved";
  if (overActions.includes(word)) return "resolved";
  if (openActions.includes(word) || moreOpenActions.includes(word)) return closed ? "resolved" : "firing";
  if (word !== "") return "quiet";
  if (closed) return "resolved";
  return state === "" ? null : "firing";
}

function toAlert(
  body: Members,
  alert: Members,
  about: "alert" | "incident",
  status: Alert["status"],
  receivedAt: Instant,
  sourceId: string,
): Alert {
  const details = membersOf(unquoted(alert["details"] ?? alert["extraProperties"]));
  const id = firstText(200, alert[`${about}Id`], alert["id"]);
  const integration = membersOf(body["source"]);
  return composeAlert(
    {
      status,
      title: [alert["message"], alert["alias"], `Opsgenie ${about} ${firstText(100, alert["tinyId"], id)}`],
      summary: [alert["description"], alert["note"]],
      severity: [priorityOf(alert["priority"]), details["severity"], details["priority"]],
      // What the alias holds together is one alert for as long as it is open; the id would be new the next time.
      fingerprint: about === "incident" ? `incident/${id}` : firstText(500, alert["alias"], id),
      startedAt: [alert["createdAt"], alert["insertedAt"], alert["impactStartDate"]],
      // Milliseconds when it was created, nanoseconds when it was updated.
      endedAt: [alert["updatedAt"]],
      labels: [
        tagsOf(alert["tags"]),
        {
          entity: alert["entity"],
          team: alert["team"] ?? alert["ownerTeam"] ?? firstName(alert["teams"] ?? alert["responders"]),
          priority: alert["priority"],
          opsgenie_source: alert["source"],
          integration: firstText(limits.labelValue, body["integrationName"], integration["name"]),
        },
        details,
      ],
      links: [alert["alertUrl"], alert["url"], membersOf(alert["links"])["web"], ...Object.values(details)],
    },
    sourceId,
    receivedAt,
  );
}

/** `P1` to `P5`; in older payloads the number alone. */
function priorityOf(value: unknown): string {
  const word = toText(value, 50);
  return /^[1-5]$/.test(word) ? `P${word}` : word;
}

function firstName(value: unknown): string {
  const [first] = entriesOf(value);
  return firstText(limits.labelValue, membersOf(first)["name"], first);
}
