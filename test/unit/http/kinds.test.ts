import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Alert } from "../../../src/domain/alert.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { Source } from "../../../src/domain/source.ts";
import {
  severityOf,
  toFingerprint,
  toGroupHint,
  toLabels,
  toLinks,
  toPastInstant,
} from "../../../src/adapters/http/kinds/normalise.ts";
import { parseDelivery } from "../../../src/adapters/http/parse-delivery.ts";
import type { ParsedDelivery } from "../../../src/pipeline/ports/intake.ts";

const receivedAt = toInstant(Date.UTC(2026, 4, 4, 9));
const sources = [
  Source.parse({ id: "am", kind: "alertmanager", secretEnv: "AM_SECRET" }),
  Source.parse({ id: "plain", kind: "generic", secretEnv: "PLAIN_SECRET" }),
  Source.parse({
    id: "own",
    kind: "generic",
    secretEnv: "OWN_SECRET",
    mapping: {
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
    },
  }),
];

function parse(sourceId: string, body: Uint8Array): ParsedDelivery {
  return parseDelivery({ sourceId, body, receivedAt, headers: {} }, sources);
}

function fixture(name: string): Buffer {
  return readFileSync(fileURLToPath(new URL(`../../fixtures/alerts/${name}`, import.meta.url)));
}

function alertsOf(sourceId: string, body: unknown): Alert[] {
  const parsed = parse(sourceId, body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body)));
  if (parsed.kind !== "alerts") throw new Error(`Not alerts: ${JSON.stringify(parsed)}`);
  return parsed.alerts.map((alert) => Alert.parse(alert));
}

function reasonOf(sourceId: string, body: unknown): string {
  const parsed = parse(sourceId, Buffer.from(typeof body === "string" ? body : JSON.stringify(body)));
  return parsed.kind === "unmappable" ? parsed.reason : "mapped";
}

describe("alertmanager", () => {
  it("reads each alert of a delivery", () => {
    expect(alertsOf("am", fixture("alertmanager-firing.json"))).toEqual([
      {
        sourceId: "am",
        fingerprint: "8b7c3a2f19e0d456",
        status: "firing",
        title: "CheckoutErrorsHigh",
        summary: "5 % of checkouts fail — More than 2 % for five minutes.",
        severity: "critical",
        startedAt: "2026-05-04T08:02:03.123Z",
        endedAt: null,
        labels: {
          alertname: "CheckoutErrorsHigh",
          service: "checkout",
          environment: "production",
          severity: "critical",
        },
        links: [
          "https://runbooks.example/checkout",
          "http://prometheus.example/graph?g0.expr=errors&g0.tab=1",
          "http://alertmanager.example:9093/",
        ],
        groupHint: '{}/{service="checkout"}:{service="checkout"}',
      },
      expect.objectContaining({
        status: "resolved",
        title: "CheckoutSlow",
        summary: "p95 is back below 400 ms",
        severity: "critical",
        endedAt: "2026-05-04T08:01:00.000Z",
      }),
    ]);
  });

  it("knows the same alert again when it is resolved", () => {
    const [fired] = alertsOf("am", fixture("alertmanager-firing.json"));
    const [resolved] = alertsOf("am", fixture("alertmanager-resolved.json"));
    expect(resolved).toMatchObject({
      fingerprint: fired?.fingerprint,
      groupHint: fired?.groupHint,
      startedAt: fired?.startedAt,
      status: "resolved",
    });
  });

  it("makes do with the little that imitations send", () => {
    const [alert] = alertsOf("am", fixture("alertmanager-sparse.json"));
    expect(alert).toMatchObject({
      title: "DiskFull",
      summary: "Disk of db-1 is 97 % full",
      severity: "warning",
      startedAt: receivedAt,
      endedAt: null,
      labels: { alertname: "DiskFull" },
      groupHint: null,
    });
    expect(alert?.fingerprint).toMatch(/^[0-9a-f]{32}$/);
  });

  it("gives a resolved alert without an end the time of its arrival", () => {
    const [alert] = alertsOf("am", { alerts: [{ status: "resolved", endsAt: "0001-01-01T00:00:00Z" }] });
    expect(alert).toMatchObject({ title: "Alert of am", startedAt: receivedAt, endedAt: receivedAt });
  });

  it.each([
    ["{", "body: it is not JSON in UTF-8"],
    [[], "body: Invalid input: expected object, received array"],
    [{}, "alerts: Invalid input: expected array, received undefined"],
    [{ alerts: [] }, "alerts: Too small: expected array to have >=1 items"],
    [{ alerts: [1] }, "alerts.0: Invalid input: expected object, received number"],
    [{ alerts: [{ status: "on" }] }, "alerts.0.status: unknown; it must say firing or resolved"],
    [{ alerts: [{}] }, "alerts.0.status: missing; it must say firing or resolved"],
  ])("says why %j cannot be mapped", (body, reason) => {
    expect(reasonOf("am", body)).toBe(reason);
  });
});

describe("generic", () => {
  it("reads the plain form without a mapping, place included", () => {
    expect(alertsOf("plain", fixture("generic-plain.json"))).toEqual([
      {
        sourceId: "plain",
        fingerprint: "assistant-slow",
        status: "firing",
        title: "Assistant is slow",
        summary: "p95 above 2 s — Since the last hour.",
        severity: "warning",
        startedAt: "2026-05-04T08:02:03.000Z",
        endedAt: null,
        labels: { service: "support-assistant", environment: "production", team: "support", shards: "3" },
        links: [],
        groupHint: null,
      },
    ]);
  });

  it("reads any form through a declared mapping", () => {
    expect(alertsOf("own", fixture("generic-mapped.json"))).toEqual([
      expect.objectContaining({
        status: "resolved",
        title: "Order queue grows",
        summary: "4,200 waiting",
        severity: "critical",
        startedAt: "2026-05-04T08:02:03.000Z",
        endedAt: "2026-05-04T08:06:40.123Z",
        labels: { queue: "orders", service: "orders", environment: "production" },
        links: ["https://grafana.example/d/orders"],
      }),
    ]);
  });

  it("keeps the fingerprint of an alert without one through firing and resolved", () => {
    const body = { title: "Slow", service: "search", summary: "first words" };
    const [fired] = alertsOf("plain", { ...body, status: "firing" });
    const [resolved] = alertsOf("plain", { ...body, summary: "other words", status: "OK" });
    const [other] = alertsOf("plain", { ...body, service: "checkout", status: "firing" });
    expect(resolved).toMatchObject({ status: "resolved", fingerprint: fired?.fingerprint });
    expect(other?.fingerprint).not.toBe(fired?.fingerprint);
  });

  it("knows the usual words for the end, the usual names of places, and links", () => {
    const words = ["ok", "Cleared", "success", "UP", "normal"];
    expect(words.map((status) => alertsOf("plain", { title: "x", status })[0]?.status)).toEqual(
      words.map(() => "resolved"),
    );
    const body = {
      title: "x",
      status: "down",
      labels: ["app:shop", "env:prod"],
      links: ["https://a.example/"],
    };
    expect(alertsOf("plain", body)).toMatchObject([
      { status: "firing", labels: { service: "shop", environment: "prod" }, links: ["https://a.example/"] },
    ]);
  });

  it.each([
    [[1], "body: it must be a JSON object"],
    [null, "body: it must be a JSON object"],
    [{ status: "firing" }, "/title: no text there; the source's mapping.title must point at one"],
    [{ title: {}, status: "firing" }, "/title: no text there; the source's mapping.title must point at one"],
    [{ title: "x" }, "/status: no text there; the source's mapping.status must point at one"],
  ])("says why %j cannot be mapped", (body, reason) => {
    expect(reasonOf("plain", body)).toBe(reason);
  });
});

it("quarantines what a source sent that is no longer declared", () => {
  expect(parse("gone", Buffer.from("{}"))).toEqual({
    kind: "unmappable",
    reason: 'Its source "gone" is not declared in signalman.yml any more',
  });
});

describe("credentials in an alert", () => {
  const slackToken = ["xoxb", "123456789012", "abcdefGHIJKL"].join("-");
  const password = "hunter2hunter2";

  it("go no further than the delivery, wherever a source has put them", () => {
    const texts = {
      title: `Login with ${slackToken} fails`,
      summary: `postgres://app:${password}@db.example refuses`,
      description: `curl -H "Authorization: Bearer ${password}${password}"`,
    };
    const labels = {
      service: "checkout",
      db_password: password,
      note: `token=${password}`,
      api_key: password,
    };
    const url = `https://grafana.example/d/1?orgId=1&token=${password}`;
    const [plain] = alertsOf("plain", {
      ...texts,
      status: "firing",
      labels,
      fingerprint: `token=${password}`,
    });
    const [own] = alertsOf("own", {
      event: { name: texts.title, state: "firing" },
      text: texts.summary,
      tags: labels,
      urls: url,
    });
    const [am] = alertsOf("am", {
      groupKey: `{}:{token="${password}"}`,
      externalURL: url,
      alerts: [
        {
          status: "firing",
          labels: { ...labels, alertname: texts.title },
          annotations: { summary: texts.summary, description: texts.description, runbook_url: url },
          generatorURL: `${url}#${slackToken}`,
        },
      ],
    });
    for (const alert of [plain, own, am]) {
      const said = JSON.stringify(alert);
      expect(said).not.toContain(password);
      expect(said).not.toContain(slackToken);
      expect(alert?.title).toBe("Login with [redacted] fails");
      expect(alert?.summary).toContain("postgres://[redacted]@db.example refuses");
      expect(alert?.labels).toMatchObject({
        service: "checkout",
        db_password: "[redacted]",
        api_key: "[redacted]",
        note: "token=[redacted]",
      });
    }
    expect(own?.links).toEqual(["https://grafana.example/d/1?orgId=1"]);
    expect(am?.links).toEqual(["https://grafana.example/d/1?orgId=1"]);
    expect(am?.groupHint).toMatch(/^[0-9a-f]{64}$/);
  });
});

it("makes a valid alert or a reason of any JSON whatever", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("__proto__", "2026-01-01T00:00:00Z", "\u0000", "\u202E"),
  );
  const any = fc.oneof(fc.jsonValue(), text);
  const one = fc.record(
    {
      status: fc.constantFrom("firing", "resolved"),
      title: any,
      severity: any,
      labels: fc.oneof(any, fc.dictionary(text, any)),
      annotations: fc.dictionary(fc.constantFrom("summary", "description", "runbook_url"), any),
      startsAt: any,
      endsAt: any,
      fingerprint: any,
      generatorURL: fc.oneof(fc.webUrl(), any),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    any,
    one,
    fc.record({ status: fc.constant("firing"), alerts: fc.array(one), groupKey: any }),
  );
  let mapped = 0;
  fc.assert(
    fc.property(fc.constantFrom("am", "plain", "own"), body, (id, value) => {
      const parsed = parse(id, Buffer.from(JSON.stringify(value)));
      if (parsed.kind === "unmappable") {
        expect(parsed.reason).not.toBe("");
        return;
      }
      if (parsed.kind !== "alerts") throw new Error(`Neither: ${parsed.kind}`);
      for (const alert of parsed.alerts) {
        Alert.parse(alert);
        mapped += 1;
        // oxlint-disable-next-line no-control-regex -- these are what must not be there
        expect(JSON.stringify(alert)).not.toMatch(/\\u00[01][0-9a-f]|[\u0000-\u001f\u202a-\u202e]/);
        expect(Object.getPrototypeOf(alert.labels)).toBe(Object.prototype);
      }
    }),
    { numRuns: 2000 },
  );
  expect(mapped).toBeGreaterThan(200);
});

describe("the parts of an alert", () => {
  it("takes instants of the past only, from texts and numbers", () => {
    expect(toPastInstant("2026-05-04T10:00:00+02:00", receivedAt)).toBe("2026-05-04T08:00:00.000Z");
    expect(toPastInstant(1777881600, receivedAt)).toBe("2026-05-04T08:00:00.000Z");
    expect(toPastInstant(1777881600000, receivedAt)).toBe("2026-05-04T08:00:00.000Z");
    for (const none of [
      "0001-01-01T00:00:00Z",
      "2099-01-01T00:00:00Z",
      "5",
      "",
      "yesterday",
      null,
      Number.NaN,
      -1,
    ]) {
      expect(toPastInstant(none, receivedAt)).toBeNull();
    }
  });

  it("keeps only web addresses that carry no secret", () => {
    expect(
      toLinks([
        "https://a.example/x",
        "https://a.example/x",
        "http://user:pw@b.example",
        "ftp://c",
        "//d",
        5,
      ]),
    ).toEqual(["https://a.example/x"]);
  });

  it("takes credentials out of addresses, and leaves the rest as it was", () => {
    expect(
      toLinks([
        "https://a.example/d/1?from=now-1h&auth_token=abcdefgh12345678&to=now",
        "https://bucket.example/graph.png?X-Amz-Credential=AK&X-Amz-Signature=0011223344",
        "https://b.example/?q=rate(errors[5m])&key=0123456789",
        "https://c.example/?next=bearer%20abcdefghijklmnop",
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXX",
        "https://d.example/#access_token=abcdefgh12345678",
        "https://e.example/%70assword=abcdefgh12345678",
        "http://prometheus.example/graph?g0.expr=a+%3E+1&g0.tab=1&token_count=5",
      ]),
    ).toEqual([
      "https://a.example/d/1?from=now-1h&to=now",
      "https://bucket.example/graph.png",
      "https://b.example/?q=rate%28errors%5B5m%5D%29",
      "https://c.example/",
      "http://prometheus.example/graph?g0.expr=a+%3E+1&g0.tab=1&token_count=5",
    ]);
  });

  it("tells long group keys and odd fingerprints apart by a hash", () => {
    const long = "x".repeat(600);
    expect(toGroupHint(`${long}a`)).not.toBe(toGroupHint(`${long}b`));
    expect(toGroupHint("  ")).toBeNull();
    expect(toFingerprint("with space", {})).not.toBe(toFingerprint("with  space", {}));
    expect(toFingerprint(12, {})).toBe("12");
    expect(toFingerprint("", { a: "1", b: "2" })).toBe(toFingerprint(null, { b: "2", a: "1" }));
  });

  it("keeps labels of 16,000 characters in all, the short ones of what comes later included", () => {
    const long = Object.fromEntries(
      Array.from({ length: 99 }, (_, index) => [`l${index}`, "words ".repeat(160)]),
    );
    const labels = toLabels({ ...long, service: "shop" });
    expect(JSON.stringify(labels).length).toBeLessThan(18_000);
    expect(labels["service"]).toBe("shop");
  });

  it("leaves out labels that are no labels", () => {
    const labels = toLabels(JSON.parse('{"__proto__":"x","a":null,"b":{},"c":true,"d":"\\u0000"}'));
    expect(labels).toEqual({ c: "true" });
    expect(
      Object.keys(toLabels(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`l${n}`, n])))),
    ).toHaveLength(100);
  });

  it("reads severities as people write them", () => {
    expect(["CRITICAL", "P1", "sev-2", "Sev 3", "information"].map(severityOf)).toEqual([
      "critical",
      "critical",
      "error",
      "warning",
      "info",
    ]);
    expect(severityOf("purple")).toBeNull();
  });
});
