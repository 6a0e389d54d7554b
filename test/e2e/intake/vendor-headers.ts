import { createHmac } from "node:crypto";
import type { SourceKind } from "../../../src/domain/source.ts";

/** How the sources of these tests prove themselves: as docs/sources.md tells people to declare their kinds. */
const auths: Partial<Record<SourceKind, string>> = {
  cloudevents: "standard_webhooks",
  generic: "hmac",
};

export function declaredAuth(kind: SourceKind): { auth?: string } {
  const auth = auths[kind];
  return auth === undefined ? {} : { auth };
}

/** The headers with which the vendor's own sender would prove itself, and tell what the body does not. */
export function vendorHeaders(
  { id, kind, secret }: { id: string; kind: SourceKind; secret: string },
  body: Buffer,
  file: string,
): Record<string, string> {
  const json = { "content-type": "application/json" };
  const mac = (...parts: (string | Buffer)[]) => {
    const hmac = createHmac("sha256", secret);
    for (const part of parts) hmac.update(part);
    return hmac;
  };
  const seconds = String(Math.floor(Date.now() / 1000));
  switch (kind) {
    case "grafana":
      return {
        ...json,
        "x-grafana-alerting-timestamp": seconds,
        "x-grafana-alerting-signature": mac(`${seconds}:`, body).digest("hex"),
      };
    case "pagerduty":
      return { ...json, "x-pagerduty-signature": `v1=${mac(body).digest("hex")}` };
    case "sentry":
      return { ...json, "sentry-hook-signature": mac(body).digest("hex") };
    case "github": {
      const event = /github-(deployment-status|deployment|ping)/.exec(file)?.[1] ?? "ping";
      return {
        ...json,
        "x-github-event": event.replace("-", "_"),
        "x-hub-signature-256": `sha256=${mac(body).digest("hex")}`,
      };
    }
    case "featbit":
      return { ...json, "x-featbit-signature-256": `sha256=${mac(body).digest("hex")}` };
    case "cloudevents": {
      const signature = mac(`${file}.${seconds}.`, body).digest("base64");
      return {
        "content-type": contentTypeOf(file),
        ...(file.includes("binary") ? binaryAttributes : {}),
        "webhook-id": file,
        "webhook-timestamp": seconds,
        "webhook-signature": `v1,${signature}`,
      };
    }
    case "generic":
      return { ...json, "x-signalman-signature": `sha256=${mac(body).digest("hex")}` };
    case "splunk":
    case "google_cloud_monitoring":
      return { ...json, authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` };
    case "cloudwatch":
      return { "content-type": "text/plain; charset=UTF-8" };
    default:
      return { ...json, authorization: `Bearer ${secret}` };
  }
}

const binaryAttributes = {
  "ce-specversion": "1.0",
  "ce-id": "1",
  "ce-source": "/shop",
  "ce-type": "com.example.alert",
};

function contentTypeOf(file: string): string {
  if (file.includes("binary")) return "application/json";
  return file.includes("batch") ? "application/cloudevents-batch+json" : "application/cloudevents+json";
}
