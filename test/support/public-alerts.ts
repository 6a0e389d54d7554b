import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { publicCorpus } from "./public-corpora.ts";

const Manifest = z.array(z.object({ file: z.string(), vendor: z.string() }));

/** The kinds of vendors that have one of their own. */
const kinds: Readonly<Record<string, string>> = {
  alertmanager: "alertmanager",
  azuremonitor: "azure_monitor",
  cloudevents: "cloudevents",
  cloudwatch: "cloudwatch",
  datadog: "datadog",
  dynatrace: "dynatrace",
  gcpmonitoring: "google_cloud_monitoring",
  grafana: "grafana",
  newrelic: "new_relic",
  opsgenie: "opsgenie",
  pagerduty: "pagerduty",
  sentry: "sentry",
  splunk: "splunk",
  uptimekuma: "uptime_kuma",
};

/** What somebody would declare in signalman.yml for a vendor that has none. */
const mappings: Readonly<Record<string, object>> = {
  coralogix: {
    title: "name",
    summary: "description",
    status: "alert_action",
    resolvedWords: ["resolve", "resolved"],
    severity: "fields.3.value",
    fingerprint: "alert_id",
    labels: "fields",
    links: ["alert_url", "log_url"],
  },
  dash0: {
    title: "data.issue.checkrules.0.name",
    summary: "data.issue.summary",
    status: "data.issue.status",
    fingerprint: "data.issue.id",
    startedAt: "data.issue.start",
    endedAt: "data.issue.end",
    extraLabels: { service: "data.issue.labels.0.value.stringValue", dataset: "data.issue.dataset" },
    links: ["data.issue.url"],
  },
  graylog: {
    title: "stream.description",
    summary: "check_result.result_description",
    status: "check_result.triggered",
    resolvedWords: ["false"],
    fingerprint: "check_result.triggered_condition.id",
    startedAt: "check_result.triggered_at",
  },
  pingdom: {
    title: "check_name",
    summary: "long_description",
    status: "current_state",
    resolvedWords: ["up"],
    severity: "importance_level",
    fingerprint: "check_id",
    startedAt: "state_changed_timestamp",
    endedAt: "state_changed_timestamp",
    extraLabels: { host: "check_params.hostname", check_type: "check_type" },
    links: ["check_params.full_url"],
  },
  servicenow: {
    title: "incident.short_description",
    status: "incident.state",
    resolvedWords: ["6", "7"],
    severity: "incident.impact",
    severityWords: { 1: "critical", 2: "error", 3: "warning" },
    fingerprint: "incident.number",
    startedAt: "incident.sys_created_on",
    endedAt: "incident.resolved_at",
    extraLabels: { service: "incident.cmdb_ci" },
  },
  thousandeyes: {
    title: "alert.ruleName",
    summary: "alert.ruleExpression",
    status: "eventType",
    resolvedWords: ["ALERT_NOTIFICATION_CLEAR"],
    severity: "alert.severity",
    fingerprint: "alert.alertId",
    startedAt: "alert.dateStart",
    endedAt: "alert.dateEnd",
    extraLabels: { host: "alert.hostname", test: "alert.testName", type: "alert.type" },
    links: ["alert.permalink"],
  },
  vrealize: {
    title: "info",
    status: "status",
    resolvedWords: ["CANCELED"],
    severity: "criticality",
    severityWords: {
      ALERT_CRITICALITY_LEVEL_CRITICAL: "critical",
      ALERT_CRITICALITY_LEVEL_IMMEDIATE: "error",
      ALERT_CRITICALITY_LEVEL_WARNING: "warning",
      ALERT_CRITICALITY_LEVEL_INFO: "info",
    },
    fingerprint: "alertId",
    startedAt: "startDate",
    endedAt: "cancelDate",
    extraLabels: { resource: "resourceName", resource_kind: "resourceKind" },
  },
  wazuh: {
    title: "message",
    summary: "description",
    // It never says that something is over: any member that is always there will do.
    status: "severity",
    startedAt: "created_at",
  },
};

export interface PublicAlert {
  /** Below the folder of the public corpora. */
  file: string;
  vendor: string;
  body: Buffer;
}

/** Bodies that vendors' own tests and documentation show, read in place; null, and said so, where they are not there. */
export function publicAlerts(): PublicAlert[] | null {
  const folder = publicCorpus("alerts");
  if (folder === null) return null;
  const manifest = Manifest.parse(JSON.parse(readFileSync(join(folder, "MANIFEST.json"), "utf8")));
  return manifest.map(({ file, vendor }) => ({
    file,
    vendor,
    body: readFileSync(join(folder, "..", file)),
  }));
}

/** What somebody would declare in signalman.yml for this vendor, but for id and secret; null: nothing is known of it. */
export function declaredFor(vendor: string): ({ kind: string } & Record<string, unknown>) | null {
  const kind = kinds[vendor] ?? kinds[vendor.split("-")[0] ?? ""];
  if (kind !== undefined) return { kind };
  const mapping = mappings[vendor];
  return mapping === undefined ? null : { kind: "generic", mapping };
}
