import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  decodeConnectionToken,
  encodeConnectionToken,
} from "../../../src/sandbox/featbit/connection-token.ts";
import { createFeatBitSandbox } from "../../../src/sandbox/featbit/featbit-sandbox.ts";
import { decodeGuid, encodeGuid } from "../../../src/sandbox/featbit/guid.ts";
import { resourceMatches } from "../../../src/sandbox/featbit/iam.ts";
import { sign } from "../../../src/sandbox/featbit/webhooks.ts";
import type { Flag } from "../../../src/sandbox/featbit/world.ts";
import { typed } from "../../support/typed.ts";

const FLAG = { env: "shop/prod", key: "checkout" };

const data = async <T>(response: Promise<Response>): Promise<T> =>
  typed<{ data: T }>(await (await response).json()).data;

async function createShop() {
  const sandbox = await createFeatBitSandbox({ writeWindowMs: 1, webhookRetryMs: 10 });
  const seeded = sandbox.seed({
    users: [
      { name: "Maya", email: "maya@example.com", bearer: "maya-jwt" },
      { name: "Ben", email: "ben@example.com" },
    ],
    projects: [{ key: "shop", name: "Shop", environments: [{ key: "prod", name: "Prod" }] }],
    tokens: [{ name: "bot", token: "api-bot" }],
    flags: [{ ...FLAG, createdAt: new Date(Date.now() - 30 * 86_400_000) }],
  });
  const env = seeded.environments.get("shop/prod")?.id ?? "";
  const send = (method: string, path: string, body?: unknown) =>
    fetch(`${sandbox.apiUrl}/api/v1/envs/${env}${path}`, {
      method,
      headers: { Authorization: "api-bot", "Content-Type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const read = () => data<Flag>(send("GET", "/feature-flags/checkout"));
  return Object.assign(sandbox, { env, send, data, read });
}

type AuditPage = {
  items: {
    creatorName: string;
    creatorEmail: string;
    comment: string;
    createdAt: string;
    dataChange: { previous: string };
  }[];
};

test("the published vectors hold", () => {
  expect(encodeGuid("226b9bf8-4af3-4ffa-9b01-162270e4cd40")).toBe("-JtrIvNK-k-bARYicOTNQA");
  expect(decodeGuid("-JtrIvNK-k-bARYicOTNQA")).toBe("226b9bf8-4af3-4ffa-9b01-162270e4cd40");
  const secret = "qJQQTVfsZUOu1Q54RLMuIQ-JtrIvNK-k-bARYicOTNQA";
  const token = "QBQBSqJQQTVfsZUBXHQQQQQQQQQQOu1Q54RLMuIQ-JtrIvNK-k-bARYicOTNQA";
  expect(encodeConnectionToken(secret, 1_750_000_000_000, 10)).toBe(token);
  expect(decodeConnectionToken("QBPBHv3faJy3RCUO8d-QQBDDDQBZZQQXHPEJiVdN6waRfGjfNan02Ms9c0LiTD6w")).toEqual({
    secret: "v3faJy3RCUO8d-EJiVdN6waRfGjfNan02Ms9c0LiTD6w",
    timestampMs: 1_666_018_800_754,
  });
  expect(sign("It's a Secret to Everybody", "Hello, World!")).toBe(
    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
  );
});

test.each([
  ["project/shop", "project/shop:env/prod:flag/a;", true],
  ["project/shop:env/*:flag/*;bot", "project/shop:env/prod:flag/a;x,bot", true],
  ["project/shop:env/*:flag/*;bot", "project/shop:env/prod:flag/*", false],
  ["project/shop:env/prod:flag/*", "project/shop:env/prod", false],
  ["project/sh*", "project/other", false],
])("pattern %s on %s: %s", (pattern, resource, matches) => {
  expect(resourceMatches(pattern, resource)).toBe(matches);
});

test("a change can be made by a named person some time ago, and is told so", async () => {
  await using shop = await createShop();
  const at = new Date(Date.now() - 12 * 60_000);
  await shop.as("maya@example.com", { at }).toggle(FLAG, true, "black friday");
  await shop.as("ben@example.com").retarget(FLAG, { targetUsers: [] }, "no change");
  const flag = await shop.read();
  const audits = await shop.data<AuditPage>(shop.send("GET", `/audit-logs?refId=${flag.id}`));
  expect(
    audits.items.map(({ creatorName, creatorEmail, comment }) => [creatorName, creatorEmail, comment]),
  ).toEqual([
    ["Ben", "ben@example.com", "no change"],
    ["Maya", "maya@example.com", "black friday"],
    ["Maya", "maya@example.com", ""],
  ]);
  expect(Date.parse(audits.items[1]?.createdAt ?? "") - at.getTime()).toBeLessThan(10);
  expect(shop.mutations.map(({ operation, actor, audited }) => [operation, actor, audited])).toEqual([
    ["Toggle", "Maya", true],
    ["Targeting", "Ben", true],
  ]);
  const page = await shop.data<{ items: { lastChange: { operator: { email: string } } }[] }>(
    shop.send("GET", "/feature-flags"),
  );
  expect(page.items[0]?.lastChange.operator.email).toBe("ben@example.com");
  await expect(shop.as("maya@example.com").setOffVariation(FLAG, "")).rejects.toThrow(
    /400.*offVariationId_is_required/,
  );
});

test("putting back dataChange.previous restores the flag but for its revision and author", async () => {
  await using shop = await createShop();
  const before = await shop.read();
  const [on] = before.variations;
  const targetUsers = [{ keyIds: ["qa"], variationId: on?.id ?? "" }];
  const { rules, fallthrough, exptIncludeAllTargets } = before;
  const changed = {
    targetUsers,
    rules,
    fallthrough: { ...fallthrough, dispatchKey: "country" },
    exptIncludeAllTargets,
  };
  const put = (revision: string, targeting: object) =>
    shop.send("PUT", "/feature-flags/checkout/targeting", { revision, targeting });
  const revision = await shop.data<string>(put(before.revision, changed));
  const audits = await shop.data<AuditPage>(shop.send("GET", `/audit-logs?refId=${before.id}&pageSize=1`));
  const previous: Flag = JSON.parse(audits.items[0]?.dataChange.previous ?? "");
  expect(previous.revision).toBe(before.revision);
  expect((await put(revision, previous)).status).toBe(200);
  const { revision: _r, updatedAt: _u, updatorId: _b, ...after } = await shop.read();
  expect(before).toMatchObject(after);
});

test("faults: a status, a delay, a dropped and a hanging answer, before and after the effect", async () => {
  await using shop = await createShop();
  const toggle = (on: boolean) => shop.send("PUT", `/feature-flags/checkout/toggle/${on}`);
  shop.inject({ path: /toggle/, times: 2, does: { kind: "status", status: 503, body: "{}" } });
  expect([(await toggle(true)).status, (await toggle(true)).status]).toEqual([503, 503]);
  expect(shop.mutations).toHaveLength(0);

  shop.inject({ method: "PUT", when: "after", does: { kind: "drop" } });
  await expect(toggle(true)).rejects.toThrow();
  expect(shop.mutations).toHaveLength(1);
  shop.inject({ method: "PUT", does: { kind: "drop" } });
  await expect(toggle(false)).rejects.toThrow();
  expect(shop.mutations).toHaveLength(1);

  const takeAway = shop.inject({ path: "toggle", when: "after", does: { kind: "hang" } });
  const patience = { signal: AbortSignal.timeout(100), headers: { Authorization: "api-bot" }, method: "PUT" };
  const url = `${shop.apiUrl}/api/v1/envs/${shop.env}/feature-flags/checkout/toggle/false`;
  await expect(fetch(url, patience)).rejects.toThrow();
  expect(shop.mutations).toHaveLength(2);
  takeAway();

  shop.inject({ path: "toggle", does: { kind: "delay", delayMs: 60 } });
  const started = performance.now();
  expect((await toggle(true)).status).toBe(200);
  expect(performance.now() - started).toBeGreaterThan(55);

  expect(shop.refusedRequests).toBe(0);
  expect((await shop.send("GET", "/feature-flags/nope")).status).toBe(404);
  expect(shop.refusedRequests).toBe(1);
  expect(shop.requests.at(-1)).toMatchObject({
    server: "api",
    method: "GET",
    status: 404,
    actor: "bot",
    spoilt: false,
  });
});

test("an over-long comment saves the flag, audits nothing and tells nobody", async () => {
  await using shop = await createShop();
  const response = await shop.send("PUT", "/feature-flags/checkout/toggle/true", {
    comment: "c".repeat(513),
  });
  expect(response.status).toBe(500);
  expect((await shop.read()).isEnabled).toBe(true);
  expect(shop.world.audits).toHaveLength(1);
  expect(shop.mutations).toMatchObject([{ operation: "Toggle", audited: false }]);
});

test("a description set to null spoils the audit page it is on", async () => {
  await using shop = await createShop();
  expect((await shop.send("PUT", "/feature-flags/checkout/description", { description: null })).status).toBe(
    200,
  );
  await shop.send("PUT", "/feature-flags/checkout/toggle/true");
  const status = async (page: string) => (await shop.send("GET", `/audit-logs?${page}`)).status;
  expect(await status("pageSize=10")).toBe(500);
  expect(await status("pageSize=1&pageIndex=0")).toBe(200);
  expect(await status("pageSize=1&pageIndex=1")).toBe(500);
});

test("webhooks: signed, retried with one delivery id, and silent about what nobody asked for", async () => {
  await using shop = await createShop();
  const received: { headers: Record<string, unknown>; body: string }[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(received.length === 1 ? 503 : 200).end();
    });
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = typed<AddressInfo>(receiver.address());
  shop.seed({ webhooks: [{ env: "shop/prod", url: `http://127.0.0.1:${port}/hook`, secret: "s3cret" }] });
  await shop.send("PUT", "/feature-flags/checkout/toggle/true", { comment: "kept out of the body" });
  await shop.send("PUT", "/feature-flags/checkout/name", { name: "Check <out>" });
  for (let tries = 0; tries < 100 && received.length < 2; tries += 1) await sleep(10);
  await sleep(30);
  receiver.close();

  expect(received).toHaveLength(2);
  const [first, second] = received;
  expect(first?.headers["x-featbit-delivery"]).toBe(second?.headers["x-featbit-delivery"]);
  expect(second?.headers).toMatchObject({
    "content-type": "application/json; charset=utf-8",
    "x-featbit-event": "feature_flag.toggled",
    "x-featbit-signature-256": `sha256=${sign("s3cret", second?.body ?? "")}`,
  });
  expect(JSON.parse(second?.body ?? "")).toMatchObject({
    event: "feature_flag.toggled",
    operator: "bot",
    changes: ["Turn on flag: checkout"],
    environment: { id: shop.env, name: "Prod" },
    data: { kind: "feature flag", object: { key: "checkout", isEnabled: true, isArchived: false } },
  });
  expect(shop.deliveries).toMatchObject([{ attempts: 2, delivered: true }]);
});

test("an anonymous trigger turns a flag off as System", async () => {
  await using shop = await createShop();
  await shop.as("maya@example.com").toggle(FLAG, true);
  const [trigger] = shop.seed({
    triggers: [{ env: "shop/prod", flag: "checkout", action: "turn-off" }],
  }).triggers;
  const run = await fetch(`${shop.apiUrl}/api/v1/triggers/run/${trigger?.token}`, { method: "POST" });
  expect(run.status).toBe(200);
  expect((await shop.read()).isEnabled).toBe(false);
  expect(shop.world.audits.at(-1)).toMatchObject({
    creatorEmail: "System",
    creatorName: null,
    comment: "Turn off by trigger",
  });
});

test("seeding names what it cannot find", async () => {
  await using shop = await createShop();
  expect(() => shop.seed({ flags: [{ env: "shop/nope", key: "x" }] })).toThrow(/no environment "shop\/nope"/);
  expect(() => shop.as("nobody@example.com")).toThrow(/no user or token "nobody@example.com"/);
});
