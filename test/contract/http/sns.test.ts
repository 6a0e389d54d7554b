import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DoorOptions } from "../../../src/adapters/http/door.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { until } from "../../support/until.ts";
import { openDoor, type OpenDoor, sourceOf } from "./open-door.ts";
import {
  certificatePath,
  confirmation,
  notification,
  openSnsWorld,
  openssl,
  publicAddress,
  signed,
  snsHost,
  type SnsMessage,
  type SnsWorld,
  strangersKey,
  subscribeToken,
  topicArn,
} from "./sns-world.ts";

let world: SnsWorld;
beforeAll(async () => {
  if (openssl === null) return;
  world = await openSnsWorld();
});
afterAll(() => (openssl === null ? undefined : world[Symbol.asyncDispose]()));
beforeEach(() => {
  if (openssl === null) return;
  world.lookups.length = 0;
  world.dials.length = 0;
  world.requests.length = 0;
  world.addresses.set(snsHost, [[publicAddress]]);
});

const openTopic = (options: Partial<DoorOptions> = {}): Promise<OpenDoor> =>
  openDoor({
    sources: [sourceOf({ id: "amazon", kind: "cloudwatch", topicArns: [topicArn] }, "")],
    net: world.net,
    ...options,
  });

const post = (open: OpenDoor, message: unknown, headers: Record<string, string> = {}) =>
  open.post("/webhooks/amazon", JSON.stringify(message), {
    "content-type": "text/plain; charset=UTF-8",
    authorization: "",
    ...headers,
  });

const confirmationRequest = `${snsHost}/?${new URLSearchParams({
  Action: "ConfirmSubscription",
  TopicArn: topicArn,
  Token: subscribeToken,
}).toString()}`;

describe.skipIf(openssl === null)("a message of SNS", () => {
  it.each(["1", "2"])("is accepted with a signature of version %s, as text or as JSON", async (version) => {
    await using open = await openTopic();
    const message = signed(notification({ SignatureVersion: version }), world.signer);
    const next = signed(notification({ SignatureVersion: version, MessageId: "other" }), world.signer);
    expect(await post(open, message)).toMatchObject({ status: 202 });
    expect(await post(open, next, { "content-type": "application/json" })).toMatchObject({ status: 202 });
    expect(open.inbox.kept).toHaveLength(2);
    // One certificate, one address, one connection, whatever comes.
    expect([world.lookups, world.dials, world.requests]).toEqual([
      [snsHost],
      [publicAddress],
      [snsHost + certificatePath],
    ]);
  });

  it("may lack a subject", async () => {
    await using open = await openTopic();
    const { Subject: _, ...plain } = notification();
    expect((await post(open, signed(plain, world.signer))).status).toBe(202);
    expect(
      (await post(open, { ...signed({ ...plain, MessageId: "n" }, world.signer), Subject: null })).status,
    ).toBe(202);
  });

  it("is known again by its signed id, even when what is not signed differs", async () => {
    await using open = await openTopic();
    const message = signed(notification(), world.signer);
    expect((await post(open, message)).json).not.toHaveProperty("duplicate");
    expect((await post(open, { ...message, UnsubscribeURL: "https://x.example/" })).json).toMatchObject({
      duplicate: true,
    });
    expect((await post(open, message, { "x-signalman-delivery": "other" })).json).toMatchObject({
      duplicate: true,
    });
    expect(open.inbox.kept).toHaveLength(1);
  });

  it("as raw delivery is refused with what to do", async () => {
    await using open = await openTopic();
    expect(await post(open, { AlarmName: "slow" }, { "x-amz-sns-rawdelivery": "true" })).toMatchObject({
      status: 422,
      json: { type: "urn:signalman:problem:sns-raw-delivery" },
    });
    expect(await post(open, { AlarmName: "slow" })).toMatchObject({
      status: 401,
      json: { detail: expect.stringContaining("raw message delivery") },
    });
    expect([open.inbox.kept, world.lookups]).toEqual([[], []]);
  });

  it.each<[string, (message: SnsMessage) => Partial<SnsMessage>, string]>([
    ["of another topic", () => ({ TopicArn: `${topicArn}2` }), "topicArns"],
    ["of an hour before the last", () => ({ Timestamp: ago(3_910) }), "65 minutes"],
    ["of the time to come", () => ({ Timestamp: ago(-310) }), "65 minutes"],
    [
      "whose certificate is of another region",
      () => ({ SigningCertURL: `https://sns.us-east-1.amazonaws.com${certificatePath}` }),
      "SigningCertURL",
    ],
    [
      "whose certificate is in a bucket named sns",
      () => ({ SigningCertURL: `https://sns.s3-us-west-2.amazonaws.com${certificatePath}` }),
      "SigningCertURL",
    ],
    [
      "whose certificate is at another path",
      () => ({ SigningCertURL: `https://${snsHost}/x/../${certificatePath}` }),
      "SigningCertURL",
    ],
  ])("%s is refused before anything is asked for", async (_, change, detail) => {
    await using open = await openTopic();
    const message = notification();
    const answer = await post(open, signed({ ...message, ...change(message) }, world.signer));
    expect(answer).toMatchObject({ status: 401, json: { detail: expect.stringContaining(detail) } });
    expect([open.inbox.kept, world.lookups]).toEqual([[], []]);
  });

  it("is accepted when it is as old as SNS may be trying", async () => {
    await using open = await openTopic();
    expect((await post(open, signed(notification({ Timestamp: ago(3_890) }), world.signer))).status).toBe(
      202,
    );
    const ahead = notification({ Timestamp: ago(-290), MessageId: "ahead" });
    expect((await post(open, signed(ahead, world.signer))).status).toBe(202);
  });

  it("with another's signature, or a part exchanged, is refused", async () => {
    await using open = await openTopic();
    const message = signed(notification(), world.signer);
    const forged = [
      signed(notification(), strangersKey()),
      { ...message, Message: "{}" },
      { ...message, Subject: "other" },
      { ...message, SignatureVersion: "2" },
      { ...message, SignatureVersion: "3" },
      { ...message, Signature: "" },
      { ...message, Signature: message.Signature.replace(/=+$/, "") },
      { ...message, Type: "SubscriptionConfirmation" },
    ];
    for (const one of forged) expect((await post(open, one)).status).toBe(401);
    expect(open.inbox.kept).toEqual([]);
  });
});

describe.skipIf(openssl === null)("a signing certificate", () => {
  const path = "/SimpleNotificationService-ffffffffffffffffffffffffffffffff.pem";
  const at = { SigningCertURL: `https://${snsHost}${path}` };

  it.each(["sns.amazonaws.com", "sns-signing.eu-west-1.amazonaws.com", "sns.eu-west-1.amazonaws.com"])(
    "may be made out to %s",
    async (name) => {
      await using open = await openTopic();
      const { certificate, key } = world.issue(name);
      world.pages.set(path, { status: 200, body: certificate });
      expect((await post(open, signed(notification(at), key))).status).toBe(202);
    },
  );

  it.each<[string, () => { certificate: string }, string]>([
    ["another name", () => world.issue("sqs.amazonaws.com"), "not made out to SNS"],
    ["a name that only begins so", () => world.issue("sns.amazonaws.com.example"), "not made out to SNS"],
    ["another region", () => world.issue("sns-signing.us-east-1.amazonaws.com"), "not made out to SNS"],
    ["no RSA key", () => world.issue("sns.amazonaws.com", { ec: true }), "no RSA key"],
    ["no form", () => ({ certificate: "-----BEGIN CERTIFICATE-----" }), "cannot be read"],
  ])("with %s is refused", async (_, make, why) => {
    await using open = await openTopic();
    world.pages.set(path, { status: 200, body: make().certificate });
    const answer = await post(open, signed(notification(at), world.signer));
    expect(answer).toMatchObject({ status: 401, json: { detail: expect.stringContaining(why) } });
  });

  it("not in force at this time is refused", async () => {
    const later = Date.now() + 40 * 86_400_000;
    await using open = await openTopic({ clock: { now: () => later, monotonic: () => performance.now() } });
    const message = notification({ Timestamp: new Date(later).toISOString() });
    expect(await post(open, signed(message, world.signer))).toMatchObject({
      status: 401,
      json: { detail: expect.stringContaining("not in force") },
    });
  });

  it("that is not there is refused; one that cannot be had now is 503, and asked for again", async () => {
    await using open = await openTopic();
    world.pages.delete(path);
    expect((await post(open, signed(notification(at), world.signer))).status).toBe(401);
    const other = { SigningCertURL: `https://${snsHost}/SimpleNotificationService-eeeeeeeeeeeeeeee.pem` };
    world.pages.set("/SimpleNotificationService-eeeeeeeeeeeeeeee.pem", { status: 500, body: "" });
    const answer = await post(open, signed(notification(other), world.signer));
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "10"]);
    world.pages.set("/SimpleNotificationService-eeeeeeeeeeeeeeee.pem", {
      status: 200,
      body: world.pages.get(certificatePath)?.body ?? "",
    });
    expect((await post(open, signed(notification(other), world.signer))).status).toBe(202);
  });

  it("is not followed elsewhere, nor read without end", async () => {
    await using open = await openTopic();
    world.pages.set(path, { status: 302, body: "", headers: { location: "http://127.0.0.1/" } });
    expect((await post(open, signed(notification(at), world.signer))).status).toBe(401);
    const long = "/SimpleNotificationService-dddddddddddddddd.pem";
    world.pages.set(long, { status: 200, body: "x".repeat(70_000) });
    const message = notification({ SigningCertURL: `https://${snsHost}${long}` });
    expect((await post(open, signed(message, world.signer))).status).toBe(503);
    expect(world.dials).toEqual([publicAddress, publicAddress]);
  });

  it("is not believed from a server that the authorities do not vouch for", async () => {
    const { ca: _, ...strict } = world.net;
    await using open = await openTopic({ net: strict });
    expect((await post(open, signed(notification(), world.signer))).status).toBe(503);
    expect([world.requests, open.inbox.kept]).toEqual([[], []]);
  });

  it("is asked for a few times only, whatever addresses are made up", async () => {
    await using open = await openTopic({ clock: { now: () => Date.now(), monotonic: () => 0 } });
    for (let index = 0; index < 60; index += 1) {
      const url = `https://${snsHost}/SimpleNotificationService-${String(index).padStart(32, "0")}.pem`;
      expect((await post(open, signed(notification({ SigningCertURL: url }), world.signer))).status).not.toBe(
        202,
      );
    }
    expect(world.dials.length).toBe(20);
  });
});

describe.skipIf(openssl === null)("an address that is looked up", () => {
  it.each([
    ["127.0.0.1"],
    ["10.0.0.8"],
    ["169.254.169.254"],
    ["100.64.0.1"],
    ["0.0.0.0"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["fd00::1"],
    ["fe80::1"],
    ["64:ff9b::7f00:1"],
    ["2002:7f00:1::"],
    ["not an address"],
  ])("is not connected to when it is %s", async (address) => {
    await using open = await openTopic();
    world.addresses.set(snsHost, [[publicAddress, address]]);
    expect((await post(open, signed(notification(), world.signer))).status).toBe(503);
    expect([world.dials, open.inbox.kept]).toEqual([[], []]);
  });

  it("is judged at every connection, and the judged one is used: a second answer changes nothing", async () => {
    await using open = await openTopic();
    world.addresses.set(snsHost, [[publicAddress], ["127.0.0.1"]]);
    world.pages.set("/", { status: 200, body: "<ConfirmSubscriptionResponse/>" });
    expect((await post(open, signed(confirmation(), world.signer))).status).toBe(202);
    await until("the second lookup", () => world.lookups.length >= 2);
    await sleep(50);
    // The certificate came from the first; the confirmation met the second and was not sent.
    expect([world.dials, world.requests]).toEqual([[publicAddress], [snsHost + certificatePath]]);
  });
});

describe.skipIf(openssl === null)("a subscription", () => {
  it("is confirmed after the commit, once, at an address of our own making", async () => {
    await using open = await openTopic();
    world.pages.set("/", { status: 200, body: "<ConfirmSubscriptionResponse/>" });
    const { promise, resolve } = Promise.withResolvers<void>();
    open.inbox.before = () => promise;
    const answer = post(open, signed(confirmation(), world.signer));
    await until("the certificate", () => world.requests.length === 1);
    await sleep(100);
    expect(world.requests).toEqual([snsHost + certificatePath]);
    resolve();
    expect((await answer).status).toBe(202);
    await until("the confirmation", () => open.lines.some(({ message }) => message === "Subscribed"));
    expect(world.requests).toEqual([snsHost + certificatePath, confirmationRequest]);
  });

  it("is not confirmed while the store is down", async () => {
    await using open = await openTopic();
    open.inbox.before = () => Promise.reject(new OpsError("unreachable", "no database"));
    expect((await post(open, signed(confirmation(), world.signer))).status).toBe(503);
    await sleep(100);
    expect(world.requests).toEqual([snsHost + certificatePath]);
  });

  it.each([
    ["another host", "https://sns.us-east-1.amazonaws.com/"],
    ["another port", `https://${snsHost}:8443/`],
    ["no TLS", `http://${snsHost}/`],
    ["a user", `https://x@${snsHost}/`],
  ])("with %s in its SubscribeURL is refused, though signed", async (_, origin) => {
    await using open = await openTopic();
    const SubscribeURL = `${origin}?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${subscribeToken}`;
    expect((await post(open, signed(confirmation({ SubscribeURL }), world.signer))).status).toBe(401);
    expect([world.lookups, open.inbox.kept]).toEqual([[], []]);
  });

  it.each([
    ["another action", "Action=DeleteTopic"],
    ["one action more", "Action=ConfirmSubscription&Action=DeleteTopic"],
    ["another token", "Action=ConfirmSubscription&Token=abc"],
  ])("with %s is refused", async (_, query) => {
    await using open = await openTopic();
    const SubscribeURL = `https://${snsHost}/?${query}&TopicArn=${topicArn}${query.includes("Token") ? "" : `&Token=${subscribeToken}`}`;
    expect((await post(open, signed(confirmation({ SubscribeURL }), world.signer))).status).toBe(401);
    expect(world.lookups).toEqual([]);
  });

  it("that ends is kept and not answered", async () => {
    await using open = await openTopic();
    const message = confirmation({ Type: "UnsubscribeConfirmation" });
    expect((await post(open, signed(message, world.signer))).status).toBe(202);
    await sleep(100);
    expect(world.requests).toEqual([snsHost + certificatePath]);
  });
});

function ago(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString();
}
