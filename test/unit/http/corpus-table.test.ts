import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { parseDelivery } from "../../../src/adapters/http/parse-delivery.ts";
import { Alert } from "../../../src/domain/alert.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { Source } from "../../../src/domain/source.ts";
import { publicCorpus } from "../../support/public-corpora.ts";

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

const topicArns = ["arn:aws:sns:eu-west-1:123456789012:alarms"];

function sourceOf(vendor: string): Source | null {
  const kind = kinds[vendor] ?? kinds[vendor.split("-")[0] ?? ""];
  const id = vendor.toLowerCase();
  if (kind !== undefined) {
    return Source.parse({
      id,
      kind,
      ...(kind === "cloudwatch" ? { topicArns } : { secretEnv: "ITS_SECRET" }),
    });
  }
  const mapping = mappings[vendor];
  return mapping === undefined
    ? null
    : Source.parse({ id, kind: "generic", secretEnv: "ITS_SECRET", mapping });
}

interface Row {
  kind: string;
  files: number;
  alerts: number;
  quarantined: number;
  reasons: string[];
}

const corpus = publicCorpus("alerts");

it.skipIf(corpus === null)("makes alerts, or a reason, of every public payload", () => {
  const folder = corpus ?? "";
  const manifest = Manifest.parse(JSON.parse(readFileSync(join(folder, "MANIFEST.json"), "utf8")));
  expect(manifest.length).toBeGreaterThan(20);
  const rows = new Map<string, Row>();
  for (const { file, vendor } of manifest) {
    const source = sourceOf(vendor);
    expect(source, `${vendor} has neither a kind nor a mapping here`).not.toBeNull();
    if (source === null) continue;
    const kind = source.kind === "generic" ? `generic, for ${vendor}` : source.kind;
    const row = rows.get(kind) ?? { kind, files: 0, alerts: 0, quarantined: 0, reasons: [] };
    rows.set(kind, row);
    row.files += 1;
    const body = readFileSync(join(folder, "..", file));
    const receivedAt = toInstant(Date.UTC(2026, 10, 21));
    const read = parseDelivery({ sourceId: source.id, body, receivedAt, headers: {} }, [source]);
    if (read.kind === "alerts") row.alerts += read.alerts.length;
    if (read.kind === "alerts") for (const alert of read.alerts) expectSense(file, alert, source.id);
    if (read.kind === "nothing") row.reasons.push(`nothing to do: ${read.what}`);
    if (read.kind !== "unmappable") continue;
    row.quarantined += 1;
    row.reasons.push(read.reason);
    // Which member, and what about it.
    expect(read.reason, file).toMatch(/^\S+.*: \S/);
  }
  process.stdout.write(tableOf([...rows.values()]));
  const all = [...rows.values()];
  expect(all.reduce((sum, { quarantined }) => sum + quarantined, 0)).toBeLessThan(manifest.length / 5);
});

function expectSense(file: string, alert: Alert, sourceId: string): void {
  Alert.parse(alert);
  expect(alert.title, file).not.toBe(`Alert of ${sourceId}`);
  expect(alert.title, file).not.toMatch(/^\s*$|\[object|undefined|null|[{}[\]]$/);
  expect(
    alert.links.every((link) => URL.canParse(link)),
    file,
  ).toBe(true);
  expect(Date.parse(alert.startedAt), file).toBeLessThanOrEqual(Date.parse(alert.endedAt ?? "9999-01-01"));
  expect(alert.labels["service"] ?? "some", file).not.toBe("");
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows
    .toSorted((a, b) => a.kind.localeCompare(b.kind))
    .map(({ kind, files, alerts, quarantined, reasons }) =>
      [kind.padEnd(26), files, alerts, quarantined, reasons.join("; ") || "-"].join(" | "),
    );
  return ["kind | files | alerts | quarantined | reasons", ...lines, ""].join("\n");
}
