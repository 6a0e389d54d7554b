import { describe, expect, it } from "vitest";
import { alertOf, alertsOf, readAs, reasonOf, receivedAt } from "./read-as.ts";

const read = (name: string) => alertOf("grafana", `grafana-${name}`);

describe("grafana, unified alerting", () => {
  it("reads each alert with its values and its places to look at", () => {
    expect(alertsOf("grafana", "grafana-firing")).toEqual([
      {
        sourceId: "one",
        fingerprint: "c6eadffa33fcdf37",
        status: "firing",
        title: "Checkout p95",
        summary:
          "p95 of the checkout is above 2 s — More than a third of the buyers wait. — Values: B = 2.41944, C = 1",
        severity: "critical",
        startedAt: "2026-05-04T08:02:03.157Z",
        endedAt: null,
        labels: {
          alertname: "Checkout p95",
          grafana_folder: "Shop",
          service: "checkout",
          environment: "production",
          env: "production",
          severity: "critical",
        },
        links: [
          "https://grafana.example/d/shop?orgId=1&viewPanel=4",
          "https://grafana.example/d/shop?orgId=1",
          "https://runbooks.example/checkout-slow",
          "https://grafana.example/alerting/grafana/ce1/view?orgId=1",
          "https://grafana.example/",
        ],
        groupHint: '{}:{grafana_folder="Shop"}',
      },
      expect.objectContaining({
        status: "resolved",
        title: "Queue grows",
        summary: "Values: [ metric='queue' labels={} value=12 ]",
        severity: "warning",
        endedAt: "2026-05-04T08:01:00.000Z",
        labels: expect.objectContaining({ service: "orders" }),
      }),
    ]);
  });

  it("knows the same alert again when it is resolved", () => {
    const [fired] = alertsOf("grafana", "grafana-firing");
    expect(read("resolved")).toMatchObject({
      status: "resolved",
      fingerprint: fired?.fingerprint,
      startedAt: fired?.startedAt,
      groupHint: fired?.groupHint,
    });
  });

  it("names the rule that has no data instead of the alert that says so", () => {
    expect(read("no-data")).toMatchObject({ title: "Checkout p95: no data", summary: "" });
  });

  it("makes do with little", () => {
    expect(read("sparse")).toMatchObject({ title: "Disk", startedAt: receivedAt, links: [], summary: "" });
  });
});

describe("grafana, legacy alerting", () => {
  it("reads a rule that fires, and that it is over", () => {
    const [firing, ok] = [read("legacy-alerting"), read("legacy-ok")];
    expect(firing).toMatchObject({
      fingerprint: "rule/1/7",
      status: "firing",
      title: "Disk usage",
      summary: "Disks of the order store fill up — used {host=db-1} = 97.5, used {host=db-2} = 91",
      severity: "critical",
      // What both series have; the hosts differ.
      labels: { service: "orders", environment: "production", dashboard_id: "12", panel_id: "2" },
      links: [expect.stringContaining("/d/hZ7BuVbWz/disks"), "https://grafana.example/render/1.png"],
    });
    expect(firing.labels).not.toHaveProperty("host");
    expect(ok).toMatchObject({ status: "resolved", fingerprint: firing.fingerprint, title: firing.title });
  });

  it("takes a rule without data for one that fires, and finds its name in the title", () => {
    expect(read("legacy-no-data")).toMatchObject({
      status: "firing",
      severity: "warning",
      title: "Disk usage",
      summary: "No data",
      fingerprint: "rule//7",
    });
  });

  it("tells test notifications, which all have rule 0, apart by their names", () => {
    const [a, b] = ["A", "B"].map((ruleName) =>
      alertOf("grafana", { ruleId: 0, ruleName, state: "alerting" }),
    );
    expect(a?.fingerprint).not.toBe(b?.fingerprint);
  });

  it.each(["pending", "paused"])("does nothing for a rule that is %s", (state) => {
    expect(readAs("grafana", { ruleId: 1, state })).toEqual({ kind: "nothing", what: `a rule is ${state}` });
  });
});

it("reads the severity of a label whatever its capitals", () => {
  const body = {
    alerts: [{ status: "firing", labels: { alertname: "A", Severity: "Critical", Env: "prod" } }],
  };
  expect(alertOf("grafana", body)).toMatchObject({ severity: "critical", labels: { environment: "prod" } });
});

it.each([
  [{}, "alerts, state: both are missing; Grafana sends one of them"],
  [{ state: "on" }, "state: missing or unknown; it must be alerting, no_data or ok"],
  [{ ruleId: 1 }, "state: missing or unknown; it must be alerting, no_data or ok"],
  [{ alerts: {} }, "alerts: Invalid input: expected array, received object"],
])("says why %j is no delivery of Grafana's", (body, reason) => {
  expect(reasonOf("grafana", body)).toBe(reason);
});
