import { describe, expect, it } from "vitest";
import { alertOf, readAs, reasonOf } from "./read-as.ts";

const read = (name: string) => alertOf("new_relic", `new-relic-${name}`);

describe("new_relic", () => {
  it("reads the issue of a workflow", () => {
    const activated = read("activated");
    expect(activated).toEqual({
      sourceId: "one",
      fingerprint: "issue/d1b1f3fd-995a-4066-88ab-8ce4f6960654",
      status: "firing",
      title: "Error % > 2 for at least 5 minutes on 'checkout'",
      summary: "Policy: Shop",
      severity: "critical",
      startedAt: "2026-05-04T08:02:03.000Z",
      endedAt: null,
      labels: {
        service: "checkout",
        entity: "checkout",
        policy: "Shop",
        condition: "Errors of the checkout",
      },
      links: ["https://radar-api.service.newrelic.com/accounts/1/issues/d1b1f3fd?notifier=WEBHOOK"],
      groupHint: "issue/d1b1f3fd-995a-4066-88ab-8ce4f6960654",
    });
    expect(read("closed")).toMatchObject({
      status: "resolved",
      fingerprint: activated.fingerprint,
      startedAt: activated.startedAt,
      endedAt: "2026-05-04T08:12:04.000Z",
    });
  });

  it("finds the variables wherever a template has put them", () => {
    expect(read("templated")).toMatchObject({
      fingerprint: "issue/77",
      status: "firing",
      title: "Queue grows",
      summary: "4,200 wait — Policy: Shop — Affected: orders, orders-db",
      severity: "error",
      startedAt: "2026-05-04T08:02:03.000Z",
      labels: { environment: "staging", entity: "orders", condition: "Queue" },
      links: ["https://runbooks.example/queue"],
    });
    // Two are affected: neither is said to be the service.
    expect(read("templated").labels).not.toHaveProperty("service");
  });

  it("reads the incident of a channel, and never shows the address that acknowledges it", () => {
    const [open, closed] = [read("classic-open"), read("classic-closed")];
    expect(open).toMatchObject({
      fingerprint: "incident/1234",
      status: "firing",
      title: "Errors of the checkout",
      summary: "Error percentage > 2 % for 5 minutes on 'checkout' — Policy: Shop",
      severity: "critical",
      startedAt: "2026-05-04T08:02:03.000Z",
      labels: { service: "checkout", environment: "production", entity_type: "Application", account: "Shop" },
    });
    expect(open.links).toHaveLength(4);
    expect(open.links.join(" ")).not.toContain("acknowledge");
    expect(closed).toMatchObject({
      status: "resolved",
      fingerprint: open.fingerprint,
      startedAt: open.startedAt,
      endedAt: "2026-05-04T08:12:03.000Z",
    });
  });

  it("takes an issue whose incidents have all ended for over, and for firing when one comes back", () => {
    const issue = { id: "1", title: "Slow", createdAt: 1777881723166 };
    const states = ["ACTIVATED", "DEACTIVATED", "ACTIVATED", "CLOSED"];
    expect(states.map((state) => alertOf("new_relic", { ...issue, state }).status)).toEqual([
      "firing",
      "resolved",
      "firing",
      "resolved",
    ]);
  });

  it("reads a template that puts all under incident, and tags of one value", () => {
    expect(
      alertOf("new_relic", {
        incident: {
          id: 123456789,
          condition_name: "Errors",
          severity: "critical",
          state: "open",
          timestamp: 1777881723,
        },
        details: { message: "Above 5 %" },
        accumulations: { tag: { service: ["orders", "orders"], zone: ["a", "b"] } },
      }),
    ).toMatchObject({
      fingerprint: "incident/123456789",
      title: "Errors",
      severity: "critical",
      startedAt: "2026-05-04T08:02:03.000Z",
      labels: { service: "orders" },
    });
  });

  it("does nothing for the test of a channel", () => {
    expect(readAs("new_relic", "new-relic-test").kind).toBe("nothing");
  });

  it.each([
    [{}, "state (or current_state): missing or unknown; it must say ACTIVATED, CLOSED, open …"],
    [{ state: "odd" }, "state (or current_state): missing or unknown; it must say ACTIVATED, CLOSED, open …"],
    [{ state: "CLOSED" }, "title, id: both are missing"],
  ])("says why %j cannot be mapped", (body, reason) => {
    expect(reasonOf("new_relic", body)).toBe(reason);
  });
});
