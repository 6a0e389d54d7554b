import { describe, expect, it } from "vitest";
import { alertOf, alertsOf, fixture, readAs, reasonOf } from "./read-as.ts";

const read = (name: string) => alertOf("azure_monitor", `azure-${name}`);

describe("azure_monitor, common alert schema", () => {
  it("reads a metric alert", () => {
    const fired = read("metric-fired");
    expect(fired).toMatchObject({
      fingerprint: expect.stringContaining("b9569717-bc32-442f-add5-83a997729330"),
      status: "firing",
      title: "checkout cpu",
      summary: "CPU of checkout is high — Average Percentage CPU GreaterThan 80 over PT5M: 93.4",
      severity: "error",
      startedAt: "2026-05-04T08:10:24.371Z",
      endedAt: null,
      labels: {
        service: "checkout",
        environment: "production",
        resource: "checkout-1",
        resource_group: "shop",
        resource_type: "microsoft.compute/virtualmachines",
        metric: "Percentage CPU",
      },
      links: [expect.stringContaining("https://portal.azure.com/#blade/")],
    });
  });

  it("ends what was fired, under the same fingerprint, title and group", () => {
    const [fired, over] = [read("metric-fired"), read("metric-resolved")];
    expect(over).toMatchObject({ status: "resolved", endedAt: "2026-05-04T08:40:16.224Z" });
    expect([over.fingerprint, over.title, over.groupHint]).toEqual([
      fired.fingerprint,
      fired.title,
      fired.groupHint,
    ]);
  });

  it.each([
    ["metric-dynamic", { severity: "info", labels: { team: "shop", metric: "Transactions" } }],
    ["log-v1", { severity: "warning", labels: { host: "checkout-1" }, links: { length: 3 } }],
    [
      "log-v2",
      {
        summary: expect.stringContaining("Count AppExceptions GreaterThan 10 over PT10M: 41"),
        labels: { service: "checkout" },
      },
    ],
    [
      "activity-log",
      { title: "VM restarted", severity: "info", summary: expect.stringContaining("restart/action") },
    ],
    [
      "smart-detection",
      { title: "Failure Anomalies - checkout", summary: expect.stringContaining("abnormal rise") },
    ],
    ["prometheus", { title: "SqlDown", labels: { service: "orders", environment: "production" } }],
    [
      "budget",
      {
        title: "shop monthly",
        severity: "warning",
        summary: expect.stringContaining("Spent $99.99 of $50.00"),
      },
    ],
    ["sparse", { title: "disk", status: "firing", severity: "warning" }],
  ])("reads %s", (name, expected) => {
    expect(read(name)).toMatchObject(expected);
  });

  it("joins the news about one event of Azure's health, each an alert of its own to Azure", () => {
    const [active, over] = [read("service-health-active"), read("service-health-resolved")];
    expect(active).toMatchObject({
      status: "firing",
      title: "Azure Front Door - errors in West Europe",
      summary: expect.stringContaining("Impact : some requests fail"),
      labels: { region: "West Europe", azure_service: "Azure Front Door" },
    });
    expect(active.labels["service"]).toBeUndefined();
    expect(over).toMatchObject({ status: "resolved", endedAt: "2026-05-04T08:50:00.000Z" });
    expect([over.fingerprint, over.groupHint]).toEqual([active.fingerprint, active.groupHint]);
  });

  it("joins the news about one resource's health", () => {
    const [gone, back] = [read("resource-health-active"), read("resource-health-resolved")];
    expect(gone).toMatchObject({
      status: "firing",
      summary: expect.stringContaining("Available → Unavailable"),
    });
    expect(back).toMatchObject({
      status: "resolved",
      fingerprint: gone.fingerprint,
      groupHint: gone.groupHint,
    });
  });

  it("names the member that does not fit", () => {
    expect(reasonOf("azure_monitor", { data: { essentials: { alertRule: "a" } } })).toContain(
      "monitorCondition",
    );
    expect(reasonOf("azure_monitor", { schemaId: "x", data: {} })).toContain("essentials");
    expect(reasonOf("azure_monitor", [{}, {}])).toMatch(/^0\./);
    expect(reasonOf("azure_monitor", [])).toContain("no alert");
  });

  it("does nothing for what autoscaling reports: nothing would ever end it", () => {
    const context = { name: "scale", details: "Autoscale successfully started", oldCapacity: "3" };
    expect(readAs("azure_monitor", { status: "Activated", operation: "Scale Out", context })).toMatchObject({
      kind: "nothing",
    });
  });
});

describe("azure_monitor, older schemas", () => {
  it("reads metric alerts by their states", () => {
    const [on, off] = [read("classic-metric-activated"), read("classic-metric-deactivated")];
    expect(on).toMatchObject({
      status: "firing",
      title: "CPU high",
      severity: "critical",
      labels: { service: "checkout", resource: "checkout-1" },
    });
    expect(off).toMatchObject({
      status: "resolved",
      fingerprint: on.fingerprint,
      endedAt: "2026-05-04T08:40:35.081Z",
    });
  });

  it("reads activity log and log search alerts", () => {
    expect(read("classic-activity-log")).toMatchObject({
      title: "Microsoft.Compute/virtualMachines/restart/action",
      severity: "warning",
      labels: { service: "checkout" },
    });
    expect(read("classic-log")).toMatchObject({
      title: "exceptions",
      severity: "warning",
      links: ["https://portal.azure.com/#blade/logs"],
    });
  });

  it("reads several at once", () => {
    expect(alertsOf("azure_monitor", [fixture("azure-sparse"), fixture("azure-classic-log")])).toHaveLength(
      2,
    );
  });
});
