import { describe, expect, it } from "vitest";
import type { SourceKind } from "../../../../src/domain/source.ts";
import { fixture, readAs, reasonOf } from "./read-as.ts";

const alarm = fixture("cloudwatch-alarm");
const event = { specversion: "1.0", id: "1", source: "/shop", type: "shop.alert.firing" };
const deploy = {
  context: { id: "1", source: "/ci", type: "dev.cdevents.service.deployed.0.2.0" },
  subject: { id: "checkout", content: { environment: { id: "production" } } },
};
const message = { event: "incident.trigger", incident: { id: "P1", title: "Slow" } };

/** A delivery of three parts, the middle one of which cannot be mapped; and how its reason begins. */
const mixed: readonly (readonly [SourceKind, unknown, string])[] = [
  [
    "alertmanager",
    { alerts: [{ status: "FIRING" }, { status: "suppressed" }, { status: "resolved" }] },
    "alerts.1.status: unknown",
  ],
  ["grafana", { alerts: [{ status: "firing" }, null, { status: "firing" }] }, "alerts.1: "],
  [
    "pagerduty",
    { messages: [message, { event: "incident.trigger", incident: {} }, message] },
    "messages.1.incident: ",
  ],
  ["azure_monitor", [fixture("azure-metric-fired"), {}, fixture("azure-sparse")], "1.data: "],
  [
    "cloudwatch",
    { Records: [{ Sns: alarm }, { Sns: { Message: "text" } }, { Sns: alarm }] },
    "body.Records.1.",
  ],
  [
    "cloudevents",
    [{ ...event, data: { title: "a" } }, { id: "2" }, { ...event, data: { alerts: [{ status: "firing" }] } }],
    "1.specversion",
  ],
];

describe("a delivery of several parts", () => {
  it.each(mixed)("of %s: one that cannot be mapped does not hide the others", (kind, body, reason) => {
    const read = readAs(kind, body);
    expect(read).toMatchObject({ kind: "alerts", alerts: { length: 2 } });
    expect(read.kind === "alerts" ? read.unread : "").toMatch(
      new RegExp(`^${reason.replaceAll(".", "\\.")}`),
    );
  });

  it("of changes too", () => {
    expect(readAs("change", [{ title: "a" }, { title: "b", kind: "odd" }, 1])).toMatchObject({
      kind: "outside_changes",
      changes: [{ title: "a" }],
      unread: "1.kind: it must be deploy, config, infrastructure, data or other (and 1 more)",
    });
  });

  it("of which none can be mapped says why the first cannot", () => {
    expect(reasonOf("alertmanager", { alerts: [{ status: "on" }, {}] })).toBe(
      "alerts.0.status: unknown; it must say firing or resolved",
    );
  });

  it("that all can be mapped has nothing unread", () => {
    expect(readAs("alertmanager", { status: "firing", alerts: [{}, {}] })).not.toHaveProperty("unread");
  });

  it("tells that changes among alerts were not taken", () => {
    const read = readAs("cloudevents", [
      { ...event, data: { title: "a" } },
      { ...event, data: deploy },
    ]);
    expect(read).toMatchObject({ kind: "alerts", unread: expect.stringContaining("send them apart") });
  });

  it("says where in a batch an alert of Alertmanager's form stands", () => {
    expect(reasonOf("cloudevents", [{ ...event, data: { alerts: [{ status: "on" }] } }])).toMatch(
      /^0\.data\.alerts\.0\.status: /,
    );
  });
});
