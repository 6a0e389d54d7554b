import { describe, expect, it } from "vitest";
import { deliveryKeyOf } from "../../../src/adapters/http/delivery-key.ts";
import { keptHeaders } from "../../../src/adapters/http/kept-headers.ts";
import { Source } from "../../../src/domain/source.ts";

const key = (declared: Record<string, unknown>, headers: Record<string, string>, body = "{}") =>
  deliveryKeyOf(
    Source.parse({ id: "one", secretEnv: "A_SECRET", ...declared }),
    { headers },
    Buffer.from(body),
  );

describe("what makes a redelivery", () => {
  it.each([
    ["alertmanager", "x-signalman-delivery"],
    ["generic", "idempotency-key"],
    ["change", "webhook-id"],
    ["featbit", "x-featbit-delivery"],
    ["sentry", "request-id"],
    ["grafana", "x-grafana-alerting-timestamp"],
    ["cloudevents", "ce-id"],
  ])("of %s: %s and the bytes", (kind, header) => {
    const first = key({ kind }, { [header]: "a" });
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(key({ kind }, { [header]: "a" })).toBe(first);
    expect(key({ kind }, { [header]: "b" })).not.toBe(first);
    expect(key({ kind }, { [header]: "a" }, "[]")).not.toBe(first);
    expect(key({ kind }, { [header]: "" })).toBeNull();
    expect(key({ kind }, {})).toBeNull();
  });

  it.each([
    [{ kind: "pagerduty" }, {}],
    [{ kind: "github" }, { "x-github-delivery": "a" }],
    [{ kind: "cloudevents" }, { "content-type": "application/cloudevents+json; charset=utf-8" }],
    [{ kind: "cloudevents" }, { "content-type": "application/cloudevents-batch+json" }],
  ])("of %j: the bytes, whatever a header says that nobody signed", (declared, headers) => {
    const first = key(declared, headers);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(key(declared, { ...headers, "x-signalman-delivery": "other", "x-github-delivery": "b" })).toBe(
      first,
    );
    expect(key(declared, headers, "[]")).not.toBe(first);
  });

  it("of what is sent in PagerDuty's older forms is not the bytes: each time the trouble returns they are the same", () => {
    const declared = { kind: "pagerduty", auth: "bearer" };
    expect(key(declared, {}, '{"event_action":"trigger","dedup_key":"disk"}')).toBeNull();
    expect(key(declared, { "idempotency-key": "a" })).toMatch(/^[0-9a-f]{64}$/);
  });

  it("with Standard Webhooks only the signed id counts", () => {
    const declared = { kind: "generic", auth: "standard_webhooks" };
    const first = key(declared, { "webhook-id": "a" });
    expect(key(declared, { "webhook-id": "a", "x-signalman-delivery": "x", "idempotency-key": "y" })).toBe(
      first,
    );
    expect(key(declared, { "x-signalman-delivery": "x" })).toBeNull();
  });
});

describe("what is kept beside the body", () => {
  it("is what a kind's meaning stands in, and no credential", () => {
    const all = {
      authorization: "Bearer x",
      cookie: "a=b",
      "x-signalman-signature": "s",
      "x-hub-signature-256": "s",
      "x-github-event": "deployment",
      "x-github-delivery": "d",
      "sentry-hook-resource": "issue",
      "sentry-hook-signature": "s",
      "x-featbit-event": "feature_flag.toggled",
      "ce-id": "1",
      "ce-type": "t",
      "ce-authorization": "x",
      "ce-token": "x",
      "ce-Bad": "x",
    };
    expect(keptHeaders("github", { headers: all })).toEqual({
      "x-github-event": "deployment",
      "x-github-delivery": "d",
    });
    expect(keptHeaders("sentry", { headers: all })).toEqual({ "sentry-hook-resource": "issue" });
    expect(keptHeaders("featbit", { headers: all })).toEqual({ "x-featbit-event": "feature_flag.toggled" });
    expect(keptHeaders("cloudevents", { headers: all })).toEqual({ "ce-id": "1", "ce-type": "t" });
    expect(keptHeaders("alertmanager", { headers: all })).toEqual({});
  });

  it("is not long and not many", () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`ce-a${index}`, "x"]));
    expect(Object.keys(keptHeaders("cloudevents", { headers: many })).length).toBeLessThanOrEqual(40);
    expect(keptHeaders("github", { headers: { "x-github-event": "x".repeat(1001) } })).toEqual({});
  });
});
