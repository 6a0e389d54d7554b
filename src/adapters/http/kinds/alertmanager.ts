import { z } from "zod";
import type { Alert, Severity } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { labelsOf } from "./compose-alert.ts";
import { gather } from "./gather.ts";
import { describeMismatch, parseJson } from "./parse-json.ts";
import { membersOf } from "./peek.ts";
import {
  firstText,
  limits,
  maxAlerts,
  severityOf,
  toFingerprint,
  toGroupHint,
  toLabels,
  toLinks,
  toPastInstant,
  toText,
} from "./normalise.ts";

/**
 * Webhook of Alertmanager, version 4: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.
 * Only what an alert cannot do without is required; tools that imitate the form leave much of the rest out.
 */
const Body = z.object({
  status: z.unknown().optional(),
  alerts: z.array(z.unknown()).min(1).max(maxAlerts),
  groupLabels: z.unknown().optional(),
  commonLabels: z.unknown().optional(),
  commonAnnotations: z.unknown().optional(),
  externalURL: z.unknown().optional(),
  groupKey: z.unknown().optional(),
});
type Body = z.infer<typeof Body>;

const Member = z.looseObject({
  status: z.unknown().optional(),
  labels: z.unknown().optional(),
  annotations: z.unknown().optional(),
  startsAt: z.unknown().optional(),
  endsAt: z.unknown().optional(),
  generatorURL: z.unknown().optional(),
  fingerprint: z.unknown().optional(),
});
type Member = z.infer<typeof Member>;

/** Where severities stand by custom, with or without capitals, in the order they are looked for. */
const severityLabels = ["severity", "priority", "level"];
const linkAnnotations = ["runbook_url", "dashboard_url", "runbook", "dashboard"];

/** Never throws. */
export function parse(
  bytes: Uint8Array,
  receivedAt: Instant,
  source: SourceOf<"alertmanager">,
): ParsedDelivery {
  const json = parseJson(bytes);
  return json.kind === "unmappable" ? json : readAlerts(json.value, receivedAt, source.id);
}

/** What an imitation says beyond Alertmanager's form: the alert with it, of the alert without and of its members. */
export type Adapt = (alert: Alert, own: Readonly<Record<string, unknown>>) => Alert;

/** The alerts of a body in Alertmanager's form. `place`: where that body stands in the delivery's, with a dot at its end. */
export function readAlerts(
  value: unknown,
  receivedAt: Instant,
  sourceId: string,
  { adapt = (alert) => alert, place = "" }: { adapt?: Adapt; place?: string } = {},
): ParsedDelivery {
  const read = Body.safeParse(value);
  if (!read.success) return { kind: "unmappable", reason: place + describeMismatch(read.error) };
  const body = read.data;
  const readOne = (value: unknown, index: number): ParsedDelivery => {
    const at = `${place}alerts.${index}`;
    const one = Member.safeParse(value);
    if (!one.success) return { kind: "unmappable", reason: describeMismatch(one.error, at) };
    const status = toText(one.data.status ?? body.status, 20).toLowerCase();
    if (status !== "firing" && status !== "resolved") {
      const found = status === "" ? "missing" : "unknown";
      return { kind: "unmappable", reason: `${at}.status: ${found}; it must say firing or resolved` };
    }
    const alert = toAlert(one.data, status, body, receivedAt, sourceId);
    return { kind: "alerts", alerts: [adapt(alert, membersOf(value))] };
  };
  return gather(body.alerts.map(readOne));
}

function toAlert(
  one: Member,
  status: Alert["status"],
  body: Body,
  receivedAt: Instant,
  sourceId: string,
): Alert {
  const own = toLabels(one.labels ?? body.commonLabels);
  const labels = labelsOf([own]);
  const annotations = toLabels(one.annotations ?? body.commonAnnotations);
  const title = firstText(
    limits.title,
    labels["alertname"],
    annotations["title"],
    annotations["summary"],
    `Alert of ${sourceId}`,
  );
  const severity = severityIn(labels);
  return {
    sourceId,
    fingerprint: toFingerprint(one.fingerprint, Object.keys(own).length === 0 ? { title } : own),
    status,
    title,
    summary: summaryOf(annotations),
    severity: severity ?? "warning",
    startedAt: toPastInstant(one.startsAt, receivedAt) ?? receivedAt,
    // A firing alert carries the zero time, or the time at which it would be taken for resolved.
    endedAt: status === "firing" ? null : (toPastInstant(one.endsAt, receivedAt) ?? receivedAt),
    labels,
    links: toLinks([...linkAnnotations.map((name) => annotations[name]), one.generatorURL, body.externalURL]),
    groupHint: toGroupHint(body.groupKey),
  };
}

function severityIn(labels: Record<string, string>): Severity | undefined {
  const byName = new Map(Object.entries(labels).map(([name, text]) => [name.toLowerCase(), text]));
  return severityLabels.map((name) => severityOf(byName.get(name) ?? "")).find((found) => found !== null);
}

function summaryOf(annotations: Record<string, string>): string {
  const texts = [annotations["summary"], annotations["description"] ?? annotations["message"]];
  const parts = new Set(texts.filter((text) => text !== undefined));
  return firstText(limits.summary, [...parts].join(" — "));
}
