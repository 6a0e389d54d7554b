import type { Alert } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeAlert } from "./compose-alert.ts";
import { firstText, limits, toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { entriesOf, membersOf, unquoted } from "./peek.ts";

/**
 * Webhook of Google Cloud Monitoring, schema 1.2 and the older 1.0, 1.1:
 * https://cloud.google.com/monitoring/support/notification-options#webhooks. Never throws.
 */
export function parse(
  bytes: Uint8Array,
  receivedAt: Instant,
  source: SourceOf<"google_cloud_monitoring">,
): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const body = unwrapped(membersOf(json.value));
  if (body["version"] === "test") return { kind: "nothing", what: "a test notification" };
  const incident = membersOf(body["incident"]);
  if (Object.keys(incident).length === 0) {
    return {
      kind: "unmappable",
      reason: "incident: missing; it must be an object, also within message.data",
    };
  }
  const status = statuses.get(toText(incident["state"], 30).toLowerCase());
  if (status === undefined) {
    return {
      kind: "unmappable",
      reason: "incident.state: missing or unknown; it must be open, acknowledged or closed",
    };
  }
  return { kind: "alerts", alerts: [toAlert(incident, status, receivedAt, source.id)] };
}

/**
 * What a push subscription of Pub/Sub wraps in base64, when the channel is a topic:
 * https://cloud.google.com/pubsub/docs/push#receive_push
 */
function unwrapped(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { data } = membersOf(body["message"]);
  if (typeof data !== "string" || "incident" in body) return body;
  return membersOf(unquoted(Buffer.from(data, "base64").toString("utf8")));
}

const statuses: ReadonlyMap<string, Alert["status"]> = new Map([
  ["open", "firing"],
  ["opened", "firing"],
  ["acknowledged", "firing"],
  ["closed", "resolved"],
  ["resolved", "resolved"],
]);

function toAlert(
  incident: Readonly<Record<string, unknown>>,
  status: Alert["status"],
  receivedAt: Instant,
  sourceId: string,
): Alert {
  const condition = membersOf(incident["condition"]);
  const resource = membersOf(incident["resource"]);
  const metric = membersOf(incident["metric"]);
  const metadata = membersOf(incident["metadata"]);
  const systemLabels = membersOf(metadata["system_labels"]);
  const userLabels = membersOf(metadata["user_labels"]);
  const policyLabels = membersOf(incident["policy_user_labels"]);
  const documentation =
    typeof incident["documentation"] === "string"
      ? { content: incident["documentation"] }
      : membersOf(incident["documentation"]);
  const policy = nameIn(incident["policy_name"]);
  const project = firstText(200, incident["scoping_project_id"], membersOf(resource["labels"])["project_id"]);
  const conditionName = firstText(limits.title, incident["condition_name"], condition["displayName"]);
  return composeAlert(
    {
      status,
      title: [policy, conditionName, documentation["subject"], incident["summary"]],
      summary: [
        incident["summary"],
        conditionName,
        valueIn(incident),
        documentation["subject"],
        documentation["content"],
      ],
      severity: [
        incident["severity"],
        policyLabels["severity"],
        userLabels["severity"],
        systemLabels["severity"],
      ],
      // Without an incident's id: what it is about.
      fingerprint:
        incident["incident_id"] ??
        JSON.stringify([project, incident["policy_name"], conditionName, resource["labels"]]),
      startedAt: [incident["started_at"]],
      endedAt: [incident["ended_at"]],
      labels: [
        systemLabels,
        metric["labels"],
        resource["labels"],
        {
          project,
          policy,
          condition: conditionName,
          metric: metric["type"],
          resource_type: resource["type"] ?? incident["resource_type_display_name"],
          resource_name: incident["resource_display_name"] ?? incident["resource_name"],
        },
        userLabels,
        policyLabels,
      ],
      links: [
        incident["url"],
        ...entriesOf(documentation["links"]).map((link) => membersOf(link)["url"]),
        incident["apigee_url"],
      ],
      groupHint: policy === "" && conditionName === "" ? null : `${project}/${policy || conditionName}`,
    },
    sourceId,
    receivedAt,
  );
}

/** A policy's name as people gave it; "" for the path `projects/…/alertPolicies/…`. */
function nameIn(policy: unknown): string {
  const name = toText(policy, limits.title);
  return /^projects\/[^/]*\/alertPolicies\//.test(name) ? "" : name;
}

function valueIn({ observed_value, threshold_value }: Readonly<Record<string, unknown>>): string {
  const observed = toText(observed_value, 50);
  const threshold = toText(threshold_value, 50);
  if (observed === "") return "";
  return threshold === "" ? `Observed ${observed}` : `Observed ${observed}, threshold ${threshold}`;
}
