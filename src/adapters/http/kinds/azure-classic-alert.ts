import type { Alert } from "../../../domain/alert.ts";
import {
  activityStatusOf,
  conditionsIn,
  lastPart,
  type Members,
  severityWord,
  withoutTags,
} from "./azure-context.ts";
import type { AlertPieces } from "./compose-alert.ts";
import { toText } from "./normalise.ts";
import { membersOf } from "./peek.ts";

/**
 * Alerts of action groups without the common schema: metric (`AzureMonitorMetricAlert`, and the classic form without
 * `schemaId`), activity log (`Microsoft.Insights/activityLogs`) and log search alerts (`AlertRuleName` at the top or in
 * `data`). The pieces of an alert, or which member is missing.
 */
export function azureClassicAlert(body: Members): AlertPieces | string {
  const data = membersOf(body["data"] ?? body);
  if (data["AlertRuleName"] !== undefined) return logAlert(data);
  const context = membersOf(data["context"]);
  if (Object.keys(context).length === 0) {
    return "data: neither essentials (common alert schema) nor context nor AlertRuleName";
  }
  const status = statuses.get(toText(data["status"], 30).toLowerCase());
  if (status === undefined) return "data.status: missing or unknown; it must be Activated or Deactivated";
  const properties = membersOf(data["properties"] ?? body["properties"]);
  const activity = membersOf(context["activityLog"]);
  return Object.keys(activity).length === 0
    ? metricAlert(context, properties, status)
    : activityAlert(activity, properties, status);
}

const statuses: ReadonlyMap<string, Alert["status"]> = new Map([
  ["activated", "firing"],
  ["fired", "firing"],
  ["deactivated", "resolved"],
  ["resolved", "resolved"],
]);

function metricAlert(context: Members, properties: Members, status: Alert["status"]): AlertPieces {
  const { texts, dimensions, links } = conditionsIn(context);
  const resource = context["resourceId"] ?? context["resourceName"];
  return {
    status,
    title: [context["name"], lastPart(context["id"])],
    summary: [context["description"], ...texts],
    severity: [severityWord(context["severity"])],
    fingerprint: JSON.stringify([context["id"] ?? context["name"], resource, dimensions]),
    startedAt: [context["timestamp"]],
    endedAt: [context["timestamp"]],
    labels: [
      dimensions,
      {
        alert_rule: context["name"],
        resource: context["resourceName"],
        resource_group: context["resourceGroupName"],
        resource_type: context["resourceType"],
        region: context["resourceRegion"],
        subscription: context["subscriptionId"],
      },
      properties,
    ],
    links: [context["portalLink"], ...links],
  };
}

function activityAlert(activity: Members, own: Members, status: Alert["status"]): AlertPieces {
  const properties = membersOf(activity["properties"]);
  const source = toText(activity["eventSource"], 50);
  const health = /health/i.test(source);
  const tracking = toText(properties["trackingId"], 200);
  const resource = toText(activity["resourceId"], 1000);
  return {
    status: health ? (activityStatusOf(activity, properties) ?? status) : status,
    title: [properties["title"], activity["operationName"], activity["description"], source],
    summary: [
      activity["description"],
      withoutTags(properties["communication"]),
      properties["details"] ?? properties["message"],
      activity["status"],
    ],
    severity: [health ? "warning" : "", toText(activity["level"], 30)],
    fingerprint: JSON.stringify(
      tracking === "" ? [source, activity["operationName"], resource.toLowerCase()] : ["health", tracking],
    ),
    startedAt: [properties["impactStartTime"], activity["eventTimestamp"]],
    endedAt: [properties["impactMitigationTime"], activity["eventTimestamp"]],
    labels: [
      {
        resource: lastPart(resource),
        resource_group: activity["resourceGroupName"],
        resource_type: activity["resourceType"],
        subscription: activity["subscriptionId"],
        region: properties["region"],
        azure_service: properties["service"],
        monitoring_service: source,
      },
      own,
    ],
  };
}

function logAlert(data: Members): AlertPieces {
  const { texts, dimensions, links } = conditionsIn(data);
  return {
    // Log search alerts of this schema keep no state: they only ever fire.
    status: "firing",
    title: [data["AlertRuleName"]],
    summary: [data["Description"], ...texts],
    severity: [severityWord(data["Severity"])],
    fingerprint: JSON.stringify([
      data["AlertRuleName"],
      data["ResourceId"] ?? data["WorkspaceId"],
      dimensions,
    ]),
    startedAt: [data["SearchIntervalEndtimeUtc"]],
    labels: [
      dimensions,
      {
        alert_rule: data["AlertRuleName"],
        resource: lastPart(data["ResourceId"]),
        subscription: data["SubscriptionId"],
      },
    ],
    links,
  };
}
