import { readFileSync } from "node:fs";
import { Alert } from "../../../../src/domain/alert.ts";
import { toInstant } from "../../../../src/domain/ids.ts";
import { OutsideChange } from "../../../../src/domain/outside-change.ts";
import { Source, type SourceKind } from "../../../../src/domain/source.ts";
import { parseDelivery } from "../../../../src/adapters/http/parse-delivery.ts";
import type { ParsedDelivery } from "../../../../src/pipeline/ports/intake.ts";

export const receivedAt = toInstant(Date.UTC(2026, 4, 4, 9));

export function sourceOf(kind: SourceKind): Source {
  const own =
    kind === "cloudwatch"
      ? { topicArns: ["arn:aws:sns:eu-west-1:123456789012:alarms"] }
      : { secretEnv: "ITS_SECRET" };
  return Source.parse({ id: "one", kind, ...own });
}

/** A file of test/fixtures/alerts, parsed. */
export function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../fixtures/alerts/${name}.json`, import.meta.url), "utf8"));
}

/** What a source of this kind makes of a body: a fixture's name, or any JSON. */
export function readAs(
  kind: SourceKind,
  body: unknown,
  headers: Record<string, string> = {},
): ParsedDelivery {
  const value = typeof body === "string" ? fixture(body) : body;
  return parseDelivery({ sourceId: "one", body: Buffer.from(JSON.stringify(value)), receivedAt, headers }, [
    sourceOf(kind),
  ]);
}

export function alertsOf(kind: SourceKind, body: unknown): Alert[] {
  const read = readAs(kind, body);
  if (read.kind !== "alerts") throw new Error(`Not alerts: ${JSON.stringify(read)}`);
  return read.alerts.map((alert) => Alert.parse(alert));
}

/** The only alert of a body. */
export function alertOf(kind: SourceKind, body: unknown): Alert {
  const [alert, ...others] = alertsOf(kind, body);
  if (alert === undefined || others.length > 0) throw new Error(`${others.length + 1} alerts`);
  return alert;
}

export function changesOf(
  kind: SourceKind,
  body: unknown,
  headers: Record<string, string> = {},
): OutsideChange[] {
  const read = readAs(kind, body, headers);
  if (read.kind !== "outside_changes") throw new Error(`Not changes: ${JSON.stringify(read)}`);
  return read.changes.map((change) => OutsideChange.parse(change));
}

/** Why a body cannot be mapped; fails where it can. */
export function reasonOf(kind: SourceKind, body: unknown): string {
  const read = readAs(kind, body);
  if (read.kind !== "unmappable") throw new Error(`Mapped: ${JSON.stringify(read)}`);
  return read.reason;
}
