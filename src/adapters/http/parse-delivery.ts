import type { Source } from "../../domain/source.ts";
import type { ParsedDelivery } from "../../pipeline/ports/intake.ts";
import type { ClaimedDelivery } from "../../pipeline/ports/storage.ts";
import * as alertmanager from "./kinds/alertmanager.ts";
import * as azureMonitor from "./kinds/azure-monitor.ts";
import * as change from "./kinds/change.ts";
import * as cloudEvents from "./kinds/cloud-events.ts";
import * as cloudwatch from "./kinds/cloudwatch.ts";
import * as datadog from "./kinds/datadog.ts";
import * as dynatrace from "./kinds/dynatrace.ts";
import * as featbit from "./kinds/featbit.ts";
import * as generic from "./kinds/generic.ts";
import * as github from "./kinds/github.ts";
import * as googleCloudMonitoring from "./kinds/google-cloud-monitoring.ts";
import * as grafana from "./kinds/grafana.ts";
import * as newRelic from "./kinds/new-relic.ts";
import * as opsgenie from "./kinds/opsgenie.ts";
import * as pagerduty from "./kinds/pagerduty.ts";
import * as sentry from "./kinds/sentry.ts";
import * as splunk from "./kinds/splunk.ts";
import * as uptimeKuma from "./kinds/uptime-kuma.ts";

/** Reads a delivery's bytes and kept headers as the kind of its source says. Pure; never throws for bad content. */
export function parseDelivery(
  {
    sourceId,
    body,
    receivedAt,
    headers,
  }: Pick<ClaimedDelivery, "sourceId" | "body" | "receivedAt" | "headers">,
  sources: readonly Source[],
): ParsedDelivery {
  const source = sources.find(({ id }) => id === sourceId);
  if (source === undefined) {
    return {
      kind: "unmappable",
      reason: `Its source "${sourceId}" is not declared in signalman.yml any more`,
    };
  }
  switch (source.kind) {
    case "alertmanager":
      return alertmanager.parse(body, receivedAt, source);
    case "grafana":
      return grafana.parse(body, receivedAt, source);
    case "datadog":
      return datadog.parse(body, receivedAt, source);
    case "pagerduty":
      return pagerduty.parse(body, receivedAt, source);
    case "sentry":
      return sentry.parse(body, receivedAt, source, headers);
    case "new_relic":
      return newRelic.parse(body, receivedAt, source);
    case "opsgenie":
      return opsgenie.parse(body, receivedAt, source);
    case "cloudwatch":
      return cloudwatch.parse(body, receivedAt, source);
    case "azure_monitor":
      return azureMonitor.parse(body, receivedAt, source);
    case "google_cloud_monitoring":
      return googleCloudMonitoring.parse(body, receivedAt, source);
    case "dynatrace":
      return dynatrace.parse(body, receivedAt, source);
    case "splunk":
      return splunk.parse(body, receivedAt, source);
    case "uptime_kuma":
      return uptimeKuma.parse(body, receivedAt, source);
    case "featbit":
      return featbit.parse(body, receivedAt, source);
    case "github":
      return github.parse(body, receivedAt, source, headers);
    case "change":
      return change.parse(body, receivedAt, source);
    case "cloudevents":
      return cloudEvents.parse(body, receivedAt, source, headers);
    case "generic":
      return generic.parse(body, receivedAt, source);
  }
}
