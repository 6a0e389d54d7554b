import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDelivery } from "../../../../src/adapters/http/parse-delivery.ts";
import { Alert } from "../../../../src/domain/alert.ts";
import { OutsideChange } from "../../../../src/domain/outside-change.ts";
import type { SourceKind } from "../../../../src/domain/source.ts";
import { fixture, receivedAt, sourceOf } from "./read-as.ts";

const fixtures: readonly (readonly [SourceKind, readonly string[]])[] = [
  ["alertmanager", ["alertmanager-firing", "alertmanager-sparse"]],
  ["grafana", ["grafana-firing", "grafana-no-data", "grafana-legacy-alerting", "grafana-legacy-no-data"]],
  [
    "datadog",
    ["datadog-default", "datadog-template", "datadog-nested", "datadog-incident", "datadog-sparse"],
  ],
  ["pagerduty", ["pagerduty-triggered", "pagerduty-messages", "pagerduty-enqueued", "pagerduty-ping"]],
  [
    "sentry",
    ["sentry-event-alert", "sentry-issue-created", "sentry-metric-critical", "sentry-plugin", "sentry-error"],
  ],
  ["new_relic", ["new-relic-activated", "new-relic-templated", "new-relic-classic-open"]],
  ["opsgenie", ["opsgenie-create", "opsgenie-close", "opsgenie-sparse", "opsgenie-incident"]],
  ["cloudevents", ["cloudevents-firing", "cloudevents-batch", "cloudevents-cdevent-deployed"]],
  ["change", ["change-deploy", "change-several", "change-sparse"]],
  ["generic", ["generic-plain"]],
];

const strange = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: "binary" }),
  fc.constantFrom<unknown>("", " ", null, -1, 1e308, true, "0", "1777881723", 1777881723166002000),
  fc.constantFrom<unknown>("2026-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "\u0000", "\u202E", "\uD800"),
  fc.constantFrom<unknown>(
    [],
    {},
    [[]],
    [null],
    [["a"]],
    "a".repeat(100_000),
    "[".repeat(10_000),
    "[Warn] ".repeat(5000),
  ),
  fc.constantFrom<unknown>("javascript:alert(1)", "https://a:b@c.example/", '{"a":', "${TITLE}"),
);

/** The same body with the members that `steps` lead to dropped or replaced. */
function mangled(value: unknown, steps: readonly number[], change: { drop: boolean; by: unknown }): unknown {
  if (typeof value !== "object" || value === null) return change.by;
  const names = Object.keys(value);
  const [step, ...rest] = steps;
  const name = step === undefined ? undefined : names[step % Math.max(names.length, 1)];
  if (name === undefined) return change.by;
  const copy: Record<string, unknown> = { ...value };
  if (rest.length === 0 && change.drop) delete copy[name];
  else copy[name] = mangled(copy[name], rest, change);
  return Array.isArray(value) ? Object.values(copy) : copy;
}

const mutation = fc.record({
  steps: fc.array(fc.nat(200), { minLength: 1, maxLength: 6 }),
  drop: fc.boolean(),
  by: strange,
});

function withProto(value: unknown, wanted: boolean): string {
  const text = JSON.stringify(value);
  if (!wanted || !text.startsWith("{") || text === "{}") return text;
  return `{"__proto__":{"status":"firing","title":"polluted"},"constructor":{"prototype":1},${text.slice(1)}`;
}

/** Reads a body and holds what comes of it to what every later stage relies on. Says whether anything came of it. */
function check(kind: SourceKind, text: string, headers: Record<string, string> = {}): boolean {
  const read = parseDelivery({ sourceId: "one", body: Buffer.from(text), receivedAt, headers }, [
    sourceOf(kind),
  ]);
  if (read.kind === "unmappable") expect(read.reason).not.toBe("");
  else if (read.kind === "nothing") expect(read.what).not.toBe("");
  else if (read.kind === "flag_hint") throw new Error(`${kind}: ${read.kind}`);
  if (read.kind === "outside_changes") {
    expect(read.changes.length).toBeGreaterThan(0);
    for (const change of read.changes) OutsideChange.parse(change);
    return true;
  }
  if (read.kind !== "alerts") return false;
  expect(read.alerts.length).toBeGreaterThan(0);
  for (const alert of read.alerts) {
    Alert.parse(alert);
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(JSON.stringify(alert)).not.toMatch(/\\u00[01][0-9a-f]|[\u0000-\u001f\u202a-\u202e]/);
    expect(Object.getPrototypeOf(alert.labels)).toBe(Object.prototype);
    expect(alert.links.every((link) => /^https?:\/\//.test(link) && !link.includes("@"))).toBe(true);
    expect(alert.endedAt === null).toBe(alert.status === "firing");
  }
  return true;
}

describe.each(fixtures)("%s", (kind, names) => {
  it("makes valid alerts or changes, nothing or a reason of its fixtures with anything dropped or replaced", () => {
    let mapped = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(mutation, { maxLength: 4 }),
        fc.boolean(),
        (name, all, proto) => {
          const body = all.reduce<unknown>(
            (value, { steps, ...change }) => mangled(value, steps, change),
            fixture(name),
          );
          if (check(kind, withProto(body, proto))) mapped += 1;
        },
      ),
      { numRuns: 300 },
    );
    // Otherwise only refusals would have been tried.
    expect(mapped).toBeGreaterThan(50);
  });

  it("makes them of any JSON", () => {
    fc.assert(
      fc.property(strange, (value) => void check(kind, withProto(value, true))),
      { numRuns: 150 },
    );
  });
});

it("makes them of any headers", () => {
  const headers = fc.dictionary(
    fc.constantFrom(
      "ce-specversion",
      "ce-type",
      "ce-source",
      "ce-subject",
      "ce-time",
      "ce-__proto__",
      "sentry-hook-resource",
    ),
    fc.oneof(fc.string(), fc.constantFrom("issue", "%", "%00", "error", "a.firing")),
  );
  const bodies = fc.constantFrom("cloudevents-binary", "sentry-issue-created", "sentry-event-alert");
  fc.assert(
    fc.property(headers, bodies, fc.constantFrom<SourceKind>("cloudevents", "sentry"), (kept, name, kind) => {
      check(kind, JSON.stringify(fixture(name)), kept);
    }),
  );
});

const long = 200_000;

// Each within the size of a body. What costs the square of it takes more than a minute.
it.each([" ", "\n", "\u3000", "[", "{", "<", "&#", "- ", "![a](", "a:b "].map((piece) => [piece]))(
  "reads a body full of %j in no more time than its length takes",
  (piece) => {
    const text = `${piece.repeat(Math.floor(long / Buffer.byteLength(piece)))}x`;
    for (const [kind] of fixtures) {
      for (const name of ["title", "body", "message", "tags", "state", "data", "event", "metadata"]) {
        const body = JSON.stringify({ title: "x", status: "firing", [name]: text });
        const from = performance.now();
        check(kind, body);
        expect([kind, name, performance.now() - from > 2000]).toEqual([kind, name, false]);
      }
    }
  },
);
