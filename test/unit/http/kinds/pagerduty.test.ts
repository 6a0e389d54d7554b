import { describe, expect, it } from "vitest";
import { alertOf, alertsOf, changesOf, readAs, reasonOf, receivedAt } from "./read-as.ts";

const read = (name: string) => alertOf("pagerduty", `pagerduty-${name}`);

const unknownEvent = (status: string) => ({
  event: { event_type: "incident.moved", data: { type: "incident", id: "P1", title: "x", status } },
});

describe("pagerduty", () => {
  it("reads an incident's life by its subscription's events", () => {
    const triggered = read("triggered");
    expect(triggered).toEqual({
      sourceId: "one",
      fingerprint: "incident/PGR0VU2",
      status: "firing",
      title: "A little bump in the checkout",
      summary: "",
      severity: "critical",
      startedAt: "2026-05-04T08:02:01.000Z",
      endedAt: null,
      labels: {
        service: "checkout",
        escalation_policy: "Shop",
        team: "Buying",
        priority: "P1",
        urgency: "high",
        incident_number: "2",
        incident_key: "d3640fbd41094207a1c11e58e46b1662",
      },
      links: ["https://shop.pagerduty.com/incidents/PGR0VU2", "https://meet.example/1"],
      groupHint: "incident/PGR0VU2",
    });
    expect(read("acknowledged")).toEqual(triggered);
    expect(read("priority-updated")).toMatchObject({ status: "firing", severity: "error" });
    expect(read("resolved")).toMatchObject({
      status: "resolved",
      fingerprint: triggered.fingerprint,
      startedAt: triggered.startedAt,
      endedAt: "2026-05-04T08:14:00.000Z",
    });
  });

  it("reads every message of an extension, older versions too", () => {
    expect(alertsOf("pagerduty", "pagerduty-messages")).toMatchObject([
      {
        fingerprint: "incident/PRORDTY",
        status: "firing",
        title: "Orders fail",
        summary: "Exit 1",
        severity: "warning",
        labels: { service: "orders", environment: "staging", urgency: "low" },
      },
      { fingerprint: "incident/PRORDTY", status: "resolved", endedAt: "2026-05-04T08:09:00.000Z" },
    ]);
    const incident = { id: "P1", service: { name: "web" }, trigger_summary_data: { subject: "Down" } };
    expect(
      alertOf("pagerduty", { messages: [{ type: "incident.trigger", data: { incident } }] }),
    ).toMatchObject({ title: "Down", labels: { service: "web" }, startedAt: receivedAt });
  });

  it("reads what others send in the form of its Events API, without the key", () => {
    const alert = read("enqueued");
    expect(alert).toMatchObject({
      fingerprint: "orders/db",
      status: "firing",
      title: "Disk of db-1 is full",
      severity: "warning",
      labels: { service: "orders", host: "db-1", component: "postgres", group: "orders" },
      links: ["https://grafana.example/d/1"],
    });
    expect(JSON.stringify(alert)).not.toContain("0123456789");
    expect(alertOf("pagerduty", { event_action: "resolve", dedup_key: "orders/db" })).toMatchObject({
      status: "resolved",
      fingerprint: "orders/db",
    });
  });

  it("reads change events of that API as changes", () => {
    const payload = {
      summary: "Deploy of checkout failed",
      source: "ci-1",
      timestamp: "2026-05-04T08:02:03Z",
      custom_details: { service: "checkout", version: "2.4.0", author: "ada" },
    };
    const links = [{ href: "https://ci.example/1", text: "Run" }];
    expect(changesOf("pagerduty", { routing_key: "r", payload, links })).toMatchObject([
      {
        kind: "deploy",
        state: "failed",
        title: "Deploy of checkout failed",
        version: "2.4.0",
        author: "ada",
        at: "2026-05-04T08:02:03.000Z",
        labels: { service: "checkout", change_source: "ci-1" },
        links: ["https://ci.example/1"],
      },
    ]);
    expect(reasonOf("pagerduty", { payload: {} })).toMatch(/^payload\.summary: missing/);
  });

  it("believes an incident's status where an event is new to it", () => {
    expect(alertOf("pagerduty", unknownEvent("acknowledged")).status).toBe("firing");
    expect(alertOf("pagerduty", unknownEvent("resolved")).status).toBe("resolved");
  });

  it.each([
    ["ping", "a ping"],
    ["annotated", 'event "incident.annotated"'],
  ])("does nothing for %s", (name, what) => {
    expect(readAs("pagerduty", `pagerduty-${name}`)).toEqual({ kind: "nothing", what });
  });

  it("makes do with a title", () => {
    expect(read("sparse")).toMatchObject({ title: "Something", severity: "error", groupHint: null });
  });

  it.each([
    [{}, "event: missing; a version 3 webhook of PagerDuty carries it"],
    [{ event: {} }, "event.event_type: missing; it must name the event"],
    [{ event: { event_type: "incident.triggered" } }, "event.data: neither id nor title is there"],
    [{ messages: [{}] }, "messages.0.event: missing; it must name the event"],
    [{ messages: [{ event: "incident.resolve" }] }, "messages.0.incident: neither id nor title is there"],
    [{ event_action: "x" }, "event_action: it must be trigger, acknowledge or resolve"],
    [{ event_action: "trigger" }, "payload.summary, dedup_key: both are missing"],
  ])("says why %j cannot be mapped", (body, reason) => {
    expect(reasonOf("pagerduty", body)).toBe(reason);
  });
});
