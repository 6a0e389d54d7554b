import { createHmac } from "node:crypto";

/** What an alert says; everything else of its body is the same for all. */
export interface AlertWords {
  service: string;
  name: string;
  severity: "critical" | "warning";
  /** Told apart by it: fingerprint and a label. Also stands on the card where `name` has it. */
  id: string;
}

const here = "\u0001";

/** `webhook`: as Alertmanager tells others; `api`: as Prometheus tells Alertmanager. */
export const alertForms = ["webhook", "api"] as const;
export type AlertForm = (typeof alertForms)[number];

/**
 * Writes bodies of one alert; Alertmanager's webhook has about 2 KB each. The load generator must cost little beside
 * what it measures, so that all but the id is rendered once.
 */
export function createAlertWriter(
  form: AlertForm = "webhook",
  startedAt: Date = new Date(),
): (words: AlertWords) => string {
  const templates = new Map<string, string[]>();
  return ({ service, name, severity, id }) => {
    const key = `${service} ${name} ${severity}`;
    let pieces = templates.get(key);
    if (pieces === undefined) {
      const whole = webhookBody(service, name, severity, startedAt);
      const body = form === "webhook" ? whole : whole.alerts.map(asPosted);
      pieces = JSON.stringify(body).split(JSON.stringify(here).slice(1, -1));
      templates.set(key, pieces);
    }
    return pieces.join(id);
  };
}

function asPosted({
  labels,
  annotations,
  startsAt,
  generatorURL,
}: ReturnType<typeof webhookBody>["alerts"][0]) {
  return { labels, annotations, startsAt, generatorURL };
}

function webhookBody(service: string, name: string, severity: string, startedAt: Date) {
  const labels = {
    alertname: name,
    service,
    environment: "production",
    severity,
    instance: here,
    case: here,
    cluster: "eu-west-1a",
    job: `${service}-api`,
    namespace: "shop",
    prometheus: "monitoring/k8s",
  };
  const annotations = {
    summary: `${service}: the share of failing requests is above 5 % for 2 minutes`,
    description:
      "Requests fail with status 5xx. Look at the dashboard first, then at the last deploy. ".repeat(8),
    runbook_url: "https://runbooks.example/high-error-rate",
    dashboard_url: "https://grafana.example/d/abc123/requests?var-service=all",
  };
  return {
    receiver: "signalman",
    status: "firing",
    alerts: [
      {
        status: "firing",
        labels,
        annotations,
        startsAt: startedAt.toISOString(),
        endsAt: "0001-01-01T00:00:00Z",
        generatorURL: "http://prometheus.example/graph?g0.expr=rate(requests_total%5B5m%5D)&g0.tab=1",
        fingerprint: here,
      },
    ],
    groupLabels: { alertname: name, service },
    commonLabels: labels,
    commonAnnotations: {},
    externalURL: "http://alertmanager.example",
    version: "4",
    groupKey: `{}:{alertname="${name}", service="${service}", instance="${here}"}`,
    truncatedAlerts: 0,
  };
}

/** A whole HTTP request with its signature, as text of one byte a character: bodies are ASCII. */
export function signedRequest(url: URL, secret: string, body: string): string {
  const signature = createHmac("sha256", secret).update(body, "latin1").digest("hex");
  return (
    `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\n` +
    `X-Signalman-Signature: sha256=${signature}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}
