import { describe, expect, it } from "vitest";
import { alertOf, alertsOf, readAs, reasonOf } from "./read-as.ts";

const head = { specversion: "1.0", id: "1", source: "/shop", type: "com.example.thing" };

const about = (type: string) => alertOf("cloudevents", { ...head, type, data: { service: "orders" } });

describe("cloudevents", () => {
  it("reads a structured event: the data first, then the attributes", () => {
    const [firing, resolved] = [
      alertOf("cloudevents", "cloudevents-firing"),
      alertOf("cloudevents", "cloudevents-resolved"),
    ];
    expect(firing).toMatchObject({
      status: "firing",
      title: "Checkout fails",
      severity: "critical",
      startedAt: "2026-05-04T08:02:03.000Z",
      labels: {
        service: "checkout",
        environment: "production",
        team: "buying",
        event_type: "com.example.alert.firing.v1",
        event_source: "/monitoring/shop",
        event_subject: "checkout/errors",
      },
      links: ["https://grafana.example/d/1"],
      groupHint: "/monitoring/shop checkout/errors",
    });
    expect(resolved).toMatchObject({
      status: "resolved",
      fingerprint: firing.fingerprint,
      endedAt: "2026-05-04T08:12:03.000Z",
    });
  });

  it("reads a batch, with alerts of Alertmanager's form and data in base64", () => {
    expect(alertsOf("cloudevents", "cloudevents-batch")).toMatchObject([
      { fingerprint: "f1", status: "firing", title: "CheckoutErrors", groupHint: "g" },
      { fingerprint: "f2", status: "resolved", title: "Slow" },
      { status: "firing", title: "Queue grows", labels: { service: "orders" } },
    ]);
  });

  it("reads a binary event, whose attributes are headers", () => {
    const read = readAs("cloudevents", "cloudevents-binary", {
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-id": "1",
      "ce-source": "/shop",
      "ce-type": "com.example.alert",
      "ce-subject": "orders%20%E2%82%AC",
      "ce-time": "2026-05-04T08:02:03Z",
    });
    expect(read).toMatchObject({
      kind: "alerts",
      alerts: [
        {
          status: "firing",
          title: "Orders fail",
          startedAt: "2026-05-04T08:02:03.000Z",
          labels: { service: "orders", event_subject: "orders €" },
        },
      ],
    });
  });

  it("takes the type for what the data does not say", () => {
    const [down, up] = [about("io.probe.orders.down"), about("io.probe.orders.up")];
    expect(down).toMatchObject({ status: "firing", title: "io.probe.orders" });
    expect(up).toMatchObject({ status: "resolved", title: "io.probe.orders", fingerprint: down.fingerprint });
  });

  it("does nothing for an empty batch", () => {
    expect(readAs("cloudevents", []).kind).toBe("nothing");
  });

  it.each([
    [{}, "specversion, type: missing; every CloudEvent has both, in the body or as ce- headers"],
    [[1], "0.specversion, 0.type: missing; every CloudEvent has both, in the body or as ce- headers"],
    [{ ...head, data: [1] }, "data: it must be a JSON object or a text"],
    [head, "data.status: missing, and the end of type does not say firing or resolved either"],
    [
      { ...head, data: { title: "x" } },
      "data.status: missing, and the end of type does not say firing or resolved either",
    ],
    [{ ...head, data: { alerts: [] } }, "data.alerts: Too small: expected array to have >=1 items"],
  ])("says why %j cannot be mapped", (body, reason) => {
    expect(reasonOf("cloudevents", body)).toBe(reason);
  });
});
