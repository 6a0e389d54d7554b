import { describe, expect, it } from "vitest";
import { alertOf, readAs, reasonOf } from "./read-as.ts";

const read = (name: string) => alertOf("sentry", `sentry-${name}`);

const resource = (name: string) => readAs("sentry", "sentry-issue-created", { "sentry-hook-resource": name });

describe("sentry", () => {
  it("reads an issue alert", () => {
    expect(read("event-alert")).toEqual({
      sourceId: "one",
      fingerprint: "issue/1117540176",
      status: "firing",
      title: "ReferenceError: total is not defined",
      summary: "pay(checkout) — Rule: Errors of buyers",
      severity: "error",
      startedAt: "2026-05-04T08:02:03.000Z",
      endedAt: null,
      labels: {
        service: "checkout-web",
        project: "checkout-web",
        environment: "production",
        release: "shop@1.8.3",
        platform: "javascript",
        level: "error",
        browser: "Chrome 125",
        customer: "gold",
        transaction: "/pay",
      },
      links: [
        "https://sentry.io/organizations/shop/issues/1117540176/events/e4874d664c3540c1a32eab185f12c5ab/",
        "https://sentry.io/organizations/shop/issues/1117540176/",
      ],
      groupHint: "issue/1117540176",
    });
  });

  it("ends with an issue whatever was reported about it", () => {
    const all = [
      "event-alert",
      "issue-created",
      "issue-resolved",
      "issue-unresolved",
      "issue-archived",
      "plugin",
    ];
    const alerts = [...all.map(read), read("error")];
    expect(new Set(alerts.map(({ fingerprint }) => fingerprint))).toEqual(new Set(["issue/1117540176"]));
    expect(alerts.map(({ status }) => status)).toEqual([
      "firing",
      "firing",
      "resolved",
      "firing",
      "resolved",
      "firing",
      "firing",
    ]);
  });

  it("reads an issue, and when it began this time", () => {
    expect(read("issue-created")).toMatchObject({
      title: "ReferenceError: total is not defined",
      summary: "pay(checkout) — total is not defined",
      startedAt: "2026-05-04T08:02:03.000Z",
      labels: { service: "checkout-web", issue: "CHECKOUT-7" },
      links: ["https://sentry.io/organizations/shop/issues/1117540176/"],
    });
    expect(read("issue-unresolved").startedAt).toBe("2026-05-04T08:30:00.000Z");
  });

  it("reads metric alerts by how bad they are", () => {
    const [critical, resolved] = [read("metric-critical"), read("metric-resolved")];
    expect(critical).toMatchObject({
      fingerprint: "metric/3",
      status: "firing",
      title: "Too many errors",
      summary: "1000 events in the last 10 minutes Filter: level:error — level:error",
      severity: "critical",
      startedAt: "2026-05-04T08:02:00.000Z",
      labels: { service: "checkout-web", environment: "production" },
      links: ["https://sentry.io/organizations/shop/alerts/rules/details/7/?alert=3"],
    });
    expect(resolved).toMatchObject({
      status: "resolved",
      fingerprint: critical.fingerprint,
      startedAt: critical.startedAt,
      endedAt: "2026-05-04T08:22:00.000Z",
    });
  });

  it("reads the older plugin, whose tag of that name is the better service", () => {
    expect(read("plugin")).toMatchObject({
      title: "Payment cannot be made",
      summary: "shop.pay in total — no total",
      severity: "critical",
      startedAt: "2026-05-04T08:02:02.500Z",
      labels: { service: "payments", project: "checkout-web", environment: "production" },
      links: ["https://sentry.io/shop/checkout-web/issues/1117540176/?referrer=webhooks_plugin"],
    });
  });

  it("believes the header about what a body is", () => {
    expect(resource("issue").kind).toBe("alerts");
    expect(resource("comment")).toEqual({ kind: "nothing", what: 'resource "comment"' });
    expect(resource("metric_alert").kind).toBe("unmappable");
  });

  it("does nothing when an issue is handed over: that is no new trouble", () => {
    const body = { action: "assigned", data: { issue: { id: "1", title: "x", status: "unresolved" } } };
    expect(readAs("sentry", body)).toMatchObject({ kind: "nothing" });
  });

  it("does nothing for an installation", () => {
    expect(readAs("sentry", "sentry-installation")).toEqual({
      kind: "nothing",
      what: 'resource "installation"',
    });
  });

  it.each([
    [{}, "data, message: both are missing; Sentry sends data with an integration, message with its plugin"],
    [
      { message: "x" },
      "data, message: both are missing; Sentry sends data with an integration, message with its plugin",
    ],
    [{ data: { event: {} } }, "data.event.title: missing, and no message or culprit instead"],
    [{ data: { error: 1 } }, "data.error.title: missing, and no message or culprit instead"],
    [{ data: { issue: {} } }, "data.issue: neither id nor title is there"],
    [{ data: { metric_alert: {} } }, "action: missing or unknown; it must be critical, warning or resolved"],
    [{ action: "critical", data: { metric_alert: {} } }, "data.metric_alert: neither id nor title is there"],
  ])("says why %j cannot be mapped", (body, reason) => {
    expect(reasonOf("sentry", body)).toBe(reason);
  });
});
