import { describe, expect, it } from "vitest";
import { alertOf, reasonOf } from "./read-as.ts";

const read = (name: string) => alertOf("datadog", `datadog-${name}`);

const sent = (transition: string) => ({
  action: "created",
  title: "Orders fail",
  env: "$TAGS[env]",
  metadata: {
    ALERT_ID: "7",
    ALERT_SCOPE: "host:a",
    ALERT_TRANSITION: transition,
    DATE_POSIX: "1777881723",
    TAGS: "service:orders",
  },
});

describe("datadog", () => {
  it("reads the payload that Datadog fills in: state, group and monitor stand in its title and links", () => {
    expect(read("default")).toEqual({
      sourceId: "one",
      fingerprint: "monitor/1234/env:production,service:checkout",
      status: "firing",
      title: "Checkout errors",
      summary: expect.stringMatching(/^Checkout errors are above 2 %\s+The monitor was last triggered/),
      severity: "error",
      startedAt: "2026-05-04T08:02:03.000Z",
      endedAt: null,
      labels: {
        service: "checkout",
        env: "production",
        environment: "production",
        monitor: "1234",
        org: "Shop",
        event_type: "query_alert_monitor",
      },
      links: [
        "https://app.datadoghq.com/monitors/1234?group=service%3Acheckout&from_ts=1777881000",
        "https://app.datadoghq.com/monitors#1234/edit",
      ],
      groupHint: "monitor/1234",
    });
    expect(read("default-recovered")).toMatchObject({
      status: "resolved",
      title: "Checkout errors",
      fingerprint: read("default").fingerprint,
      endedAt: "2026-05-04T08:11:40.000Z",
    });
  });

  it("reads a fuller template, and leaves out what it left unfilled", () => {
    const [warn, recovered] = [read("template"), read("template-recovered")];
    expect(warn).toMatchObject({
      fingerprint: "monitor/9876/host:web-1",
      status: "firing",
      title: "Load on web-1",
      summary: expect.stringMatching(/^The load is high\. — system\.load\.1 over/),
      severity: "warning",
      labels: {
        service: "search",
        environment: "staging",
        host: "web-1",
        monitor: "9876",
        role: "computing-node",
      },
      links: ["https://app.datadoghq.eu/event/event?id=5234567890123456000"],
    });
    expect(warn.labels).not.toHaveProperty("org");
    expect(recovered).toMatchObject({ status: "resolved", fingerprint: warn.fingerprint, title: warn.title });
  });

  it("finds the variables wherever a template has put them", () => {
    expect(read("nested")).toMatchObject({
      fingerprint: "monitor/4711/service:orders",
      status: "firing",
      title: "Orders heartbeat",
      summary: "No data for 10 m",
      severity: "critical",
      startedAt: "2026-05-04T08:02:03.000Z",
      labels: { service: "orders" },
      links: ["https://app.datadoghq.com/event/1"],
    });
  });

  it("reads incidents", () => {
    expect(read("incident")).toMatchObject({
      fingerprint: "7f1b-22",
      status: "resolved",
      title: "Checkout is down",
      severity: "critical",
      links: ["https://app.datadoghq.com/incidents/12"],
    });
  });

  it.each([
    ["Triggered", "firing", "error"],
    ["Re-Triggered", "firing", "error"],
    ["Renotify", "firing", "error"],
    ["No Data", "firing", "warning"],
    ["Re-No Data", "firing", "warning"],
    ["Warn", "firing", "warning"],
    ["Re-Warn", "firing", "warning"],
    ["Recovered", "resolved", "error"],
  ])("takes %s for %s", (transition, status, severity) => {
    const said = alertOf("datadog", { title: "CPU", alert_transition: transition });
    expect(said).toMatchObject({ status, severity });
    const shown = alertOf("datadog", { title: `[P?] [${transition}] CPU`.replace("[P?] ", "") });
    expect(shown).toMatchObject({ status, severity, title: "CPU", fingerprint: said.fingerprint });
  });

  it("reads the older form of a title, and leaves the brackets of a monitor's own name", () => {
    expect(read("sparse")).toMatchObject({
      title: "Host is down",
      status: "firing",
      labels: { host: "ip-012345" },
    });
    expect(alertOf("datadog", { title: "[Triggered] [shop] CPU: high" }).title).toBe("[shop] CPU: high");
  });

  it.each([
    [3, "warning"],
    ["P1", "critical"],
    ["normal", "error"],
  ])("reads the priority %s", (priority, severity) => {
    expect(alertOf("datadog", { title: "x", priority }).severity).toBe(severity);
  });

  it("finds what a template wraps, and knows a variable that was not filled in", () => {
    const begun = alertOf("datadog", sent("Warn"));
    expect(begun).toMatchObject({
      status: "firing",
      severity: "warning",
      fingerprint: "monitor/7/host:a",
      startedAt: "2026-05-04T08:02:03.000Z",
      labels: { service: "orders", host: "a" },
    });
    expect(begun.labels).not.toHaveProperty("environment");
    const ended = alertOf("datadog", sent("Warn Recovered"));
    expect(ended).toMatchObject({ status: "resolved", fingerprint: begun.fingerprint });
  });

  it("makes a summary of a message's words, not of its images, addresses and footer", () => {
    const body =
      "%%%\nOrders fail, see [the runbook](https://wiki.example/x). @webhook-signalman\n\n" +
      "[![Metric Graph](https://p.example/1.png)](https://app.datadoghq.com/monitors/7?from_ts=1)\n\n- - -\n\n" +
      "[[Monitor Status](https://app.datadoghq.com/monitors/7)] · [[Edit Monitor](https://app.datadoghq.com/monitors/7/edit)]\n%%%";
    expect(alertOf("datadog", { title: "[Triggered] Orders", body })).toMatchObject({
      summary: "Orders fail, see the runbook.",
      fingerprint: "monitor/7/",
    });
  });

  it("says what is missing", () => {
    const reason = "title: missing; the webhook's payload must have $EVENT_TITLE";
    for (const body of [{}, { title: "$EVENT_TITLE" }, { title: [] }, [], null]) {
      expect(reasonOf("datadog", body)).toBe(reason);
    }
  });
});
