import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Source, type SourceKind } from "../../../src/domain/source.ts";
import { topicArn } from "../../contract/http/sns-world.ts";
import { declaredFor, publicAlerts } from "../../support/public-alerts.ts";
import { variableOf } from "./open-intake.ts";
import { declaredAuth } from "./vendor-headers.ts";

/** A body of a file, and the source that it is sent to. */
export interface VendorBody {
  file: string;
  body: Buffer;
  sourceId: string;
  kind: SourceKind;
}

const fixtures = join(import.meta.dirname, "..", "..", "fixtures", "alerts");

const kindOfPrefix: Record<string, SourceKind> = {
  alertmanager: "alertmanager",
  azure: "azure_monitor",
  change: "change",
  cloudevents: "cloudevents",
  cloudwatch: "cloudwatch",
  datadog: "datadog",
  dynatrace: "dynatrace",
  featbit: "featbit",
  generic: "generic",
  github: "github",
  google: "google_cloud_monitoring",
  grafana: "grafana",
  new: "new_relic",
  opsgenie: "opsgenie",
  pagerduty: "pagerduty",
  sentry: "sentry",
  splunk: "splunk",
  uptime: "uptime_kuma",
};

/** Somebody's own form, as the source of `generic-mapped.json` declares it. */
const ownMapping = {
  title: "event.name",
  status: "/event/state",
  severity: "event.prio",
  severityWords: { urgent: "critical" },
  startedAt: "event.since",
  endedAt: "event.until",
  labels: "tags",
  extraLabels: { service: "where.app", environment: "where.stage" },
  summary: "text",
  links: ["urls"],
};

function declare(id: string, kind: SourceKind, more: Record<string, unknown> = {}) {
  const proof =
    kind === "cloudwatch" ? { topicArns: [topicArn] } : { secretEnv: variableOf(id), ...declaredAuth(kind) };
  return {
    id,
    kind,
    ...proof,
    service: { label: "service", names: { "Checkout API": "checkout", "checkout-api": "checkout" } },
    ...more,
  };
}

/** Bodies written after the vendors' documentation. */
export const fixtureBodies = readdirSync(fixtures)
  .filter((file) => file.endsWith(".json"))
  .map((file): VendorBody => {
    const kind = kindOfPrefix[file.split("-")[0] ?? ""];
    if (kind === undefined) throw new Error(`${file} begins with no kind: add it to kindOfPrefix`);
    const sourceId = file.startsWith("generic-mapped") ? "mapped" : `own-${kind.replaceAll("_", "-")}`;
    return { file, kind, sourceId, body: readFileSync(join(fixtures, file)) };
  });

const corpus = publicAlerts() ?? [];
/** Bodies of public projects; none where the public corpora are not there. */
export const publicBodies = corpus.map(({ file, vendor, body }): VendorBody => {
  const kind = Source.options
    .map(({ shape }) => shape.kind.value)
    .find((each) => each === declaredFor(vendor)?.kind);
  if (kind === undefined) throw new Error(`${vendor} has neither a kind nor a mapping`);
  return { file, kind, sourceId: `public-${vendor.toLowerCase()}`, body };
});

/** Declared in `signalman.yml`: a source for each kind, and one for each vendor of the public bodies. */
export const vendorSources = [
  ...Object.values(kindOfPrefix).map((kind) => declare(`own-${kind.replaceAll("_", "-")}`, kind)),
  declare("mapped", "generic", { mapping: ownMapping }),
  ...[...new Set(corpus.map(({ vendor }) => vendor))].map((vendor) => {
    const { kind: _, ...more } = declaredFor(vendor) ?? { kind: "" };
    const kind =
      publicBodies.find(({ sourceId }) => sourceId === `public-${vendor.toLowerCase()}`)?.kind ?? "generic";
    return declare(`public-${vendor.toLowerCase()}`, kind, more);
  }),
];
