import { describe, expect, it } from "vitest";
import { alertOf, fixture, readAs, reasonOf } from "./read-as.ts";

const kind = "google_cloud_monitoring";

const pushed = (body: unknown) => ({
  message: { data: Buffer.from(JSON.stringify(body)).toString("base64"), messageId: "1" },
  subscription: "projects/shop/subscriptions/signalman",
});

describe("google_cloud_monitoring", () => {
  it("reads an open incident", () => {
    expect(alertOf(kind, "google-open")).toMatchObject({
      fingerprint: "0.opqiw61fsv7p",
      status: "firing",
      title: "Checkout CPU",
      summary: expect.stringContaining("Observed 0.95, threshold 0.9"),
      severity: "critical",
      startedAt: "2026-05-04T08:10:05.000Z",
      labels: {
        service: "checkout",
        environment: "production",
        region: "europe-west1",
        project: "shop-prod",
      },
      links: [
        "https://console.cloud.google.com/monitoring/alerting/incidents/0.opqiw61fsv7p?project=shop-prod",
        "https://wiki.shop.example/cpu",
      ],
      groupHint: "shop-prod/Checkout CPU",
    });
  });

  it("closes it", () => {
    const [open, closed] = [alertOf(kind, "google-open"), alertOf(kind, "google-closed")];
    expect(closed).toMatchObject({
      status: "resolved",
      endedAt: "2026-05-04T08:40:05.000Z",
      startedAt: open.startedAt,
    });
    expect([closed.fingerprint, closed.title]).toEqual([open.fingerprint, open.title]);
  });

  it("reads what Pub/Sub wraps", () => {
    expect(alertOf(kind, pushed(fixture("google-open")))).toEqual(alertOf(kind, "google-open"));
    expect(readAs(kind, pushed(fixture("google-test"))).kind).toBe("nothing");
    for (const message of [{}, { data: "%%" }, { data: "" }, null]) {
      expect(reasonOf(kind, { message })).toMatch(/^incident: missing/);
    }
  });

  it("reads older versions, times as text, capitals, and little", () => {
    expect(alertOf(kind, "google-uptime")).toMatchObject({
      title: "shop up",
      startedAt: "2026-05-04T08:10:05.000Z",
      labels: { host: "shop.example" },
    });
    expect(alertOf(kind, "google-sparse")).toMatchObject({
      title: "Something is wrong",
      severity: "warning",
    });
  });

  it("takes its severity from labels where the policy has none", () => {
    const incident = { state: "open", severity: "No severity", policy_user_labels: { severity: "error" } };
    expect(alertOf(kind, { incident }).severity).toBe("error");
  });

  it("does nothing for a test", () => {
    expect(readAs(kind, "google-test")).toEqual({ kind: "nothing", what: "a test notification" });
  });

  it("names the member that does not fit", () => {
    expect(reasonOf(kind, {})).toContain("incident");
    expect(reasonOf(kind, { incident: { state: "odd" } })).toContain("incident.state");
  });
});
