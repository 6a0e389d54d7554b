import { describe, expect, it } from "vitest";
import { Source } from "../../../src/domain/source.ts";
import { findingsOf, goodYml, load } from "./origin.ts";

const withSource = (text: string): string => goodYml.replace("services:", `  - ${text}\nservices:`);
const topic = "arn:aws:sns:eu-west-1:123456789012:alarms";

describe("what a source proves itself with", () => {
  it("is a secret for every kind but one, and that one names its topics", () => {
    const config = load({ yml: withSource(`{ id: amazon, kind: cloudwatch, topicArns: ["${topic}"] }`) });
    expect([...(config.web?.sourceSecrets.keys() ?? [])]).toEqual(["alertmanager"]);
    expect(findingsOf({ yml: withSource("{ id: amazon, kind: cloudwatch }") })).toEqual([
      expect.stringMatching(/topicArns/),
    ]);
    expect(findingsOf({ yml: withSource("{ id: hub, kind: github }") })).toEqual([
      expect.stringMatching(/secretEnv/),
    ]);
    expect(findingsOf({ yml: withSource("{ id: hub, kind: github, secretEnv: HUB_SECRET }") })).toEqual([
      expect.stringMatching(/^HUB_SECRET is not set; the source "hub"/),
    ]);
    expect(
      findingsOf({
        yml: withSource("{ id: hub, kind: github, secretEnv: HUB_SECRET }"),
        env: { HUB_SECRET: "short" },
      }),
    ).toEqual([expect.stringMatching(/^HUB_SECRET has 5 characters; use at least 16/)]);
  });

  it.each([
    ["alertmanager", "bearer"],
    ["grafana", "vendor"],
    ["pagerduty", "vendor"],
    ["sentry", "vendor"],
    ["featbit", "vendor"],
    ["github", "vendor"],
    ["splunk", "basic"],
    ["google_cloud_monitoring", "basic"],
    ["generic", "bearer"],
  ])("is, for %s, %s unless the file says otherwise", (kind, auth) => {
    expect(Source.parse({ id: "a", kind, secretEnv: "A_SECRET" }).auth).toBe(auth);
    expect(Source.parse({ id: "a", kind, secretEnv: "A_SECRET", auth: "hmac" }).auth).toBe("hmac");
  });

  it.each([
    ["alertmanager", "vendor"],
    ["github", "standard_webhooks"],
    ["generic", "vendor"],
  ])("is never, for %s, %s", (kind, auth) => {
    expect(
      findingsOf({
        yml: withSource(`{ id: a, kind: ${kind}, auth: ${auth}, secretEnv: ALERTMANAGER_SECRET }`),
      }),
    ).toEqual([expect.stringMatching(/auth must be one of/)]);
  });
});
