/** An alert as its rule describes it. `startsAt` in Unix milliseconds; a resolved one also has an `endsAt`. */
export type RaisedAlert = {
  name: string;
  service: string;
  environment: string;
  severity: "critical" | "warning" | "info";
  summary: string;
  description: string;
  startsAt: number;
  endsAt?: number;
  labels?: Record<string, string>;
  /** The PromQL expression of the rule. */
  expression?: string;
  runbookUrl?: string;
};

type Status = "firing" | "resolved";

/** Alertmanager's webhook, version 4: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export function alertmanagerBody(alert: RaisedAlert, status: Status, now: number): Record<string, unknown> {
  const labels = labelsOf(alert);
  const annotations = {
    summary: alert.summary,
    description: alert.description,
    ...(alert.runbookUrl === undefined ? {} : { runbook_url: alert.runbookUrl }),
  };
  const groupLabels = { alertname: alert.name, service: alert.service };
  return {
    receiver: "signalman",
    status,
    alerts: [
      {
        status,
        labels,
        annotations,
        startsAt: iso(alert.startsAt),
        endsAt: status === "resolved" ? iso(alert.endsAt ?? now) : "0001-01-01T00:00:00Z",
        generatorURL: `http://prometheus.example/graph?g0.expr=${encodeURIComponent(alert.expression ?? alert.name)}&g0.tab=1`,
        fingerprint: fingerprint(labels),
      },
    ],
    groupLabels,
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: "http://alertmanager.example",
    version: "4",
    groupKey: `{}:{alertname=${JSON.stringify(alert.name)}, service=${JSON.stringify(alert.service)}}`,
    truncatedAlerts: 0,
  };
}

/** The plain form for sources that can send any JSON. */
export function genericBody(alert: RaisedAlert, status: Status, now: number): Record<string, unknown> {
  const labels = labelsOf(alert);
  return {
    title: alert.name,
    status,
    severity: alert.severity,
    service: alert.service,
    environment: alert.environment,
    summary: alert.summary,
    description: alert.description,
    fingerprint: fingerprint(labels),
    startsAt: iso(alert.startsAt),
    ...(status === "resolved" ? { endsAt: iso(alert.endsAt ?? now) } : {}),
    labels,
  };
}

function labelsOf({ name, service, environment, severity, labels }: RaisedAlert): Record<string, string> {
  return { alertname: name, service, environment, severity, ...labels };
}

/** FNV-1a over the sorted labels, as prometheus/common computes a label set's fingerprint. */
function fingerprint(labels: Record<string, string>): string {
  let hash = 0xcbf29ce484222325n;
  const mix = (byte: number): void => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  };
  for (const [name, value] of Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const text of [name, value]) {
      for (const byte of Buffer.from(text)) mix(byte);
      mix(0xff);
    }
  }
  return hash.toString(16).padStart(16, "0");
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
