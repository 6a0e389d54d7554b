import type { Alert, Severity } from "../../../domain/alert.ts";
import type { Instant } from "../../../domain/ids.ts";
import {
  firstText,
  limits,
  severityOf,
  toFingerprint,
  toGroupHint,
  toLabels,
  toLinks,
  toPastInstant,
  toText,
} from "./normalise.ts";

/** What a kind found in a body, as it stands there: anything may be anything. The first usable of a list counts. */
export interface AlertPieces {
  status: Alert["status"];
  title: readonly unknown[];
  /** Joined; a text that stands there twice, or is the title, is said once. */
  summary?: readonly unknown[];
  /** Words of the source, or what the kind made of them. */
  severity?: readonly unknown[];
  /** What is the same when the alert ends as when it began; absent: title and labels. */
  fingerprint?: unknown;
  startedAt?: readonly unknown[];
  endedAt?: readonly unknown[];
  /** Later ones win. */
  labels?: readonly unknown[];
  links?: readonly unknown[];
  groupHint?: unknown;
}

/** Makes an alert of its pieces, within the limits of one. */
export function composeAlert(pieces: AlertPieces, sourceId: string, receivedAt: Instant): Alert {
  const title = firstText(limits.title, ...pieces.title, `Alert of ${sourceId}`);
  const labels = labelsOf(pieces.labels ?? []);
  return {
    sourceId,
    fingerprint: toFingerprint(pieces.fingerprint, { ...labels, title }),
    status: pieces.status,
    title,
    summary: joinTexts(title, pieces.summary ?? []),
    severity: firstSeverity(pieces.severity ?? []) ?? "warning",
    startedAt: firstInstant(pieces.startedAt ?? [], receivedAt) ?? receivedAt,
    endedAt:
      pieces.status === "firing" ? null : (firstInstant(pieces.endedAt ?? [], receivedAt) ?? receivedAt),
    labels,
    links: toLinks(pieces.links ?? []),
    groupHint: toGroupHint(pieces.groupHint),
  };
}

/** Later ones win; places under the names that the catalogue looks for come first, so that no limit cuts them off. */
export function labelsOf(values: readonly unknown[]): Record<string, string> {
  const own: Record<string, string> = Object.assign(Object.create(null), ...values.map(toLabels));
  return toLabels({ ...placesOf(own), ...own });
}

const placeNames: Readonly<Record<string, readonly string[]>> = {
  service: ["service", "servicename", "app", "application", "appname", "component"],
  environment: ["environment", "env", "deploymentenvironment", "deploymentenvironmentname", "stage"],
  host: ["host", "hostname", "nodename", "computer", "instance", "instanceid"],
  region: ["region", "awsregion", "cloudregion", "location"],
};

/** Service, environment, host and region where they stand under another name only. */
function placesOf(labels: Record<string, string>): Record<string, string> {
  const byName = new Map(
    Object.entries(labels).map(([name, text]) => [name.toLowerCase().replaceAll(/[^a-z0-9]/g, ""), text]),
  );
  const places: Record<string, string> = {};
  for (const [place, names] of Object.entries(placeNames)) {
    const text = names.map((name) => byName.get(name)).find((found) => found !== undefined);
    if (text !== undefined) places[place] = text;
  }
  return places;
}

function joinTexts(title: string, values: readonly unknown[]): string {
  const parts = new Set(values.map((value) => toText(value, limits.summary)).filter((text) => text !== ""));
  if (parts.size > 1) parts.delete(title);
  return firstText(limits.summary, [...parts].join(" — "));
}

function firstSeverity(values: readonly unknown[]): Severity | null {
  for (const value of values) {
    const severity = severityOf(toText(value, 100));
    if (severity !== null) return severity;
  }
  return null;
}

/** The first that is an instant not in the future. */
export function firstInstant(values: readonly unknown[], receivedAt: Instant): Instant | null {
  for (const value of values) {
    const instant = toPastInstant(value, receivedAt);
    if (instant !== null) return instant;
  }
  return null;
}
