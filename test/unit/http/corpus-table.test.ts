import { expect, it } from "vitest";
import { parseDelivery } from "../../../src/adapters/http/parse-delivery.ts";
import { Alert } from "../../../src/domain/alert.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { Source } from "../../../src/domain/source.ts";
import { declaredFor, publicAlerts } from "../../support/public-alerts.ts";

const topicArns = ["arn:aws:sns:eu-west-1:123456789012:alarms"];

function sourceOf(vendor: string): Source | null {
  const declared = declaredFor(vendor);
  if (declared === null) return null;
  const own = declared.kind === "cloudwatch" ? { topicArns } : { secretEnv: "ITS_SECRET" };
  return Source.parse({ id: vendor.toLowerCase(), ...declared, ...own });
}

interface Row {
  kind: string;
  files: number;
  alerts: number;
  quarantined: number;
  reasons: string[];
}

const corpus = publicAlerts();

it.skipIf(corpus === null)("makes alerts, or a reason, of every public payload", () => {
  const bodies = corpus ?? [];
  expect(bodies.length).toBeGreaterThan(20);
  const rows = new Map<string, Row>();
  for (const { file, vendor, body } of bodies) {
    const source = sourceOf(vendor);
    expect(source, `${vendor} has neither a kind nor a mapping here`).not.toBeNull();
    if (source === null) continue;
    const kind = source.kind === "generic" ? `generic, for ${vendor}` : source.kind;
    const row = rows.get(kind) ?? { kind, files: 0, alerts: 0, quarantined: 0, reasons: [] };
    rows.set(kind, row);
    row.files += 1;
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
  expect(all.reduce((sum, { quarantined }) => sum + quarantined, 0)).toBeLessThan(bodies.length / 5);
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
