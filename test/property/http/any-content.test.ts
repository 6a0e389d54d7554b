import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Alert } from "../../../src/domain/alert.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { OutsideChange } from "../../../src/domain/outside-change.ts";
import { Source, type SourceKind } from "../../../src/domain/source.ts";
import { parseDelivery } from "../../../src/adapters/http/parse-delivery.ts";
import type { ParsedDelivery } from "../../../src/pipeline/ports/intake.ts";

/**
 * Whatever stands in a body, its kind does not throw and gives alerts, changes or hints that are what they say, or a
 * reason. SIGNALMAN_ANY_CONTENT_RUNS: bodies per kind and property; 300 without it.
 */
const runs = Number(process.env["SIGNALMAN_ANY_CONTENT_RUNS"] ?? 300);

const receivedAt = toInstant(Date.UTC(2026, 4, 4, 9));

/** Kind → how the names of its fixtures begin. */
const kinds: readonly (readonly [SourceKind, string])[] = [
  ["cloudwatch", "cloudwatch"],
  ["azure_monitor", "azure"],
  ["google_cloud_monitoring", "google"],
  ["dynatrace", "dynatrace"],
  ["splunk", "splunk"],
  ["uptime_kuma", "uptime-kuma"],
  ["featbit", "featbit"],
  ["github", "github"],
  ["change", "change"],
];

const folder = new URL("../../fixtures/alerts/", import.meta.url);

function fixturesOf(prefix: string): unknown[] {
  const names = readdirSync(folder).filter((name) => name.startsWith(`${prefix}-`));
  return names.map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")));
}

function check(read: ParsedDelivery): void {
  switch (read.kind) {
    case "alerts":
      expect(read.alerts.length).toBeGreaterThan(0);
      read.alerts.forEach((alert) => Alert.parse(alert));
      return;
    case "outside_changes":
      expect(read.changes.length).toBeGreaterThan(0);
      read.changes.forEach((change) => OutsideChange.parse(change));
      return;
    case "flag_hint":
      expect(read.hints.length).toBeGreaterThan(0);
      for (const { environmentId, flagKey } of read.hints) {
        expect(environmentId).not.toBe("");
        expect(flagKey).toMatch(/^\S{1,128}$/);
      }
      return;
    case "nothing":
      expect(read.what.length).toBeGreaterThan(0);
      return;
    case "unmappable":
      expect(read.reason.length).toBeGreaterThan(0);
      expect(read.reason.length).toBeLessThan(1000);
  }
}

/** What stands where something else is expected. */
const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    null,
    "",
    "0",
    -1,
    1e308,
    {},
    [],
    [[]],
    "x".repeat(50_000),
    "<".repeat(50_000),
    "a:b,".repeat(10_000),
    "{".repeat(1000),
    '{"a":',
    "\u0000\u202e\ud800",
    "__proto__",
    JSON.parse('{"__proto__":{"status":"firing"},"constructor":{"prototype":1}}'),
    "0000-00-00T99:99:99Z",
    "9".repeat(19),
    "https://user:secret@host.example/",
  ),
);

interface Mutation {
  at: number;
  how: "drop" | "replace" | "quote" | "wrap" | "add";
  odd: unknown;
}

const mutations = fc.array(
  fc.record<Mutation>({
    at: fc.nat(10_000),
    how: fc.constantFrom("drop", "replace", "quote", "wrap", "add"),
    odd,
  }),
  { minLength: 1, maxLength: 6 },
);

/** Every object and array of a value with one of its keys; the JSON in a text counts as part of it. */
function placesIn(value: unknown, places: [object, string][] = []): [object, string][] {
  if (typeof value !== "object" || value === null) return places;
  for (const [key, member] of Object.entries(value)) {
    places.push([value, key]);
    placesIn(member, places);
  }
  return places;
}

function mutate(value: unknown, { at, how, odd: shared }: Mutation): void {
  const other = structuredClone(shared);
  const places = placesIn(value);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return;
  const [holder, key] = place;
  const member: unknown = Reflect.get(holder, key);
  if (how === "drop") Reflect.deleteProperty(holder, key);
  else if (how === "replace") Reflect.set(holder, key, other);
  else if (how === "quote") Reflect.set(holder, key, JSON.stringify(member));
  else if (how === "wrap") Reflect.set(holder, key, [member, other]);
  // As JSON.parse makes it of a body: a member of this name, not the prototype.
  else Object.defineProperty(holder, "__proto__", { value: other, enumerable: true, configurable: true });
}

/** The alarm in an SNS message is JSON in a text: taken out, so that mutations reach into it, and put back. */
function inside(value: unknown, change: (inner: unknown) => void): unknown {
  const body = structuredClone(value);
  const message: unknown =
    typeof body === "object" && body !== null ? Reflect.get(body, "Message") : undefined;
  if (typeof message !== "string" || !message.startsWith("{")) {
    change(body);
    return body;
  }
  const inner: unknown = JSON.parse(message);
  change(inner);
  return Object.assign({}, body, { Message: JSON.stringify(inner) });
}

describe.each(kinds)("%s", (kind, prefix) => {
  const auth =
    kind === "cloudwatch"
      ? { topicArns: ["arn:aws:sns:eu-west-1:123456789012:alarms"] }
      : { secretEnv: "ITS_SECRET" };
  const sources = [Source.parse({ id: "one", kind, ...auth })];
  const headers = kind === "github" ? [{}, { "x-github-event": "deployment_status" }] : [{}];
  const fixtures = fixturesOf(prefix);

  function read(body: unknown): void {
    for (const kept of headers) {
      const bytes = Buffer.from(JSON.stringify(body));
      check(parseDelivery({ sourceId: "one", body: bytes, receivedAt, headers: kept }, sources));
    }
  }

  it("holds for any JSON", () => {
    fc.assert(
      fc.property(fc.oneof(odd, fc.jsonValue()), (body) => {
        read(body);
      }),
      { numRuns: runs },
    );
  });

  it("holds for its fixtures, however bent", () => {
    expect(fixtures.length).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.constantFrom(...fixtures), mutations, (fixture, changes) => {
        read(inside(fixture, (body) => changes.forEach((one) => mutate(body, one))));
      }),
      { numRuns: runs },
    );
  });
});
