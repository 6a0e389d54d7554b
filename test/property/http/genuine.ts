import { createHmac } from "node:crypto";
import type { DoorSource } from "../../../src/adapters/http/entrance.ts";
import { sourceOf } from "../../contract/http/open-door.ts";
import { notification, signed, type SnsWorld, topicArn } from "../../contract/http/sns-world.ts";

/** A request that the door accepts, and which parts of it the source's lock stands for. */
export interface Genuine {
  name: string;
  source: DoorSource;
  body: Buffer;
  headers: Record<string, string>;
  /** Headers of which no bit may differ, each with the length of a start that means the same in other letters. */
  bound: Record<string, number>;
  /** Whether no bit of the body may differ. */
  signsBody: boolean;
}

const secret = "a-secret-of-the-tests-0123456789";
const body = Buffer.from(JSON.stringify({ title: "Slow", status: "firing", labels: { service: "search" } }));

function hmac(...parts: (string | Buffer)[]): string {
  const mac = createHmac("sha256", secret);
  for (const part of parts) mac.update(part);
  return mac.digest("hex");
}

/** One for every way in which a source can prove itself. */
export function genuineRequests(world: SnsWorld, nowMs: number): Genuine[] {
  const seconds = String(Math.floor(nowMs / 1000));
  const standard = createHmac("sha256", secret).update(`msg_1.${seconds}.`).update(body).digest("base64");
  const sign = (
    name: string,
    declared: Record<string, unknown>,
    headers: Record<string, string>,
    bound: Record<string, number> = Object.fromEntries(Object.keys(headers).map((header) => [header, 0])),
  ): Genuine => ({
    name,
    source: sourceOf({ id: name, ...declared }, secret),
    body,
    headers,
    bound,
    signsBody: true,
  });
  const tell = (
    name: string,
    declared: Record<string, unknown>,
    headers: Record<string, string>,
    start: number,
  ): Genuine => ({
    ...sign(name, declared, headers, Object.fromEntries(Object.keys(headers).map((one) => [one, start]))),
    signsBody: false,
  });
  const sns = (version: string): Genuine => ({
    name: `cloudwatch-v${version}`,
    source: sourceOf({ id: `cloudwatch-v${version}`, kind: "cloudwatch", topicArns: [topicArn] }, ""),
    body: Buffer.from(JSON.stringify(signed(notification({ SignatureVersion: version }), world.signer))),
    headers: {},
    bound: {},
    signsBody: false,
  });
  const basic = Buffer.from(`basic:${secret}`).toString("base64");
  return [
    tell("bearer", { kind: "generic" }, { authorization: `Bearer ${secret}` }, "Bearer ".length),
    tell("basic", { kind: "generic", auth: "basic" }, { authorization: `Basic ${basic}` }, "Basic ".length),
    tell("header", { kind: "generic", auth: "header", header: "X-Token" }, { "x-token": secret }, 0),
    sign("hmac", { kind: "generic", auth: "hmac" }, { "x-signalman-signature": `sha256=${hmac(body)}` }),
    sign(
      "standard-webhooks",
      { kind: "generic", auth: "standard_webhooks" },
      { "webhook-id": "msg_1", "webhook-timestamp": seconds, "webhook-signature": `v1,${standard}` },
    ),
    sign("grafana", { kind: "grafana" }, { "x-grafana-alerting-signature": hmac(body) }),
    sign(
      "grafana-timed",
      { kind: "grafana" },
      {
        "x-grafana-alerting-signature": hmac(`${seconds}:`, body),
        "x-grafana-alerting-timestamp": seconds,
      },
    ),
    sign("pagerduty", { kind: "pagerduty" }, { "x-pagerduty-signature": `v1=${hmac(body)}` }),
    sign("sentry", { kind: "sentry" }, { "sentry-hook-signature": hmac(body) }),
    sign("github", { kind: "github" }, { "x-hub-signature-256": `sha256=${hmac(body)}` }),
    sign("featbit", { kind: "featbit" }, { "x-featbit-signature-256": `sha256=${hmac(body)}` }),
    sns("1"),
    sns("2"),
  ];
}
