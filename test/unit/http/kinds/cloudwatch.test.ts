import { describe, expect, it } from "vitest";
import { alertOf, alertsOf, fixture, readAs, reasonOf } from "./read-as.ts";

const message = (alarm: unknown): unknown => ({ Type: "Notification", Message: JSON.stringify(alarm) });

const ofSeries = (id: string): unknown =>
  message({
    AlarmName: "fleet",
    NewStateValue: "ALARM",
    AlarmContributorId: id,
    AlarmContributorAttributes: { ServiceName: id },
  });

describe("cloudwatch", () => {
  it("reads an alarm's action out of its SNS message", () => {
    expect(alertOf("cloudwatch", "cloudwatch-alarm")).toEqual({
      sourceId: "one",
      fingerprint: "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-5xx-critical",
      status: "firing",
      title: "checkout-5xx-critical",
      summary:
        "More than 2 % of checkouts fail — Threshold Crossed: 1 out of the last 1 datapoints [5.2 (04/05/26 08:09:00)] was greater than the threshold (2.0).",
      severity: "critical",
      startedAt: "2026-05-04T08:10:05.093Z",
      endedAt: null,
      labels: {
        service: "checkout",
        environment: "production",
        region: "eu-west-1",
        ServiceName: "checkout",
        Environment: "production",
        alarm: "checkout-5xx-critical",
        account: "123456789012",
        metric: "5xxRate",
        namespace: "Shop/Checkout",
        topic: "alarms",
      },
      links: [
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/checkout-5xx-critical",
      ],
      groupHint: null,
    });
  });

  it("ends with OK what began with ALARM", () => {
    const firing = alertOf("cloudwatch", "cloudwatch-alarm");
    const over = alertOf("cloudwatch", "cloudwatch-ok");
    expect(over).toMatchObject({ status: "resolved", endedAt: "2026-05-04T08:40:05.093Z" });
    expect([over.fingerprint, over.title]).toEqual([firing.fingerprint, firing.title]);
  });

  it("takes an alarm for one whatever envelope it came in", () => {
    const event = alertOf("cloudwatch", "cloudwatch-eventbridge");
    expect(event.fingerprint).toBe(alertOf("cloudwatch", "cloudwatch-alarm").fingerprint);
    expect(event).toMatchObject({
      status: "firing",
      severity: "warning",
      startedAt: "2026-05-04T08:10:05.093Z",
      labels: { service: "checkout", team: "checkout", metric: "5xxRate" },
    });
  });

  it("does not take missing data for recovery", () => {
    const alert = alertOf("cloudwatch", "cloudwatch-no-data");
    expect(alert.status).toBe("firing");
    expect(alert.summary).toContain("No data (was OK)");
  });

  it("says what a composite alarm was triggered by", () => {
    const alert = alertOf("cloudwatch", "cloudwatch-composite");
    expect(alert.summary).toContain("ALARM(checkout-5xx-critical) OR ALARM(checkout-latency)");
    expect(alert.summary).toContain("Triggered by checkout-5xx-critical");
    expect(alert.severity).toBe("error");
  });

  it("reads every record, and the metrics under an expression", () => {
    const [ratio, over, ...none] = alertsOf("cloudwatch", "cloudwatch-records");
    expect(none).toEqual([]);
    expect(ratio).toMatchObject({
      title: "checkout-error-ratio",
      labels: { metric: "Errors", service: "checkout" },
    });
    expect(over?.status).toBe("resolved");
  });

  it("reads the bare alarm, a Lambda action's form and one with a number for its account", () => {
    expect(alertOf("cloudwatch", "cloudwatch-sparse")).toMatchObject({
      title: "disk-full",
      startedAt: "2026-05-04T09:00:00.000Z",
    });
    const lambda = {
      source: "aws.cloudwatch",
      alarmArn: "arn:aws:cloudwatch:eu-west-1:1:alarm:x",
      accountId: 1,
      time: "2026-05-04T08:00:00.000+0000",
      region: "eu-west-1",
      alarmData: { alarmName: "x", state: { value: "OK" }, configuration: {} },
    };
    expect(alertOf("cloudwatch", lambda)).toMatchObject({ status: "resolved", labels: { account: "1" } });
  });

  it("tells the series of one alarm apart", () => {
    expect(alertOf("cloudwatch", ofSeries("a")).fingerprint).not.toBe(
      alertOf("cloudwatch", ofSeries("b")).fingerprint,
    );
    expect(alertOf("cloudwatch", ofSeries("a")).labels["service"]).toBe("a");
  });

  it("does nothing for confirmations, tests and other events", () => {
    expect(readAs("cloudwatch", "cloudwatch-confirmation")).toEqual({
      kind: "nothing",
      what: "SNS SubscriptionConfirmation",
    });
    expect(readAs("cloudwatch", { Type: "UnsubscribeConfirmation", Message: "bye" }).kind).toBe("nothing");
    expect(readAs("cloudwatch", message({ Event: "autoscaling:TEST_NOTIFICATION" })).kind).toBe("nothing");
    expect(
      readAs("cloudwatch", message({ "detail-type": "CloudWatch Alarm Configuration Change", detail: {} }))
        .kind,
    ).toBe("nothing");
  });

  it("leaves other services' changes of state alone", () => {
    const event = {
      "detail-type": "ECS Task State Change",
      source: "aws.ecs",
      detail: { lastStatus: "STOPPED" },
    };
    expect(readAs("cloudwatch", message(event))).toEqual({
      kind: "nothing",
      what: 'event "ECS Task State Change"',
    });
  });

  it("says which member does not fit", () => {
    expect(reasonOf("cloudwatch", { Type: "Notification", Message: "Hello from SNS!" })).toBe(
      "body.Message: it is not the JSON of a CloudWatch alarm",
    );
    expect(reasonOf("cloudwatch", message({ AlarmName: "a" }))).toContain("NewStateValue");
    expect(reasonOf("cloudwatch", message({ a: 1 }))).toBe(
      "body.Message: no AlarmName and no detail.alarmName",
    );
    expect(reasonOf("cloudwatch", { Records: [] })).toContain("neither");
    let nested = fixture("cloudwatch-alarm");
    for (let depth = 0; depth < 5; depth += 1) nested = { Records: [{ Sns: { Message: nested } }] };
    expect(reasonOf("cloudwatch", nested)).toContain("messages within messages");
  });
});
