import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseDelivery } from "../../../src/adapters/http/parse-delivery.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { bearerSecret, openDoor, type OpenDoor, sourceOf } from "./open-door.ts";
import {
  confirmation,
  notification,
  openSnsWorld,
  openssl,
  publicAddress,
  signed,
  snsHost,
  type SnsWorld,
  topicArn,
} from "./sns-world.ts";

const root = join(import.meta.dirname, "../..");
const corpus = z
  .array(z.object({ id: z.string(), url: z.string() }))
  .parse(JSON.parse(readFileSync(join(root, "fixtures/corpora/ssrf-urls.json"), "utf8")));

/** What the door may reach: itself, and the stand-in of SNS. */
let world: SnsWorld;
let open: OpenDoor;
let pool: Pool;
let trapPort = 0;
let trapped = 0;
const trap = createServer((socket) => {
  trapped += 1;
  socket.destroy();
});

const kinds = {
  alertmanager: "alertmanager-",
  grafana: "grafana-",
  datadog: "datadog-",
  pagerduty: "pagerduty-",
  sentry: "sentry-",
  new_relic: "new-relic-",
  opsgenie: "opsgenie-",
  azure_monitor: "azure-",
  google_cloud_monitoring: "google-",
  dynatrace: "dynatrace-",
  splunk: "splunk-",
  uptime_kuma: "uptime-kuma-",
  featbit: "featbit-",
  github: "github-",
  change: "change-",
  cloudevents: "cloudevents-",
  generic: "generic-",
};
const unlimited = { perSecond: 1_000_000, burst: 10_000_000 };
const sources = [
  ...Object.keys(kinds).map((kind) =>
    sourceOf({ id: kind.replaceAll("_", "-"), kind, auth: "bearer", rate: unlimited }, bearerSecret),
  ),
  sourceOf({ id: "amazon", kind: "cloudwatch", topicArns: [topicArn], rate: unlimited }, ""),
];

/** Everything in this process that opened a connection, and every name that a connection looked up. */
const opened: Socket[] = [];
const lookedUp: string[] = [];
function onSocket(message: unknown): void {
  const { socket } = z.object({ socket: z.custom<Socket>() }).parse(message);
  opened.push(socket);
  socket.on("lookup", (_error, _address, _family, host: string) => lookedUp.push(host));
}

beforeAll(async () => {
  if (openssl === null) return;
  world = await openSnsWorld();
  open = await openDoor({ sources, net: world.net });
  pool = new Pool(open.door.url, { connections: 4 });
  await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve));
  const address = trap.address();
  trapPort = typeof address === "object" && address !== null ? address.port : 0;
  subscribe("net.client.socket", onSocket);
});
afterAll(async () => {
  if (openssl === null) return;
  unsubscribe("net.client.socket", onSocket);
  await pool.close();
  await open[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  await new Promise((resolve) => trap.close(resolve));
});

async function send(source: string, body: string): Promise<number> {
  const answer = await pool.request({
    path: `/webhooks/${source}`,
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${bearerSecret}` },
    body,
  });
  await answer.body.dump();
  return answer.statusCode;
}

/** The corpus, and the trap itself under names that lead to it. */
function addresses(): string[] {
  return [
    ...corpus.map(({ url }) => url),
    `http://127.0.0.1:${trapPort}/`,
    `https://localhost:${trapPort}/`,
    `https://${snsHost}:${trapPort}/`,
    `https://${snsHost}@127.0.0.1:${trapPort}/SimpleNotificationService-0123456789abcdef.pem`,
    `https://${snsHost}/../../SimpleNotificationService-0123456789abcdef.pem`,
    `//${snsHost}/SimpleNotificationService-0123456789abcdef.pem`,
    `HTTPS://${snsHost}/SimpleNotificationService-0123456789abcdef.pem`,
    `https://${snsHost}./SimpleNotificationService-0123456789abcdef.pem`,
    `https://${snsHost}\t/SimpleNotificationService-0123456789abcdef.pem`,
    `https://sns.s3-us-west-2.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem`,
  ];
}

describe.skipIf(openssl === null)("addresses that nobody may fetch", () => {
  it("in the fields of an SNS message cause no look-up and no connection but those of SNS", async () => {
    const accepted: number[] = [];
    const places: [string, (url: string) => object][] = [
      ["SigningCertURL", (url) => signed(notification({ SigningCertURL: url }), world.signer)],
      [
        "SigningCertURL and path",
        (url) =>
          signed(
            notification({
              SigningCertURL: withPath(url, "/SimpleNotificationService-0123456789abcdef.pem"),
            }),
            world.signer,
          ),
      ],
      ["SubscribeURL", (url) => signed(confirmation({ SubscribeURL: url }), world.signer)],
      [
        "SubscribeURL and query",
        (url) =>
          signed(
            confirmation({
              SubscribeURL: withPath(
                url,
                `/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${confirmation().Token}`,
              ),
            }),
            world.signer,
          ),
      ],
      [
        "SubscribeURL of an end",
        (url) => signed(confirmation({ SubscribeURL: url, Type: "UnsubscribeConfirmation" }), world.signer),
      ],
      // These are no addresses to anybody: accepted and left alone.
      [
        "UnsubscribeURL",
        (url) => ({ ...signed(notification({ MessageId: url }), world.signer), UnsubscribeURL: url }),
      ],
      ["Message", (url) => signed(notification({ MessageId: `m ${url}`, Message: url }), world.signer)],
      ["Subject", (url) => signed(notification({ MessageId: `s ${url}`, Subject: url }), world.signer)],
    ];
    for (const [place, build] of places) {
      let kept = 0;
      for (const url of addresses()) {
        const status = await send("amazon", JSON.stringify(build(url)));
        if (status === 202) kept += 1;
        expect([place, short(url), [202, 401].includes(status)]).toEqual([place, short(url), true]);
      }
      accepted.push(kept);
    }
    await sleep(100);
    // A MessageId has at most 200 characters, which one address of the corpus goes beyond.
    expect(accepted.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(accepted.slice(5).every((count) => count >= addresses().length - 1)).toBe(true);
    // The certificate of those that were accepted, once; nothing was confirmed.
    expect([world.lookups, world.dials, world.requests.length]).toEqual([[snsHost], [publicAddress], 1]);
    process.stdout.write(
      `ssrf: ${addresses().length} addresses × ${places.length} fields of SNS, 1 look-up (${snsHost}), 1 connection to it, ${trapped} at the trap\n`,
    );
  });

  it("in every link and text of every kind cause none at all", async () => {
    const files = readdirSync(join(root, "fixtures/alerts")).filter((name) => name.endsWith(".json"));
    const before = world.lookups.length;
    let sent = 0;
    const figures: Record<string, number> = {};
    for (const [kind, start] of Object.entries(kinds)) {
      const bodies = files
        .filter((name) => name.startsWith(start))
        .map((name): unknown => JSON.parse(readFileSync(join(root, "fixtures/alerts", name), "utf8")));
      for (const body of bodies) {
        for (const url of addresses()) {
          // The longest would make a body of many links too large to come in at all.
          const text = JSON.stringify(withAddress(body, url.slice(0, 1000)));
          const status = await send(kind.replaceAll("_", "-"), text);
          expect([kind, short(url), status]).toEqual([kind, short(url), 202]);
          const kept = open.inbox.kept.at(-1);
          if (kept === undefined) throw new Error("nothing was kept");
          const parsed = parseDelivery(
            { ...kept, receivedAt: toInstant(Date.now()) },
            sources.map(({ source }) => source),
          );
          expect(parsed.kind).toMatch(/^[a-z_]+$/);
          sent += 1;
        }
      }
      figures[kind] = bodies.length;
    }
    await sleep(100);
    expect(world.lookups.length).toBe(before);
    expect(trapped).toBe(0);
    process.stdout.write(
      `ssrf: ${sent} deliveries, fixtures a kind ${JSON.stringify(figures)}, 0 look-ups, 0 connections\n`,
    );
  }, 60_000);

  it("were watched all the while: this process connected to the door and the stand-in alone", () => {
    expect(lookedUp).toEqual([]);
    const ports = new Set(opened.map(({ remoteAddress, remotePort }) => `${remoteAddress}:${remotePort}`));
    ports.delete(`127.0.0.1:${open.door.port}`);
    // Closed sockets have no far end any more; of those there is the one to the stand-in.
    expect([...ports].filter((one) => one !== "undefined:undefined")).toEqual([]);
    expect(opened.length).toBeLessThanOrEqual(4 + world.dials.length);
    expect(trapped).toBe(0);
  });

  it("would be noticed: the watch sees a connection that is made", async () => {
    const before = opened.length;
    await fetch(`http://127.0.0.1:${trapPort}/`).catch(() => undefined);
    expect([opened.length - before, trapped]).toEqual([1, 1]);
  });
});

function short(url: string): string {
  return url.slice(0, 80);
}

function withPath(url: string, path: string): string {
  return url.endsWith("/") ? url.slice(0, -1) + path : url + path;
}

/** `body` with `url` for every address in it, and as a further text where objects stand. */
function withAddress(body: unknown, url: string): unknown {
  if (typeof body === "string") return /^https?:/.test(body) ? url : body;
  if (Array.isArray(body)) return body.map((one) => withAddress(one, url));
  if (typeof body !== "object" || body === null) return body;
  const members = Object.entries(body).map(([name, value]) => [name, withAddress(value, url)]);
  return Object.fromEntries([...members, ["imageUrl", url], ["runbook_url", url], ["link", url]]);
}
