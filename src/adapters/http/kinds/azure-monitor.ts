import type { Alert } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { azureClassicAlert } from "./azure-classic-alert.ts";
import {
  activityStatusOf,
  conditionsIn,
  lastPart,
  type Members,
  severityWord,
  withoutTags,
} from "./azure-context.ts";
import { type AlertPieces, composeAlert } from "./compose-alert.ts";
import { gather } from "./gather.ts";
import { firstText, limits, maxAlerts, toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { entriesOf, membersOf } from "./peek.ts";

/**
 * Webhook of an action group of Azure Monitor: the common alert schema of every monitoring service
 * (https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema) and the older schemas
 * (https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-non-common-schema-definitions). Never throws.
 */
export function parse(
  bytes: Uint8Array,
  receivedAt: Instant,
  source: SourceOf<"azure_monitor">,
): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const several = Array.isArray(json.value);
  const bodies = several ? entriesOf(json.value) : [json.value];
  if (bodies.length > maxAlerts) return { kind: "unmappable", reason: `body: more than ${maxAlerts} alerts` };
  if (bodies.length === 0) return { kind: "unmappable", reason: "body: no alert in it" };
  const readOne = (one: unknown, index: number): ParsedDelivery => {
    const read = readAlert(membersOf(one));
    if (typeof read === "string") {
      return { kind: "unmappable", reason: several ? `${index}.${read}` : read };
    }
    if ("kind" in read) return read;
    return { kind: "alerts", alerts: [composeAlert(read, source.id, receivedAt)] };
  };
  return gather(bodies.map(readOne));
}

/** The pieces of an alert, or that there is nothing to do, or which member is missing. */
function readAlert(body: Members): AlertPieces | Quiet | string {
  const data = membersOf(body["data"] ?? body);
  const essentials = membersOf(data["essentials"]);
  // Azure's own autoscaling reports with the same members, and never says that anything is over.
  if (/^scale (?:in|out)$/i.test(toText(body["operation"], 20))) {
    return { kind: "nothing", what: "a notification of autoscaling" };
  }
  return Object.keys(essentials).length === 0 ? azureClassicAlert(body) : commonAlert(essentials, data);
}

type Quiet = Extract<ParsedDelivery, { kind: "nothing" }>;

function commonAlert(essentials: Members, data: Members): AlertPieces | string {
  const context = membersOf(data["alertContext"]);
  const properties = membersOf(context["properties"]);
  const monitoringService = toText(essentials["monitoringService"], 100);
  const status = conditions.get(toText(essentials["monitorCondition"], 30).toLowerCase());
  if (status === undefined) {
    return "data.essentials.monitorCondition: missing or unknown; it must be Fired or Resolved";
  }
  const health = /service ?health|resource ?health/i.test(monitoringService);
  const targets = entriesOf(essentials["alertTargetIDs"]).map((target) => toText(target, 1000));
  const items = entriesOf(essentials["configurationItems"]).map((item) => toText(item, 300));
  const target = targets[0] ?? "";
  const detail = conditionsIn(context);
  const rule = lastPart(essentials["alertRule"]);
  const title = firstText(limits.title, properties["title"], membersOf(context["AlertData"])["BudgetName"]);
  return {
    // Every news about the health of a service or resource is an alert of its own, "fired" whatever it says.
    status: health ? (activityStatusOf(context, properties) ?? status) : status,
    title: [
      /service ?health/i.test(monitoringService) ? title : "",
      rule,
      title,
      essentials["description"],
      monitoringService,
    ],
    summary: [essentials["description"], title, ...detail.texts, ...contextTexts(context, properties)],
    severity: [severityWord(essentials["severity"])],
    fingerprint: health
      ? healthMark(monitoringService, rule, target, properties)
      : (essentials["alertId"] ??
        essentials["originAlertId"] ??
        JSON.stringify([rule, targets, detail.dimensions])),
    startedAt: [essentials["firedDateTime"], context["eventTimestamp"]],
    endedAt: [
      essentials["resolvedDateTime"],
      health ? properties["impactMitigationTime"] : null,
      context["eventTimestamp"],
    ],
    labels: [
      // Of metric and log alerts these are the rule's own; of events they describe the event.
      context["eventSource"] === undefined ? properties : {},
      detail.dimensions,
      membersOf(context["labels"]),
      {
        alert_rule: rule,
        monitoring_service: monitoringService,
        signal_type: essentials["signalType"],
        severity: essentials["severity"],
        resource: items[0] ?? lastPart(target),
        ...resourceLabels(target),
        ...(essentials["targetResourceGroup"] === undefined
          ? {}
          : { resource_group: essentials["targetResourceGroup"] }),
        ...(context["eventSource"] === undefined ? {} : eventLabels(properties)),
      },
      data["customProperties"],
    ],
    links: [...detail.links, essentials["investigationLink"], portalLink(essentials["alertId"])],
    groupHint: health
      ? healthMark(monitoringService, rule, target, properties)
      : [rule, target.toLowerCase()].filter((part) => part !== "").join("@"),
  };
}

const conditions: ReadonlyMap<string, Alert["status"]> = new Map([
  ["fired", "firing"],
  ["activated", "firing"],
  ["resolved", "resolved"],
  ["deactivated", "resolved"],
]);

/** What is the same for all news about one event. */
function healthMark(monitoringService: string, rule: string, target: string, properties: Members): string {
  const tracking = toText(properties["trackingId"], 200);
  return tracking === ""
    ? JSON.stringify(["health", monitoringService, rule, target.toLowerCase()])
    : `health/${tracking}`;
}

function resourceLabels(target: string): Record<string, string> {
  const [, subscription = ""] = /\/subscriptions\/([^/]+)/i.exec(target) ?? [];
  const [, group = ""] = /\/resourcegroups\/([^/]+)/i.exec(target) ?? [];
  const [, type = ""] = /\/providers\/([^/]+\/[^/]+)/i.exec(target) ?? [];
  return { subscription, resource_group: group, resource_type: type };
}

/** The `service` of these is Azure's own, not one of ours. */
function eventLabels(properties: Members): Members {
  return {
    azure_service: properties["service"],
    region: properties["region"] ?? properties["resourceLocation"],
    incident_type: properties["incidentType"],
    tracking_id: properties["trackingId"],
  };
}

/** What the services say in their own words. */
function contextTexts(context: Members, properties: Members): unknown[] {
  const annotations = membersOf(context["annotations"]);
  const budget = membersOf(context["AlertData"]);
  const spent = toText(budget["SpentAmount"], 50);
  const health = toText(properties["currentHealthStatus"], 50);
  return [
    annotations["summary"],
    annotations["description"],
    withoutTags(properties["communication"] ?? properties["defaultLanguageContent"]),
    properties["details"] ?? properties["message"] ?? properties["description"],
    health === "" ? "" : `${toText(properties["previousHealthStatus"], 50) || "Unknown"} → ${health}`,
    context["DetectionSummary"] ?? context["detectionSummary"],
    context["operationName"],
    context["expression"],
    spent === "" ? "" : `Spent ${spent} of ${toText(budget["BudgetThreshold"], 50)}`,
  ];
}

function portalLink(alertId: unknown): string | null {
  if (
    typeof alertId !== "string" ||
    !/^\/subscriptions\/.*\/Microsoft\.AlertsManagement\/alerts\//i.test(alertId)
  ) {
    return null;
  }
  return `https://portal.azure.com/#blade/Microsoft_Azure_Monitoring/AlertDetailsTemplateBlade/alertId/${encodeURIComponent(alertId)}`;
}
