import type { Alert } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeAlert, labelsOf } from "./compose-alert.ts";
import { firstText, limits, toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { membersOf, tagsOf, unquoted } from "./peek.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * The webhook alert action of Splunk Enterprise and Cloud
 * (https://help.splunk.com/en/splunk-enterprise/alert-and-respond/alerting-manual, "Use a webhook alert action") and the
 * webhook of Splunk Observability Cloud (https://dev.splunk.com/observability/docs/integrations/webhook_integration_overview).
 * Never throws.
 */
export function parse(bytes: Uint8Array, receivedAt: Instant, source: SourceOf<"splunk">): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const body = membersOf(json.value);
  if (observabilityMembers.some((name) => name in body)) return detectorAlert(body, receivedAt, source.id);
  if (searchMembers.some((name) => name in body)) {
    return { kind: "alerts", alerts: [searchAlert(body, receivedAt, source.id)] };
  }
  return {
    kind: "unmappable",
    reason:
      "body: neither search_name, sid and result (alert action) nor detector and incidentId (Observability)",
  };
}

const observabilityMembers = ["sf_schema", "detectorId", "detectorUrl", "statusExtended", "incidentId"];
const searchMembers = ["sid", "search_name", "result", "results_link"];

/** Not "ok" and the like: those may as well be about the event that was found. */
const overWords = new Set(["resolved", "recovered", "cleared"]);

/** A search only ever fires. That its trouble is over can only be said by a field of the first row. */
function searchAlert(body: Members, receivedAt: Instant, sourceId: string): Alert {
  const result = membersOf(unquoted(body["result"]));
  const sid = toText(body["sid"], 300);
  const name = firstText(limits.title, body["search_name"], searchIn(sid), "Splunk search");
  const state = firstText(
    50,
    result["alert_state"],
    result["alert_status"],
    result["state"],
    result["status"],
  );
  const labels = labelsOf([result]);
  const mark = firstText(200, result["fingerprint"], result["alert_id"]);
  const place = ["service", "environment", "host", "source", "region"].map((one) => labels[one] ?? "");
  return composeAlert(
    {
      status: overWords.has(state.toLowerCase()) ? "resolved" : "firing",
      title: [name],
      summary: [
        result["message"] ?? result["description"] ?? result["_raw"],
        Object.entries(labels)
          .filter(([field]) => !field.startsWith("_"))
          .slice(0, 20)
          .map(([field, text]) => `${field}=${text}`)
          .join(", "),
      ],
      severity: [
        body["severity"],
        result["severity"],
        result["urgency"],
        result["priority"],
        result["log_level"] ?? result["level"],
        severityByNumber[toText(body["severity"] ?? result["severity"], 5)],
      ],
      // Counts in the row differ each time: only where the trouble is tells rows of one search apart.
      fingerprint: JSON.stringify(mark === "" ? [body["app"], name, ...place] : [name, mark]),
      startedAt: [result["_time"], body["trigger_time"], /_at_(\d{9,11})(?:_|$)/.exec(sid)?.[1]],
      labels: [result, { search: name, splunk_app: body["app"], owner: body["owner"] }],
      links: [body["results_link"], body["view_link"]],
      groupHint: name,
    },
    sourceId,
    receivedAt,
  );
}

/** `alert.severity` of savedsearches.conf. */
const severityByNumber: Readonly<Record<string, string>> = {
  "1": "info",
  "2": "info",
  "3": "warning",
  "4": "error",
  "5": "critical",
  "6": "critical",
};

/** A search that was not saved has only its id: `scheduler__admin__search__W2_at_14232356_132`. */
function searchIn(sid: string): string {
  return sid.replace(/_at_\d+.*$/, "");
}

const detectorStatuses: ReadonlyMap<string, Alert["status"]> = new Map([
  ["anomalous", "firing"],
  ["triggered", "firing"],
  ["ok", "resolved"],
  ["autoresolved", "resolved"],
  ["manuallyresolved", "resolved"],
  ["stopped", "resolved"],
  ["resolved", "resolved"],
  ["cleared", "resolved"],
]);

function detectorAlert(body: Members, receivedAt: Instant, sourceId: string): ParsedDelivery {
  const words = [body["statusExtended"], body["status"], body["state"], body["severity"]];
  const status = words
    .map((word) =>
      detectorStatuses.get(
        toText(word, 50)
          .toLowerCase()
          .replaceAll(/[^a-z]/g, ""),
      ),
    )
    .find((found) => found !== undefined);
  if (status === undefined) {
    return {
      kind: "unmappable",
      reason: "statusExtended, status: missing or unknown; one must be anomalous, ok, stopped or … resolved",
    };
  }
  const name = firstText(
    limits.title,
    body["rule"],
    body["detector"],
    body["description"],
    body["messageTitle"],
    body["message"],
  );
  const alert = composeAlert(
    {
      status,
      title: [name],
      summary: [body["messageTitle"], body["description"], body["messageBody"], body["body"], body["tip"]],
      severity: [body["severity"]],
      fingerprint: body["incidentId"] ?? JSON.stringify([body["detectorId"], name, body["dimensions"]]),
      startedAt: [
        body["timestampISO8601"],
        body["timestamp"],
        body["eventTimestamp"],
        body["eventTimestampISO8601"],
      ],
      endedAt: [body["timestampISO8601"], body["timestamp"], body["eventTimestamp"]],
      labels: [
        ...Object.values(membersOf(unquoted(body["inputs"])))
          .slice(0, 20)
          .map((input) => membersOf(input)["key"]),
        membersOf(unquoted(body["dimensions"])),
        {
          detector: body["detector"],
          rule: body["rule"],
          metric: body["originatingMetric"],
          organisation: body["orgId"],
        },
        tagsOf(unquoted(body["tags"])),
      ],
      links: [body["detectorUrl"], body["runbookUrl"], body["runbook_url"]],
      groupHint: firstText(200, body["detectorId"], body["detector"]),
    },
    sourceId,
    receivedAt,
  );
  return { kind: "alerts", alerts: [alert] };
}
