import { setTimeout as sleep } from "node:timers/promises";
import { DataSyncModeEnum, FbClientBuilder, UserBuilder } from "@featbit/node-server-sdk";
import { expect, test } from "vitest";
import { createFeatBitSandbox } from "../../../src/sandbox/featbit/featbit-sandbox.ts";
import type { FeatBitSandbox } from "../../../src/sandbox/featbit/featbit-sandbox.ts";

// The official SDK, unmodified, is the judge of the streaming and polling side.

async function createShop(): Promise<FeatBitSandbox & { secret: string }> {
  const sandbox = await createFeatBitSandbox();
  const seeded = sandbox.seed({
    users: [{ name: "Maya", email: "maya@example.com" }],
    projects: [{ key: "shop", name: "Shop", environments: [{ key: "prod", name: "Prod" }] }],
    flags: [{ env: "shop/prod", key: "checkout", isEnabled: true }],
  });
  const secret = seeded.environments.get("shop/prod")?.serverSecret ?? "";
  return Object.assign(sandbox, { secret });
}

const FLAG = { env: "shop/prod", key: "checkout" };
const ALICE = new UserBuilder("alice").build();

async function eventually<T>(read: () => Promise<T>, wanted: T): Promise<T> {
  let value = await read();
  for (let tries = 0; tries < 300 && value !== wanted; tries += 1) {
    await sleep(10);
    value = await read();
  }
  return value;
}

const builder = (sandbox: FeatBitSandbox, secret: string) =>
  new FbClientBuilder()
    .sdkKey(secret)
    .streamingUri(sandbox.streamingUrl)
    .pollingUri(sandbox.evaluationUrl)
    .eventsUri(sandbox.evaluationUrl)
    .flushInterval(50)
    .logLevel("none");

test("streaming: toggles reach the SDK, and it comes back after a lost connection", async () => {
  await using sandbox = await createShop();
  const maya = sandbox.as("maya@example.com");
  const client = builder(sandbox, sandbox.secret).build();
  await client.waitForInitialization();
  const read = () => client.boolVariation("checkout", ALICE, false);
  expect(await read()).toBe(true);
  await maya.toggle(FLAG, false);
  expect(await eventually(read, false)).toBe(false);
  // Two changes within one millisecond both arrive: the sandbox keeps them apart.
  await maya.toggle(FLAG, true);
  await maya.toggle(FLAG, false);
  await maya.toggle(FLAG, true);
  expect(await eventually(read, true)).toBe(true);

  sandbox.dropConnections();
  await maya.toggle(FLAG, false);
  expect(await eventually(read, false)).toBe(false);
  expect(sandbox.connectionCount).toBe(1);
  await client.close();
});

test("polling: toggles reach the SDK", async () => {
  await using sandbox = await createShop();
  const client = builder(sandbox, sandbox.secret)
    .dataSyncMode(DataSyncModeEnum.POLLING)
    .pollingInterval(1000)
    .build();
  await client.waitForInitialization();
  const read = () => client.boolVariation("checkout", ALICE, false);
  expect(await read()).toBe(true);
  await sandbox.as("maya@example.com").toggle(FLAG, false);
  expect(await eventually(read, false)).toBe(false);
  await client.close();
});

test("what the SDK reports can be counted", async () => {
  await using sandbox = await createShop();
  const client = builder(sandbox, sandbox.secret).build();
  await client.waitForInitialization();
  await client.boolVariation("checkout", ALICE, false);
  client.track(ALICE, "corrected", 2);
  await client.flush();
  const variations = () =>
    sandbox.insights.flatMap((insight) => insight.variations.map((each) => each.featureFlagKey));
  for (let tries = 0; tries < 100 && variations().length === 0; tries += 1) await sleep(20);
  expect(variations()).toEqual(["checkout"]);
  await client.close();
});

test("a wrong secret never becomes ready", async () => {
  await using sandbox = await createShop();
  const client = builder(sandbox, `${"A".repeat(22)}${sandbox.secret.slice(22)}`)
    .startWaitTime(200)
    .build();
  await expect(client.waitForInitialization()).rejects.toThrow(/failed to start/);
  expect(await client.boolVariation("checkout", ALICE, false)).toBe(false);
  expect(sandbox.connectionCount).toBe(0);
  await client.close();
});
